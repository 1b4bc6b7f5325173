// SPDX-License-Identifier: GPL-3.0-or-later
#include "shard.h"

#include <stdio.h>

bool shard_parse(const struct study_values *values, size_t run_count, struct shard *shard)
{
    unsigned long index, count;
    int end = 0;

    *shard = (struct shard){0, 0};
    if (!values->shard)
        return true;
    if (sscanf(values->shard, "%9lu/%9lu%n", &index, &count, &end) != 2 ||
        values->shard[end] != '\0' || index < 1 || index > count)
        usage_error("'--shard' needs a part such as '2/5', the second of five, got '%s'",
                    values->shard);
    else if (count > run_count)
        usage_error("'--shard': %lu parts are too many for a study of %zu run%s", count, run_count,
                    run_count == 1 ? "" : "s");
    else if (values->plot || values->json)
        usage_error("'--shard' cannot be given with '%s', which needs all runs",
                    values->plot ? "--plot" : "--json");
    else {
        *shard = (struct shard){(uint32_t)index - 1, (uint32_t)count};
        return true;
    }
    return false;
}

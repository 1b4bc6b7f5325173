// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric_law.h"

#include <stdlib.h>
#include <string.h>

enum estimate_law metric_law(enum metric_kind kind, enum unit unit, const char *stat)
{
    switch (kind) {
    case METRIC_COUNT:
        return ESTIMATE_COUNT;
    case METRIC_RATIO:
        return unit == UNIT_SHARE ? ESTIMATE_SHARE : ESTIMATE_RATIO;
    case METRIC_LATENCY:
        return stat && strcmp(stat, "count") == 0 ? ESTIMATE_COUNT : ESTIMATE_POSITIVE;
    case METRIC_VALUE:
        if (unit == UNIT_COUNT)
            return ESTIMATE_COUNT;
        break;
    case METRIC_LEVEL:
        break;
    }
    return unit == UNIT_SHARE ? ESTIMATE_BOUNDED : ESTIMATE_POSITIVE;
}

double metric_quantile(const char *stat)
{
    return stat && stat[0] == 'p' ? strtod(stat + 1, NULL) / 100 : 0;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "discard_sink.h"

static int discard_begin(void *self, const struct study_info *study)
{
    (void)self, (void)study;
    return 0;
}

static int discard_point(void *self, uint32_t number, const struct study_point *point)
{
    (void)self, (void)number, (void)point;
    return 0;
}

static int discard_run(void *self, const struct run_result *result)
{
    (void)self, (void)result;
    return 0;
}

static int discard_judged(void *self, const struct judged *judged)
{
    (void)self, (void)judged;
    return 0;
}

static int discard_end(void *self, bool interrupted)
{
    (void)self, (void)interrupted;
    return 0;
}

struct result_sink discard_sink(void)
{
    return (struct result_sink){.begin = discard_begin,
                                .point = discard_point,
                                .run = discard_run,
                                .judge = discard_judged,
                                .end = discard_end};
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "time_avg.h"

void time_avg_init(struct time_avg *avg, int64_t now_ns, int64_t level)
{
    invariant(level >= 0);
    *avg = (struct time_avg){.level = level, .start_ns = now_ns};
    time_avg_add_moment(avg, (uint128)((int128)level * now_ns));
}

double time_avg_mean(const struct time_avg *avg, int64_t now_ns)
{
    invariant(now_ns >= avg->start_ns);
    uint64_t length_ns = (uint64_t)now_ns - (uint64_t)avg->start_ns;
    if (length_ns == 0)
        return (double)avg->level;
    /* Whole and rest apart, not rounded twice: the mean of a constant level is that level. */
    uint128 area = time_avg_area(avg, now_ns);
    uint64_t whole = (uint64_t)(area / length_ns);
    uint64_t rest = (uint64_t)(area % length_ns);
    return (double)whole + (double)rest / (double)length_ns;
}

void time_avg_flush(struct time_avg *avg, int64_t now_ns)
{
    invariant(now_ns >= avg->start_ns);
    time_avg_init(avg, now_ns, avg->level);
}

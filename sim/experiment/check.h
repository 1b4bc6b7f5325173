// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Compare a scenario with recorded statistics: is any of them worse by more than its margin? Tests
 * and levels are those of noninferiority.h; replications are added until all statistics are decided
 * or one is worse.
 */
#ifndef CHECK_H
#define CHECK_H

#include "noninferiority.h"
#include "watch_list.h"

struct check_plan {
    const struct watch_list *statistics; /* opened; amounts: margins; each with a direction */
    double *const *base;                 /* by statistic: the baseline's values by replication */
    uint32_t base_count;                 /* >= 1 */
    uint32_t replications;               /* at the first look */
    uint32_t replications_max;
    double level;
};
struct checked {
    const struct watched *statistic;
    struct harm harm; /* n 0: neither side has this statistic */
    double margin;
    double p_worse, p_no_worse;
    enum gate gate;
};
/* False if a round ended early. `rows`: one per statistic, filled in any case. */
bool check_run(struct study_runner *runner, const struct check_plan *plan, struct checked *rows);

#endif

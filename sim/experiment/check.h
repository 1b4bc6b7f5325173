// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A scenario against figures that were recorded before: is any of them worse by more than its
 * margin? The tests and their levels are noninferiority.h's; replications are added until all
 * figures are decided or one is worse.
 */
#ifndef CHECK_H
#define CHECK_H

#include "noninferiority.h"
#include "watch_list.h"

struct check_plan {
    const struct watch_list *figures; /* opened; amounts: margins; each with a direction */
    double *const *base;              /* by figure: the baseline's values by replication */
    uint32_t base_count;              /* >= 1 */
    uint32_t replications;            /* at the first look */
    uint32_t replications_max;
    double level;
};
struct checked {
    const struct watched *figure;
    struct harm harm; /* n 0: neither side has such a figure */
    double margin;
    double p_worse, p_no_worse;
    enum gate gate;
};
/* False where a round ended early. `rows`: one a figure, filled in any case. */
bool check_run(struct study_runner *runner, const struct check_plan *plan, struct checked *rows);

#endif

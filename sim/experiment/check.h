// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Compare a scenario with recorded statistics: is any of them worse by more than its margin? Tests
 * and levels are those of noninferiority.h; replications are added until all statistics are decided
 * or one is worse. What is decided at one look stays decided.
 */
#ifndef CHECK_H
#define CHECK_H

#include "noninferiority.h"
#include "outcomes.h"
#include "sampled.h"
#include "watch_list.h"

struct check_plan {
    const struct watch_list *statistics; /* opened; amounts: margins; each with a direction */
    const struct sampled *base;          /* by statistic: of the baseline */
    const uint64_t *base_digests;        /* by replication */
    uint32_t base_count;                 /* >= 1 */
    bool paired;                         /* both have the same random numbers */
    /* Margins that were not given are at least amount_floor() and, without pairs, what the
     * replications can decide. */
    bool default_margins;
    uint32_t replications; /* at the first look */
    uint32_t replications_max;
    double level;
};
struct checked {
    const struct watched *statistic;
    struct harm harm;          /* see checked_is_asked() */
    enum outcome_kind outcome; /* harm.by_outcome: which */
    bool with_numbers; /* and the numbers of the replications that have one are tested, too */
    uint64_t base_values, values; /* replications that have a number */
    bool of_few;                  /* a quantile that lacks samples on some side */
    double margin;
    double p_worse, p_no_worse;
    enum gate gate;
};
/* False: a side has no number, and an outcome does not decide either, so it is not tested. */
bool checked_is_asked(const struct checked *row);
/* Are all runs that the baseline has equal, bit for bit? False if one is missing. */
bool check_is_identical(const struct study_runner *runner, const struct check_plan *plan);
/* False if a round ended early. `rows`: one per statistic, filled in any case. */
bool check_run(struct study_runner *runner, const struct check_plan *plan, struct checked *rows);

#endif

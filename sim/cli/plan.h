// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * `isthmus plan VERB ...`: estimate the runs, time and results size of a verb. Only one replication
 * of the first point and one of the last are run, to time them, each for PLAN_PATIENCE_S at most;
 * nothing is written.
 */
#ifndef PLAN_H
#define PLAN_H

#include "study_command.h"

#define PLAN_PATIENCE_S 20

struct planned {
    const struct point_set *set;
    uint32_t replications;
    bool at_least;                     /* the study adds runs adaptively: this is the first round */
    uint32_t workers;                  /* concurrent runs */
    uint32_t shard_index, shard_count; /* count 0: all */
    enum eventq_kind queue;
    const char *path; /* results file; NULL: none */
    bool json;
};

/* Print it to stdout; returns EXIT_DONE or EXIT_INTERRUPTED. */
int plan_print(const struct invocation *invocation, const struct planned *planned);

#endif

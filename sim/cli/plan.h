// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * `isthmus plan VERB ...`: what the verb would run, how long it would take and how large its
 * results would be. Nothing of it is run but a replication of the first and of the last point, for
 * their time, each for PLAN_PATIENCE_S at most; nothing is written.
 */
#ifndef PLAN_H
#define PLAN_H

#include "study_command.h"

#define PLAN_PATIENCE_S 20

struct planned {
    const struct point_set *set;
    uint32_t replications;
    bool at_least;                     /* the study decides as it goes: these are the first */
    uint32_t workers;                  /* runs side by side */
    uint32_t shard_index, shard_count; /* count 0: all */
    enum eventq_kind queue;
    const char *path; /* where results would go; NULL: nowhere */
    bool json;
};

/* Print it to stdout; returns EXIT_DONE or EXIT_INTERRUPTED. */
int plan_print(const struct invocation *invocation, const struct planned *planned);

#endif

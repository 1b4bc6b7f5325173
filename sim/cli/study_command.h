// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What `run` and `sweep` share: options, points with their parameters, the study itself, its
 * summary.
 *
 * The results file is opened before anything is simulated, so that a path that cannot be written
 * costs nothing.
 */
#ifndef STUDY_COMMAND_H
#define STUDY_COMMAND_H

#include "command.h"
#include "result.h"

struct study_values {
    struct text_list sets;
    uint32_t replications, threads, trace_replication;
    const char *seed, *output, *shard;
    bool no_output, append, digest, json, all, quiet, stats;
    int plot, queue, resume;
    const char *trace, *trace_window, *trace_match;
};

extern const struct option study_options[];

/* The points of a study, with all that they own. */
struct point_set {
    struct scenario **scenarios;
    struct study_point *points;
    size_t count;
};
void point_set_release(struct point_set *set);

/*
 * `--set` as given, then `extra`, then what --replications and --seed mean in a scenario's own
 * words, so that the resolved text holds all of it. Later ones win. Texts made here are owned by
 * `sets`: set_list_release().
 */
struct set_list {
    char **items;
    size_t count, capacity;
};
void set_list_make(struct set_list *sets, const struct study_values *values,
                   const char *const *extra, size_t extra_count);
void set_list_release(struct set_list *sets);

/* What a study that ended so returns. */
struct study_outcome;
int study_outcome_code(const struct study_outcome *outcome);
/* The summary of the newest study of a results file; EXIT_DONE or EXIT_FILES. */
int study_show_summary(const char *path, bool all, bool json, struct diag *diag);

/* Run the study and print its summary; returns an exit_code. What is wrong is told on stderr. */
int study_command(const struct invocation *invocation, const struct point_set *set);

#endif

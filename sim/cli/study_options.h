// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The options shared by all verbs that run a study, and those that set scenario parameters.
 */
#ifndef STUDY_OPTIONS_H
#define STUDY_OPTIONS_H

#include "command.h"
#include "record.h"
#include "set_list.h"

/* First member of the values of each such verb. */
struct study_values {
    struct text_list sets;
    uint32_t replications, threads, trace_replication, history_replication;
    const char *seed, *output, *shard, *speed;
    bool no_output, replace, append, watch, digest, json, all, quiet, stats;
    int plot, queue, resume;
    const char *precision;
    uint32_t replications_max;
    const char *trace, *trace_window, *trace_match, *history;
};

extern const struct option study_options[];
extern const struct old_option study_old_options[];

/* False, with the error printed, if options exclude each other. */
bool study_options_agree(const struct study_values *values);
enum record_mode study_record_mode(const struct study_values *values);
enum eventq_kind study_queue(const struct study_values *values);

/*
 * The sets of `--set`, then `extra`, then those of --replications and --seed, so that the resolved
 * text contains all of them. Later ones win. Release with set_list_release().
 */
void study_sets_make(struct set_list *sets, const struct study_values *values,
                     const char *const *extra, size_t extra_count);
/* Load a scenario with these sets and `extra` (may be NULL). NULL with the error printed and *code
 * set. */
struct scenario *study_load_scenario(const struct invocation *invocation, const char *path,
                                     const struct set_list *extra, int *code);

#endif

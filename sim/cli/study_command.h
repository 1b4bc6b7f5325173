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
#include "experiment.h"
#include "finding.h"
#include "result.h"
#include "strbuf.h"

struct study_values {
    struct text_list sets;
    uint32_t replications, threads, trace_replication;
    const char *seed, *output, *shard;
    bool no_output, append, digest, json, all, quiet, stats;
    int plot, queue, resume;
    const char *precision;
    uint32_t replications_max;
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
/* "a=1, b={c: 2, d: 3}" as two sets; false where a piece is no PATH=VALUE. */
bool set_list_split(struct set_list *sets, const char *text);
/* A scenario with --set and its kin, then `extra` (may be NULL), over it. NULL, with what is wrong
 * told and *code set. */
struct scenario *load_with_sets(const struct invocation *invocation, const char *path,
                                const struct set_list *extra, int *code);

/* What a study that ended so returns. */
struct study_outcome;
int study_outcome_code(const struct study_outcome *outcome, bool with_expectations);
/* The summary of the newest study of a results file; EXIT_DONE or EXIT_FILES. */
int study_show_summary(const char *path, bool all, bool json, struct diag *diag);

/* Run the study and print its summary; returns an exit_code. What is wrong is told on stderr. */
int study_command(const struct invocation *invocation, const struct point_set *set);

/*
 * How a study that decides as it goes is conducted: everything but the opening and the closing of
 * files and runner. The command's values begin with a struct study_values.
 */
struct conduct {
    void *self;
    /* Rounds of runs, and what comes of them kept in `self`. The points of the set are there. */
    void (*run)(void *self, struct study_runner *runner);
    /* Print what was found to stdout, by --json as JSON, unless --quiet; returns EXIT_DONE,
     * EXIT_REGRESSION or EXIT_UNDECIDED. Not called where nothing was run. */
    int (*tell)(void *self);
    /* What was found, for the results file; NULL: nothing. */
    void (*find)(void *self, struct finding_list *list);
    bool with_summary;      /* the summary comes before it (and stands alone by --json) */
    bool with_expectations; /* they decide the exit code, too */
    uint32_t replications;  /* asked for at first; 0: the scenario's */
    const char *settings;   /* as struct study_info; NULL: none */
};
int study_command_conducted(const struct invocation *invocation, const struct point_set *set,
                            const struct conduct *conduct);

/* The scenarios of a set, one point after the other. `params` (owned by the set from now on) may be
 * NULL where count is 0. A scenario that is NULL makes the set bad: false. */
void point_set_add(struct point_set *set, struct scenario *scenario, struct study_param *params,
                   size_t param_count);
/* ", "name": 1.5": a member of a JSON object that is not its first; null where it is not finite. */
void json_add_number(struct strbuf *out, const char *name, double value);
/* "client.timeout=300ms, client.retry.attempts=2", or "base". Appends. */
void point_label_add(struct strbuf *out, const struct study_point *point);

#endif

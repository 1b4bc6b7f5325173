// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The study of a verb, from its points to its exit code: results file, runs, summary, plots.
 *
 * The results file is opened before anything is simulated, so that a path that cannot be written
 * costs nothing.
 */
#ifndef STUDY_COMMAND_H
#define STUDY_COMMAND_H

#include "command.h"
#include "experiment.h"
#include "finding.h"
#include "point_set.h"
#include "result.h"
#include "set_list.h"
#include "strbuf.h"
#include "study_options.h"

/* What a study that ended so returns. */
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

#endif

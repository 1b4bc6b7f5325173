// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Run the study of a verb: results file, runs, summary, plots, exit code.
 *
 * The results file is opened before any run, so a path that cannot be written fails at once.
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

/* Exit code of a study with this outcome. */
int study_outcome_code(const struct study_outcome *outcome, bool with_expectations);
/* Print the summary of the newest study of a results file; EXIT_DONE or EXIT_FILES. */
int study_show_summary(const char *path, bool temporary, bool all, bool json, struct diag *diag);

/* Run the study and print its summary; returns an exit_code. Errors are printed to stderr. */
int study_command(const struct invocation *invocation, const struct point_set *set);

/*
 * A study that adds runs adaptively: everything except opening and closing files and runner. The
 * command's values begin with a struct study_values.
 */
struct conduct {
    void *self;
    /* Run the rounds and keep the result in `self`. The points of the set already exist. */
    void (*run)(void *self, struct study_runner *runner);
    /* Print the result to stdout (JSON with --json, nothing with --quiet); returns EXIT_DONE,
     * EXIT_REGRESSION or EXIT_UNDECIDED. Not called if nothing was run. */
    int (*print)(void *self);
    /* Findings for the results file; NULL: none. */
    void (*find)(void *self, struct finding_list *list);
    bool with_summary;      /* print the summary first (and only it with --json) */
    bool with_expectations; /* failed expectations also decide the exit code */
    uint32_t replications;  /* of the first round; 0: the scenario's */
    const char *settings;   /* as struct study_info; NULL: none */
};
int study_command_conducted(const struct invocation *invocation, const struct point_set *set,
                            const struct conduct *conduct);

#endif

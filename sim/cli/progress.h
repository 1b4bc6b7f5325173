// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Progress of a study: completed runs, events per second, time left.
 *
 * On a terminal, one line that is updated in place and erased at the end. Elsewhere, one line per
 * tenth of the runs once the study has taken PROGRESS_PATIENCE_S, so short studies print nothing.
 * Runs recorded before a resume count as completed but not towards the rate.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "experiment.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_PATIENCE_S 10

struct progress {
    FILE *out; /* NULL: no output */
    bool terminal;
    const atomic_bool *hidden; /* while true, no output; NULL: never */
    int64_t (*now_ns)(void);   /* wall clock */
    int64_t started_ns;
    size_t printed_tenths;
};

/* Print to stderr, or nothing if `quiet`. */
void progress_init(struct progress *progress, bool quiet);
/* `progress` is a struct progress; the signature is that of struct study_plan. */
void progress_show(void *progress, const struct study_progress *now);
void progress_erase(struct progress *progress);
/* Wall-clock seconds since progress_init(). */
double progress_elapsed_s(const struct progress *progress);

#endif

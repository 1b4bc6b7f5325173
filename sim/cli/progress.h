// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How far a study is: runs done of all, events per second, time left.
 *
 * On a terminal one moving line, erased at the end. Elsewhere a line each tenth of the runs, once
 * the study has taken PROGRESS_PATIENCE_S: who waits in a log wants to know, and a study of some
 * seconds says nothing. What was done in an earlier part of a resumed study counts as done, and not
 * for the rate.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "experiment.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_PATIENCE_S 10

struct progress {
    FILE *out; /* NULL: nothing is shown */
    bool terminal;
    int64_t (*now_ns)(void); /* of the host */
    int64_t started_ns;
    size_t told_tenths;
};

/* On stderr; `quiet` shows nothing. */
void progress_init(struct progress *progress, bool quiet);
/* `progress` is a struct progress: the face is that of struct study_plan. */
void progress_show(void *progress, const struct study_progress *now);
void progress_erase(struct progress *progress);
/* Seconds of the host since progress_init(). */
double progress_elapsed_s(const struct progress *progress);

#endif

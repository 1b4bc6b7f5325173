// SPDX-License-Identifier: GPL-3.0-or-later
/* One moving line on stderr while a study runs: runs done, rate, time left. Only on a terminal;
 * erased at the end. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "experiment.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;
    int64_t started_ns; /* of the host */
};

void progress_init(struct progress *progress, bool quiet);
/* `progress` is a struct progress: the face is that of struct study_plan. */
void progress_show(void *progress, const struct study_progress *now);
void progress_erase(struct progress *progress);
/* Seconds of the host since progress_init(). */
double progress_elapsed_s(const struct progress *progress);

#endif

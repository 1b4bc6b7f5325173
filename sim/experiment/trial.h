// SPDX-License-Identifier: GPL-3.0-or-later
/* One run from its scenario to its statistics, made here or elsewhere. */
#ifndef TRIAL_H
#define TRIAL_H

#include "result.h"
#include "run_bytes.h"
#include "world.h"

struct trial_job {
    const struct scenario *scenario;
    struct world_options options;
};

struct trial {
    struct run_result result; /* but for its point; statistics and log live as long as the trial */
    struct world *world;      /* made here, or NULL */
    struct run_copy *copy;    /* made elsewhere, or NULL */
    char *error;              /* could not be made: why; then nothing else is there */
};

/* NULL where it was interrupted: half a run is no sample. */
struct trial *trial_run(const struct trial_job *job);
/* Of a run that came as bytes; takes the copy over. */
struct trial *trial_of_copy(struct run_copy *copy);
/* Takes the text over. */
struct trial *trial_of_error(char *error);
void trial_free(struct trial *trial); /* NULL is allowed */

#endif

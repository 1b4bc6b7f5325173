// SPDX-License-Identifier: GPL-3.0-or-later
/* One run, from scenario to statistics, executed here or by another process. */
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
    struct run_result result; /* without its point; statistics and log live as long as the trial */
    struct world *world;      /* executed here, or NULL */
    struct run_copy *copy;    /* executed elsewhere, or NULL */
    char *error;              /* the reason of a failure; then the rest is unset */
};

/* Execute a run. NULL if it was interrupted. */
struct trial *trial_run(const struct trial_job *job);
/* A trial from a deserialised run; takes ownership of the copy. */
struct trial *trial_of_copy(struct run_copy *copy);
/* A failed trial; takes ownership of the text. */
struct trial *trial_of_error(char *error);
void trial_free(struct trial *trial); /* NULL is allowed */

#endif

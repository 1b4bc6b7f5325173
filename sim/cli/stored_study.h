// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A study as its results file tells it, ready to be run again: points with their parameters, each
 * with the scenario that its stored text loads to. No other file is needed.
 */
#ifndef STORED_STUDY_H
#define STORED_STUDY_H

#include "query.h"
#include "study_command.h"

struct stored_study {
    struct study_row row; /* its texts are the results' */
    struct point_set set;
};

/*
 * The newest study (id 0), or the one named. 0, or an exit_code and told: EXIT_FILES, or
 * EXIT_SCENARIO where a stored text is no scenario of this program any more. `results` must stay
 * open. Release in any case.
 */
int stored_study_load(struct stored_study *study, struct results *results, int64_t id,
                      const struct registry *registry, struct diag *diag);
void stored_study_release(struct stored_study *study);

#endif

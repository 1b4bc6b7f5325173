// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A recorded study, ready to be run again: points with their parameters and the scenarios loaded
 * from the stored texts. No other file is needed.
 */
#ifndef STORED_STUDY_H
#define STORED_STUDY_H

#include "query.h"
#include "study_command.h"

struct stored_study {
    struct study_row row; /* its texts belong to the results */
    struct point_set set;
};

/*
 * Load the newest study (id 0) or the given one. Returns 0, or an exit_code with the error printed:
 * EXIT_FILES, or EXIT_SCENARIO if this version does not accept a stored scenario. `results` must
 * stay open. Release in any case.
 */
int stored_study_load(struct stored_study *study, struct results *results, int64_t id,
                      const struct registry *registry, struct diag *diag);
void stored_study_release(struct stored_study *study);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a study's results go: a file that was named, results/<scenario>.db, or a temporary one. */
#ifndef RESULTS_PATH_H
#define RESULTS_PATH_H

#include "diag.h"

#include <stdint.h>

struct results_path {
    char *file;
    char *temporary_folder; /* NULL: the file stays */
};

/* results/<stem of the scenario's file name>.db */
void results_path_default(struct results_path *path, const char *scenario);
/* "results/x.shard-2-of-5.db": beside the others. */
void results_path_shard(struct results_path *path, const char *scenario, uint32_t number,
                        uint32_t count);
void results_path_given(struct results_path *path, const char *file);
/* In a new folder of its own below $TMPDIR, or /tmp. 0, or -1 with an error. */
int results_path_temporary(struct results_path *path, struct diag *diag);
/* Deletes what is temporary. */
void results_path_release(struct results_path *path);

#endif

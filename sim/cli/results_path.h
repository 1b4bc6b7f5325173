// SPDX-License-Identifier: GPL-3.0-or-later
/* Path of a study's results file: as given, results/<scenario>.db, or temporary. */
#ifndef RESULTS_PATH_H
#define RESULTS_PATH_H

#include "diag.h"

#include <stdint.h>

struct results_path {
    char *file;
    char *temporary_folder; /* NULL: the file is kept */
};

/* results/<stem of the scenario's file name>.db */
void results_path_default(struct results_path *path, const char *scenario);
/* "results/x.shard-2-of-5.db": next to the other shards. */
void results_path_shard(struct results_path *path, const char *scenario, uint32_t number,
                        uint32_t count);
void results_path_given(struct results_path *path, const char *file);
/* Beside a results file: its name with another suffix instead of ".db". The caller frees it. */
char *results_path_beside(const char *results, const char *suffix);
/* In a new folder below $TMPDIR, or /tmp. 0, or -1 with an error. */
int results_path_temporary(struct results_path *path, struct diag *diag);
/* Delete the temporary folder, if any. */
void results_path_release(struct results_path *path);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The shards of a study become one results file: `--shard 1/3` ... `3/3` make its runs in three
 * files, on machines that know nothing of each other.
 */
#ifndef MERGE_H
#define MERGE_H

#include "diag.h"

#include <stddef.h>

/*
 * Write `output` (in the place of what is there) from the newest study of each input, which must be
 * all shards of one study, each once and complete, and made by one version of the program. What is
 * wrong with any of them is told, all of it, before `output` is touched. Its study then lacks its
 * verdicts and is not complete: it is gone on with by RECORD_RESUME, which finds all its runs.
 * Numbers are copied as they are. Returns 0, or -1 and told.
 */
int record_merge(const char *output, const char *const *inputs, size_t input_count,
                 struct diag *diag);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Merge the shards of a study into one results file: `--shard 1/3` ... `3/3` write its runs to
 * three files, on independent machines.
 */
#ifndef MERGE_H
#define MERGE_H

#include "diag.h"

#include <stddef.h>

/*
 * Write `output`, replacing it, from the newest study of each input. The inputs must be all shards
 * of one study, each once, complete, and written by one version of the program. `output` is
 * replaced in one transaction at the end: after an error it is unchanged. The merged study has no
 * verdicts and is not complete: resume it with RECORD_RESUME, which finds all its runs. Numbers are
 * copied unchanged. Returns 0, or -1 with the errors reported.
 */
int record_merge(const char *output, const char *const *inputs, size_t input_count,
                 struct diag *diag);

#endif

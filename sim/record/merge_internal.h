// SPDX-License-Identifier: GPL-3.0-or-later
/* Copying for merge.c, in merge_copy.c. Private to this folder. */
#ifndef MERGE_INTERNAL_H
#define MERGE_INTERNAL_H

#include "record_internal.h"

/*
 * Copy study `study` of the file `path`, in one transaction; the first one replaces everything in
 * `record`. Run k of the whole study gets row number k + 1, as if written by one process; cells are
 * matched by their names. Returns 0, or -1 with the error reported.
 */
int merge_copy(struct record *record, const char *path, int64_t study, bool first);
/* Build the roll-ups of all runs. Returns 0, or -1 with the error reported, also if a run is
 * missing. */
int merge_finish(struct record *record);

#endif

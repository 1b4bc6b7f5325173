// SPDX-License-Identifier: GPL-3.0-or-later
/* What merge.c, which decides, asks of merge_copy.c. Private to this folder. */
#ifndef MERGE_INTERNAL_H
#define MERGE_INTERNAL_H

#include "record_internal.h"

/*
 * Copy study `study` of the file `path`, in one transaction; the first takes the place of all that
 * `record` holds. Run k of the whole study gets row number k + 1, as if one process had written
 * all; what a number is (cell) is found by its words. Returns 0, or -1 and told.
 */
int merge_copy(struct record *record, const char *path, int64_t study, bool first);
/* All runs are there: their roll-ups. Returns 0, or -1 and told, where one is missing as well. */
int merge_finish(struct record *record);

#endif

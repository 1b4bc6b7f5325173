// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One SQLite file: writing. A run is one transaction, so a study that was killed keeps every
 * finished run.
 *
 * The file: WAL while it is written (checkpointed and back to a single file at the end), foreign
 * keys, strict tables, application_id 0x49535448 ("ISTH"), user_version = RECORD_VERSION. Times are
 * integer ns. No NaN or infinity is ever written. See results/README.md.
 */
#ifndef RECORD_H
#define RECORD_H

#include "diag.h"
#include "result.h"

#define RECORD_APPLICATION_ID 0x49535448
#define RECORD_VERSION 3

struct record;

/*
 * What a study does to the studies that are in its file already.
 *
 * RESUME goes on with the newest one, or begins one where there is none. It must be of the same
 * verb, seed, level, settings and shard, with the same points (which may have fewer replications),
 * and all its runs of this program's version; what differs is told, and nothing is changed. The
 * sink then recalls the runs that the file holds. RESUME_MIXED goes on whatever the version; each
 * run has its own (run.version), and each going on its row (resumption).
 */
enum record_mode { RECORD_REPLACE, RECORD_APPEND, RECORD_RESUME, RECORD_RESUME_MIXED };
/*
 * Open `path` for a study: made if absent (in its folder, which is made too); REPLACE empties a
 * file of ours and of this version once the study begins. A file that is not ours, of another
 * version, damaged, not writable, or on a full disk gives NULL and one clear error; nothing is
 * half-written (a new file that could not be completed is removed).
 */
struct record *record_open(const char *path, enum record_mode mode, struct diag *diag);
/* The sink of this file; its errors go to the diag of record_open(). */
struct result_sink record_sink(struct record *record);
int64_t record_study_id(const struct record *record); /* after begin */
/* 0, or -1 with an error in the diag. */
int record_close(struct record *record);

#endif

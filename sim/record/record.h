// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Write a results file, an SQLite database. A run is one transaction, so a killed study keeps every
 * completed run.
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
#define RECORD_VERSION 4

struct record;

/*
 * Treatment of the studies that are already in the file.
 *
 * RESUME continues the newest one, or begins one if there is none. It must have the same verb,
 * seed, level, settings and shard, the same points (possibly with fewer replications), and only
 * runs of this program's version; otherwise the difference is reported and nothing is changed. The
 * sink then recalls the recorded runs. RESUME_MIXED accepts any version; each run records its own
 * (run.version), and each resumption has a row (resumption).
 */
enum record_mode { RECORD_REPLACE, RECORD_APPEND, RECORD_RESUME, RECORD_RESUME_MIXED };
/*
 * Open `path` for a study; creates the file and its folder if missing. REPLACE empties a results
 * database of this version when the study begins. Returns NULL with one error if the file is
 * another program's, of another version, damaged, not writable or on a full disk; nothing is left
 * half written (an incomplete new file is removed).
 */
struct record *record_open(const char *path, enum record_mode mode, struct diag *diag);
/* The sink of this file; its errors go to the diag of record_open(). */
struct result_sink record_sink(struct record *record);
int64_t record_study_id(const struct record *record); /* after begin */
/* 0, or -1 with an error in the diag. */
int record_close(struct record *record);

#endif

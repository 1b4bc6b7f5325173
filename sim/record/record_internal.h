// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Shared by the files that write: record.c (the sink), record_study.c (studies and points),
 * record_run.c (runs), resume.c (resuming a study), recall.c (recorded runs) and finding.c. Private
 * to this folder.
 *
 * Functions that return int return 0, or -1 with the error reported.
 */
#ifndef RECORD_INTERNAL_H
#define RECORD_INTERNAL_H

#include "cells.h"
#include "db.h"
#include "record.h"
#include "rollup.h"
#include "select.h"
#include "strbuf.h"

enum statement {
    PUT_STUDY,
    PUT_TEXT,
    PUT_POINT,
    PUT_PARAM,
    PUT_FAULT,
    PUT_ASSUMPTION,
    PUT_RUN,
    GET_DATA_VERSION,
    FIND_CELL,
    PUT_CELL,
    PUT_METRIC,
    PUT_HISTOGRAM,
    PUT_SERIES,
    PUT_EVENT,
    PUT_INCIDENT,
    PUT_STUDENT,
    PUT_EXPECTATION,
    END_STUDY,
    FIND_STUDY,
    FIND_OTHER_VERSION,
    FIND_POINT,
    FIND_STALE_POINT,
    SET_POINT_SCENARIO,
    REOPEN_STUDY,
    FORGET_VERDICTS,
    FORGET_TEXTS,
    PUT_RESUMPTION,
    FIND_RUN,
    GET_STATISTICS,
    GET_RUN_HISTOGRAMS,
    STATEMENTS
};

/* A cell of the file, for recalled statistics. */
struct known_cell {
    int64_t id;
    const struct metric *metric; /* NULL: no model has it */
    char *stat, *region, *label, *window;
};

/* A run's statistics, read back. */
struct recalled {
    struct known_cell *cells; /* by rising id */
    size_t cell_count, cell_capacity;
    struct statistic *statistics;
    size_t statistic_count, statistic_capacity;
    struct statistic_histogram *histograms; /* each with a histogram of its own */
    size_t histogram_count, histogram_capacity;
    char **reasons; /* each once */
    size_t reason_count, reason_capacity;
    struct statistics set;
};

/* A statistic of the run being written: its cell, and its index among its kind. */
struct placed {
    int64_t cell;
    size_t index;
};

/* A point of this study. */
struct record_point {
    int64_t id;
    const struct scenario *scenario;
};

struct record {
    struct db db;
    sqlite3_stmt *statements[STATEMENTS];
    enum record_mode mode;
    bool replace; /* until the first study has replaced the others */
    bool emptied;
    bool failed;
    int64_t study; /* 0 until begun */
    double level;
    struct record_point *points;
    size_t point_count, point_capacity;
    struct cells known_cells;
    struct rollup *rollup;
    int64_t data_version; /* of the file, as SQLite counts what others change in it */
    struct placed *placed;
    size_t placed_count, placed_capacity;
    struct strbuf text; /* of bins */
    struct recalled recalled;
    uint64_t student_n_max; /* quantiles are stored for 2 .. this */
};

/* --- record.c -------------------------------------------------------------------------------- */

void put_int(sqlite3_stmt *statement, int index, int64_t value);
void put_real(sqlite3_stmt *statement, int index, double value);
/* Bind NULL if the value is absent or not finite. */
void put_real_if(sqlite3_stmt *statement, int index, bool present, double value);
/* The text must stay valid until the statement has run; NULL is written as "". */
void put_text(sqlite3_stmt *statement, int index, const char *text);
int record_step(struct record *record, sqlite3_stmt *statement);
int record_begin_write(struct record *record);
/* Commit if status is 0, otherwise roll back. Returns status, or -1. */
int record_finish_write(struct record *record, int status);
/* Delete all rows of all tables; inside a transaction, with foreign keys off. */
int record_empty(struct record *record);
/* Clear everything cached about the file's rows. */
void record_forget(struct record *record);
/* Replace the file's contents by those of another one, in one transaction. */
int record_take_over(struct record *record, struct record *other);
/* Close and delete the file. */
void record_discard(struct record *record);

/* --- record_study.c -------------------------------------------------------------------------- */

/* Write a study with its points and assumptions; inside a transaction. Sets record->study. */
int record_write_study(struct record *record, const struct study_info *study);
/* Write scenario, parameters and faults of a new point; inside a transaction. */
int record_write_point(struct record *record, const struct study_point *point, uint32_t number);
/* Register the row of a point of the study. */
void record_add_point(struct record *record, const struct scenario *scenario, int64_t id);
int record_write_scenario(struct record *record, const struct scenario *scenario, char hash[20]);

/* --- record_run.c ---------------------------------------------------------------------------- */

/* Write a run with its statistics, and the roll-ups of its point; inside a transaction. */
int record_write_run(struct record *record, const struct run_result *result);
/* Write Student's quantiles for up to `n` values. */
int record_write_student(struct record *record, uint64_t n_max);

/* --- resume.c -------------------------------------------------------------------------------- */

/*
 * Find the newest study and compare it with the one to run; inside a transaction. Sets
 * record->study, or leaves it 0 if the file contains none.
 */
int resume_begin(struct record *record, const struct study_info *study);
/* Find or write a later point, by its number; inside a transaction. */
int resume_point(struct record *record, const struct study_point *point, uint32_t number);

/* --- recall.c -------------------------------------------------------------------------------- */

/* struct result_sink.recall */
int record_recall(void *self, uint32_t point, uint32_t replication, struct run_result *result);
void recalled_release(struct recalled *recalled);

#endif

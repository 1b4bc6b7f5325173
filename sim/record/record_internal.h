// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the files that write share: record.c (the sink), record_study.c (a study, its points),
 * record_run.c (a run), resume.c (a study that goes on), recall.c (a run that is there already) and
 * finding.c. Private to this folder.
 *
 * Functions that return int give 0, or -1 with the reason told.
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
    STATEMENTS
};

/* A cell of the file, as recalled statistics need it. */
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
    char **reasons; /* each once */
    size_t reason_count, reason_capacity;
    struct statistics set;
};

/* A statistic of the run being written: its cell, and its place among its kind. */
struct placed {
    int64_t cell;
    size_t index;
};

/* A point that this study told of. */
struct record_point {
    int64_t id;
    const struct scenario *scenario;
};

struct record {
    struct db db;
    sqlite3_stmt *statements[STATEMENTS];
    enum record_mode mode;
    bool replace; /* until the first study has taken the place of the others */
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
    uint64_t student_n_max; /* quantiles are there for 2 .. this */
};

/* --- record.c -------------------------------------------------------------------------------- */

void put_int(sqlite3_stmt *statement, int index, int64_t value);
void put_real(sqlite3_stmt *statement, int index, double value);
/* NULL where there is none, or it is not finite. */
void put_real_if(sqlite3_stmt *statement, int index, bool there, double value);
/* The text must stay until the statement has run; NULL is written as "". */
void put_text(sqlite3_stmt *statement, int index, const char *text);
int record_step(struct record *record, sqlite3_stmt *statement);
int record_begin_write(struct record *record);
/* Commit where all went well, else take everything back. Returns status, or -1. */
int record_finish_write(struct record *record, int status);
/* All rows of all tables; inside a transaction, foreign keys off. */
int record_empty(struct record *record);
/* Forget what is known of the file's rows. */
void record_forget(struct record *record);

/* --- record_study.c -------------------------------------------------------------------------- */

/* A study with its points and assumptions; inside a transaction. Sets record->study. */
int record_write_study(struct record *record, const struct study_info *study);
/* Scenario, parameters, faults of a new point; inside a transaction. */
int record_write_point(struct record *record, const struct study_point *point, uint32_t number);
/* A point of the study has this row. */
void record_add_point(struct record *record, const struct scenario *scenario, int64_t id);
int record_write_scenario(struct record *record, const struct scenario *scenario, char hash[20]);

/* --- record_run.c ---------------------------------------------------------------------------- */

/* A run with its statistics, and the roll-ups of its point; inside a transaction. */
int record_write_run(struct record *record, const struct run_result *result);
/* Student's quantiles of up to so many values. */
int record_write_student(struct record *record, uint64_t n_max);

/* --- resume.c -------------------------------------------------------------------------------- */

/*
 * Find the newest study and hold it against what is to be run; inside a transaction. Sets
 * record->study, or leaves it 0 where the file holds none.
 */
int resume_begin(struct record *record, const struct study_info *study);
/* A point that came later: the one of this number, or a new one; inside a transaction. */
int resume_point(struct record *record, const struct study_point *point, uint32_t number);

/* --- recall.c -------------------------------------------------------------------------------- */

/* struct result_sink.recall */
int record_recall(void *self, uint32_t point, uint32_t replication, struct run_result *result);
void recalled_release(struct recalled *recalled);

#endif

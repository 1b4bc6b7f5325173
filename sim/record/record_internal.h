// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What record.c, which writes, and resume.c, which goes on, share; private to this folder.
 *
 * Functions that return int give 0, or -1 with the reason told.
 */
#ifndef RECORD_INTERNAL_H
#define RECORD_INTERNAL_H

#include "cells.h"
#include "db.h"
#include "record.h"
#include "rows.h"

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
    PUT_METRICS,
    PUT_HISTOGRAMS,
    PUT_BINS,
    PUT_SERIES,
    PUT_EVENT,
    PUT_INCIDENT,
    PUT_STUDENT,
    PUT_EXPECTATION,
    END_STUDY,
    FIND_STUDY,
    FIND_OTHER_VERSION,
    FIND_POINT,
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
    const struct metric *metric; /* NULL: no model has it, or not asked for yet */
    char *stat, *region, *label, *window;
};

/* A run's statistics, read back. */
struct recalled {
    struct known_cell *cells; /* by id */
    size_t cell_count, cell_capacity;
    struct statistic *statistics;
    size_t statistic_count, statistic_capacity;
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
    int64_t data_version; /* of the file, as SQLite counts what others change in it */
    struct placed *placed;
    size_t placed_count, placed_capacity;
    struct rows rows;
    struct recalled recalled;
    uint32_t student_df_max; /* quantiles are there for 1 .. this */
};

void put_int(sqlite3_stmt *statement, int index, int64_t value);
/* The text must stay until the statement has run; NULL is written as "". */
void put_text(sqlite3_stmt *statement, int index, const char *text);
int record_step(struct record *record, sqlite3_stmt *statement);
int record_begin_write(struct record *record);
/* Commit where all went well, else take everything back. Returns status, or -1. */
int record_finish_write(struct record *record, int status);
/* All rows of all tables; inside a transaction, foreign keys off. */
int record_empty(struct record *record);
/* Scenario, parameters, faults of a new point; inside a transaction. */
int record_write_point(struct record *record, const struct study_point *point, uint32_t number);
void record_hash_text(const struct scenario *scenario, char hash[20]);

/* --- resume.c ------------------------------------------------------------------------------- */

/*
 * Find the newest study and hold it against what is to be run; inside a transaction. Sets
 * record->study, or leaves it 0 where the file holds none.
 */
int resume_begin(struct record *record, const struct study_info *study);
/* A point that came later: the one of this number, or a new one; inside a transaction. */
int resume_point(struct record *record, const struct study_point *point, uint32_t number);
/* struct result_sink.recall */
int resume_recall(void *self, uint32_t point, uint32_t replication, struct run_result *result);
void resume_release(struct recalled *recalled);

#endif

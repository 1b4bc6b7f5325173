// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared by the files query_*.c. Private to this folder. */
#ifndef QUERY_INTERNAL_H
#define QUERY_INTERNAL_H

#include "query.h"
#include "select.h"

struct results {
    struct db db;
    /* All studies queried: their texts stay valid until the file is closed. */
    struct study_row *studies;
    size_t study_count, study_capacity;
};

/* The study's id; 0: the newest. The first parameter of every statement. */
#define THE_STUDY " iif(?1 = 0, (SELECT max(id) FROM study), ?1) "

/* Begin a query of a study; errors go to the call's diag, not to that of results_open(). */
void select_study(struct select *rows, struct results *results, const char *sql, int64_t study,
                  struct diag *diag);

/* "cell.name, cell.stat, ..." and the names read from them, from this column on. */
#define CELL_COLUMNS                                                                               \
    " cell.name, cell.stat, cell.region, cell.label, cell.window, cell.unit, cell.label_name "
enum {
    CELL_NAME,
    CELL_STAT,
    CELL_REGION,
    CELL_LABEL,
    CELL_WINDOW,
    CELL_UNIT,
    CELL_LABEL_NAME,
    CELL_COLUMN_COUNT
};

int query_study_level(struct results *results, int64_t study, double *level, struct diag *diag);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files query_*.c share. Private to this folder. */
#ifndef QUERY_INTERNAL_H
#define QUERY_INTERNAL_H

#include "query.h"
#include "select.h"

struct results {
    struct db db;
    /* All that were asked for: their texts stay until the file is closed. */
    struct study_row *studies;
    size_t study_count, study_capacity;
};

/* The study's id: 0 is the newest. Every statement names it in this way, as its first parameter. */
#define THE_STUDY " iif(?1 = 0, (SELECT max(id) FROM study), ?1) "

/* A walk over rows of a study; errors go to the diag of the call, not to that of the opening. */
void select_study(struct select *rows, struct results *results, const char *sql, int64_t study,
                  struct diag *diag);

/* "cell.name, cell.stat, ..." and the names read from them, from this column on. */
#define CELL_COLUMNS " cell.name, cell.stat, cell.region, cell.label, cell.window, cell.unit "
enum { CELL_NAME, CELL_STAT, CELL_REGION, CELL_LABEL, CELL_WINDOW, CELL_UNIT, CELL_COLUMN_COUNT };

int query_study_level(struct results *results, int64_t study, double *level, struct diag *diag);

#endif

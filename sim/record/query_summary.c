// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Statistics of a point: from its roll-ups where all runs count, with the estimates and intervals
 * that were made as the runs came; and from the runs where only some do.
 */
#include "query_internal.h"

#include "mem.h"
#include "metric_law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int results_each_value(struct results *results, int64_t study, int64_t point,
                       const struct statistic_name *name,
                       void (*row)(void *self, const struct value_row *row), void *self,
                       struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT replication, value, censored_ns, denominator, numerator FROM point JOIN "
                 "run ON run.point = point.id"
                 " JOIN metric ON metric.run = run.id JOIN cell ON cell.id = metric.cell"
                 " WHERE study =" THE_STUDY "AND number = ?2 AND reason IS NULL AND name = ?3"
                 " AND stat = ?4 AND region = ?5 AND label = ?6 AND window = ?7"
                 " ORDER BY replication",
                 study, diag);
    select_bind_int(&rows, point);
    select_bind_text(&rows, name->metric);
    select_bind_text(&rows, name->stat);
    select_bind_text(&rows, name->region);
    select_bind_text(&rows, name->label);
    select_bind_text(&rows, name->window);
    while (select_next(&rows)) {
        bool is_ratio = select_has(&rows, 3);
        struct value_row value = {
            .replication = select_count(&rows, 0),
            .value = select_has(&rows, 2) ? (double)INFINITY : select_real(&rows, 1),
            .over = is_ratio ? (uint64_t)select_instant(&rows, 4) : 0,
            .under = is_ratio ? (uint64_t)select_instant(&rows, 3) : 0,
        };

        if (select_good(&rows))
            row(self, &value);
    }
    return select_close(&rows);
}

/* --- all runs ------------------------------------------------------------------------------- */

/* What the statements of a summary begin with. */
#define GROUP_COLUMNS "SELECT point.number, n, low, high," CELL_COLUMNS
enum {
    GROUP_POINT,
    GROUP_N,
    GROUP_LOW,
    GROUP_HIGH,
    GROUP_CELL,
    GROUP_REST = GROUP_CELL + CELL_COLUMN_COUNT
};

static struct summary_row read_group(struct select *rows)
{
    return (struct summary_row){
        .point = select_count(rows, GROUP_POINT),
        .metric = select_text(rows, GROUP_CELL + CELL_NAME),
        .stat = select_text(rows, GROUP_CELL + CELL_STAT),
        .region = select_text(rows, GROUP_CELL + CELL_REGION),
        .label_name = select_text(rows, GROUP_CELL + CELL_LABEL_NAME),
        .label = select_text(rows, GROUP_CELL + CELL_LABEL),
        .window = select_text(rows, GROUP_CELL + CELL_WINDOW),
        .unit = select_text(rows, GROUP_CELL + CELL_UNIT),
    };
}

static struct interval read_interval(struct select *rows, int mean, double level)
{
    struct interval interval = {.n = (uint64_t)select_int(rows, GROUP_N, 1, UINT32_MAX),
                                .level = level,
                                .mean = select_real(rows, mean),
                                .low = (double)NAN,
                                .high = (double)NAN};

    interval.valid = interval.n >= 2;
    if (interval.valid != select_has(rows, GROUP_LOW))
        select_damaged(rows, GROUP_LOW);
    if (interval.valid) {
        interval.low = select_real(rows, GROUP_LOW);
        interval.high = select_real(rows, GROUP_HIGH);
        if (interval.low > interval.high)
            select_damaged(rows, GROUP_LOW);
    }
    return interval;
}

static enum interval_form read_form(struct select *rows, int column)
{
    const char *name = select_text(rows, column);

    for (int form = INTERVAL_PLAIN; form <= INTERVAL_CONSTANT; form++)
        if (strcmp(name, interval_form_name((enum interval_form)form)) == 0)
            return (enum interval_form)form;
    select_damaged(rows, column);
    return INTERVAL_PLAIN;
}

int results_each_summary(struct results *results, int64_t study, const char *metric,
                         void (*row)(void *self, const struct summary_row *row), void *self,
                         struct diag *diag)
{
    struct select rows;
    double level;

    if (query_study_level(results, study, &level, diag) != 0)
        return -1;
    select_study(&rows, results,
                 GROUP_COLUMNS ", estimate, form, denominator, censored, none"
                               " FROM point JOIN point_metric ON point_metric.point = point.id"
                               " JOIN cell ON cell.id = point_metric.cell"
                               " WHERE study =" THE_STUDY
                               "AND n > 0 AND (?2 IS NULL OR cell.name = ?2)"
                               " ORDER BY point.number, cell.id",
                 study, diag);
    select_bind_text(&rows, metric);
    while (select_next(&rows)) {
        struct summary_row summary = read_group(&rows);
        summary.interval = read_interval(&rows, GROUP_REST, level);
        summary.interval.form = read_form(&rows, GROUP_REST + 1);
        summary.interval.trials = (uint64_t)select_instant_or(&rows, GROUP_REST + 2, 0);
        summary.censored = (uint64_t)select_instant(&rows, GROUP_REST + 3);
        summary.none = (uint64_t)select_instant(&rows, GROUP_REST + 4);
        if (select_good(&rows))
            row(self, &summary);
    }
    return select_close(&rows);
}

/* --- some of the runs ------------------------------------------------------------------------ */

#define IS_STUCK                                                                                   \
    "EXISTS (SELECT 1 FROM incident WHERE incident.run = run.id AND incident.restored_ns IS NULL)"

int results_each_outcome(struct results *results, int64_t study,
                         void (*row)(void *self, const struct outcome_row *row), void *self,
                         struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT point.number, count(*) AS runs, sum(" IS_STUCK ") AS stuck"
                 " FROM point JOIN run ON run.point = point.id"
                 " WHERE point.study =" THE_STUDY "GROUP BY point.number ORDER BY point.number",
                 study, diag);
    while (select_next(&rows)) {
        struct outcome_row outcome = {.point = select_count(&rows, 0),
                                      .count = select_count(&rows, 1),
                                      .stuck = select_count(&rows, 2)};
        if (select_good(&rows))
            row(self, &outcome);
    }
    return select_close(&rows);
}

/* One cell of a point over the selected runs. */
struct gathered {
    int64_t point, cell;
    struct estimate_sums sums;
};
struct gathered_list {
    struct gathered *items;
    size_t count, capacity;
};

#define VALUES_OF(condition)                                                                       \
    "SELECT point.number, metric.cell, metric.value, numerator, denominator FROM point JOIN run "  \
    "ON run.point = point.id"                                                                      \
    " JOIN metric ON metric.run = run.id WHERE point.study =" THE_STUDY                            \
    "AND value IS NOT NULL AND " condition " ORDER BY point.number, metric.cell, run.replication"

static int gather(struct results *results, int64_t study, bool stuck, struct gathered_list *list,
                  struct diag *diag)
{
    struct select rows;

    select_study(&rows, results, stuck ? VALUES_OF(IS_STUCK) : VALUES_OF("NOT " IS_STUCK), study,
                 diag);
    while (select_next(&rows)) {
        int64_t point = select_count(&rows, 0), cell = select_instant(&rows, 1);
        struct gathered *last = list->count > 0 ? &list->items[list->count - 1] : NULL;
        if (!last || last->point != point || last->cell != cell) {
            MEM_GROW(list->items, list->capacity, list->count + 1);
            last = &list->items[list->count++];
            *last = (struct gathered){.point = point, .cell = cell};
        }
        bool is_ratio = select_has(&rows, 4);
        estimate_add(&last->sums, select_real(&rows, 2),
                     is_ratio ? (uint64_t)select_instant(&rows, 3) : 0,
                     is_ratio ? (uint64_t)select_instant(&rows, 4) : 0);
    }
    return select_close(&rows);
}

int results_each_summary_of(struct results *results, int64_t study, bool stuck,
                            void (*row)(void *self, const struct summary_row *row), void *self,
                            struct diag *diag)
{
    struct gathered_list list = {NULL, 0, 0};
    struct estimate_quantiles quantiles = {0};
    double level;
    int status = query_study_level(results, study, &level, diag);

    status = status == 0 ? gather(results, study, stuck, &list, diag) : -1;
    sqlite3_stmt *words = status == 0 ? db_prepare(&results->db, "SELECT" CELL_COLUMNS
                                                                 ", kind FROM cell WHERE id = ?")
                                      : NULL;
    status = words ? 0 : -1;
    for (size_t i = 0; i < list.count && status == 0; i++) {
        struct select rows;
        select_begin(&rows, &results->db, words);
        select_bind_int(&rows, list.items[i].cell);
        if (select_next(&rows)) {
            struct summary_row summary = {.point = list.items[i].point,
                                          .metric = select_text(&rows, CELL_NAME),
                                          .stat = select_text(&rows, CELL_STAT),
                                          .region = select_text(&rows, CELL_REGION),
                                          .label_name = select_text(&rows, CELL_LABEL_NAME),
                                          .label = select_text(&rows, CELL_LABEL),
                                          .window = select_text(&rows, CELL_WINDOW),
                                          .unit = select_text(&rows, CELL_UNIT)};
            enum estimate_law law = metric_law(select_kind(&rows, CELL_COLUMN_COUNT),
                                               select_unit(&rows, CELL_UNIT), summary.stat);
            summary.interval = estimate_interval(&list.items[i].sums, law, level, &quantiles);
            if (select_good(&rows))
                row(self, &summary);
        }
        status = select_close(&rows);
    }
    sqlite3_finalize(words);
    free(list.items);
    return status;
}

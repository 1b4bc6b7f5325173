// SPDX-License-Identifier: GPL-3.0-or-later
/* Opening the file; queries for studies, points, parameters, runs, faults and assumptions. */
#include "query_internal.h"

#include "hash.h"
#include "mem.h"

#include <inttypes.h>
#include <stdlib.h>

static void release_study(const struct study_row *row)
{
    const char *const texts[] = {row->verb,          row->argv,     row->version,
                                 row->scenario_name, row->question, row->started,
                                 row->scenario_path, row->settings, row->shard};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free((char *)(uintptr_t)texts[i]);
}

struct results *results_open(const char *path, struct diag *diag)
{
    struct results *results = mem_zalloc(1, sizeof *results);
    int64_t study_count;

    if (db_open(&results->db, path, DB_READ, diag) != 0) {
        free(results);
        return NULL;
    }
    /* Read a table now: damage shows at the first access. */
    if (db_integer(&results->db, "SELECT count(*) FROM study", &study_count) != 0) {
        results_close(results);
        return NULL;
    }
    return results;
}

void results_close(struct results *results)
{
    if (!results)
        return;
    for (size_t i = 0; i < results->study_count; i++)
        release_study(&results->studies[i]);
    free(results->studies);
    db_release(&results->db, false);
    free(results);
}

void select_study(struct select *rows, struct results *results, const char *sql, int64_t study,
                  struct diag *diag)
{
    results->db.diag = diag;
    select_open(rows, &results->db, sql);
    select_bind_int(rows, study);
}

int query_study_level(struct results *results, int64_t study, double *level, struct diag *diag)
{
    struct select rows;

    *level = 0.5;
    select_study(&rows, results, "SELECT level FROM study WHERE id =" THE_STUDY, study, diag);
    if (select_next(&rows))
        *level = select_level(&rows, 0);
    return select_close(&rows);
}

/* --- studies -------------------------------------------------------------------------------- */

static const char study_sql[] =
    "SELECT study.id, verb, argv, study.version, scenario_name, question, started, study.seed,"
    " level, (SELECT count(*) FROM point WHERE point.study = study.id) AS points,"
    " replication_count,"
    " (SELECT coalesce(sum(runs), 0) FROM point WHERE point.study = study.id) AS runs,"
    " coalesce((SELECT duration_ns FROM point WHERE point.study = study.id AND number = 0), 0)"
    "  AS duration_ns,"
    " coalesce(run.warmup_ns, 0) AS warmup_ns, coalesce(run.bin_ns, 0) AS bin_ns, complete,"
    " scenario_path, settings, shard"
    " FROM study LEFT JOIN run ON run.id ="
    "  (SELECT run.id FROM point JOIN run ON run.point = point.id WHERE point.study = study.id"
    "   ORDER BY point.number, run.replication LIMIT 1)"
    " WHERE study.id =" THE_STUDY;

/* Point numbers are indices: they must be consecutive from 0. */
static int check_points(struct results *results, const struct study_row *row, struct diag *diag)
{
    struct select rows;

    select_study(&rows, results, "SELECT number FROM point WHERE study = ?1 ORDER BY number",
                 row->id, diag);
    for (uint32_t i = 0; select_next(&rows); i++)
        select_int(&rows, 0, i, i);
    return select_close(&rows);
}

static void read_study(struct select *rows, struct study_row *row)
{
    *row = (struct study_row){
        .id = select_int(rows, 0, INT64_MIN, INT64_MAX),
        .verb = select_text(rows, 1),
        .argv = select_text(rows, 2),
        .version = select_text(rows, 3),
        .scenario_name = select_text(rows, 4),
        .question = select_text(rows, 5),
        .started = select_text(rows, 6),
        .seed = select_decimal(rows, 7),
        .level = select_level(rows, 8),
        .point_count = select_count(rows, 9),
        .replication_count = select_count(rows, 10),
        .run_count = select_count(rows, 11),
        .duration_ns = select_instant(rows, 12),
        .warmup_ns = select_instant(rows, 13),
        .bin_ns = select_instant(rows, 14),
        .complete = select_int(rows, 15, 0, 1) != 0,
        .scenario_path = select_text(rows, 16),
        .settings = select_text(rows, 17),
        .shard = select_text(rows, 18),
    };
}

/* The results take ownership of its texts. */
static void keep_study(struct results *results, struct study_row *row)
{
    const char **const texts[] = {&row->verb,          &row->argv,     &row->version,
                                  &row->scenario_name, &row->question, &row->started,
                                  &row->scenario_path, &row->settings, &row->shard};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = mem_strdup(*texts[i]);
    MEM_GROW(results->studies, results->study_capacity, results->study_count + 1);
    results->studies[results->study_count++] = *row;
}

int results_study(struct results *results, int64_t id, struct study_row *row, struct diag *diag)
{
    struct select rows;

    select_study(&rows, results, study_sql, id, diag);
    bool found = select_next(&rows);
    if (found) {
        read_study(&rows, row);
        if (select_good(&rows))
            keep_study(results, row);
    }
    if (select_close(&rows) != 0)
        return -1;
    if (found)
        return check_points(results, row, diag);
    if (id == 0)
        diag_error(diag, "results database '%s' contains no study", results->db.path);
    else
        diag_error(diag, "results database '%s' contains no study %" PRId64, results->db.path, id);
    return -1;
}

int results_find_study(struct results *results, const char *verb, const char *scenario_name,
                       int64_t *id, struct diag *diag)
{
    struct select rows;

    *id = 0;
    results->db.diag = diag;
    select_open(&rows, &results->db,
                "SELECT coalesce(max(id), 0) FROM study WHERE verb = ? AND scenario_name = ?");
    select_bind_text(&rows, verb);
    select_bind_text(&rows, scenario_name);
    if (select_next(&rows))
        *id = select_instant(&rows, 0);
    return select_close(&rows);
}

/* --- points and runs ------------------------------------------------------------------------- */

int results_each_param(struct results *results, int64_t study,
                       void (*row)(void *self, int64_t point, const char *path, const char *value),
                       void *self, struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT number, path, value FROM point_param JOIN point ON point.id = point"
                 " WHERE study =" THE_STUDY "ORDER BY number, path",
                 study, diag);
    while (select_next(&rows)) {
        int64_t point = select_count(&rows, 0);
        const char *path = select_text(&rows, 1), *value = select_text(&rows, 2);
        if (select_good(&rows))
            row(self, point, path, value);
    }
    return select_close(&rows);
}

int results_each_point(struct results *results, int64_t study,
                       void (*row)(void *self, const struct point_row *row), void *self,
                       struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT number, hash, text FROM point LEFT JOIN scenario_text ON"
                 " hash = scenario_hash WHERE study =" THE_STUDY "ORDER BY number",
                 study, diag);
    while (select_next(&rows)) {
        struct point_row point = {select_count(&rows, 0), select_text(&rows, 1),
                                  select_text(&rows, 2)};
        if (select_hexadecimal(&rows, 1) != hash_text(HASH_START, point.text))
            select_damaged(&rows, 1);
        if (select_good(&rows))
            row(self, &point);
    }
    return select_close(&rows);
}

int results_each_run(struct results *results, int64_t study,
                     void (*row)(void *self, const struct run_row *row), void *self,
                     struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT number, replication, seed, digest, events, wall_ns, warmup_ns, version"
                 " FROM run JOIN point ON point.id = run.point"
                 " WHERE study =" THE_STUDY "ORDER BY number, replication",
                 study, diag);
    while (select_next(&rows)) {
        struct run_row run = {.point = select_count(&rows, 0),
                              .replication = select_count(&rows, 1),
                              .seed = select_decimal(&rows, 2),
                              .digest = select_hexadecimal(&rows, 3),
                              .event_count = (uint64_t)select_instant(&rows, 4),
                              .wall_ns = select_instant(&rows, 5),
                              .warmup_ns = select_instant(&rows, 6),
                              .version = select_text(&rows, 7)};
        if (select_good(&rows))
            row(self, &run);
    }
    return select_close(&rows);
}

int results_each_region(struct results *results, int64_t study,
                        void (*row)(void *self, const char *region), void *self, struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT region FROM point_metric JOIN cell ON cell.id = cell WHERE point ="
                 " (SELECT id FROM point WHERE number = 0 AND study =" THE_STUDY
                 ") AND region <> 'all' GROUP BY region ORDER BY min(cell.id)",
                 study, diag);
    while (select_next(&rows)) {
        const char *region = select_text(&rows, 0);
        if (select_good(&rows))
            row(self, region);
    }
    return select_close(&rows);
}

/* --- what the scenario says ------------------------------------------------------------------ */

int results_each_fault(struct results *results, int64_t study,
                       void (*row)(void *self, const struct fault_row *row), void *self,
                       struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT from_ns, to_ns FROM fault JOIN point ON point.id = fault.point"
                 " WHERE point.number = 0 AND study =" THE_STUDY "ORDER BY from_ns, fault.number",
                 study, diag);
    while (select_next(&rows)) {
        struct fault_row fault = {select_instant(&rows, 0), select_instant(&rows, 1)};
        if (select_good(&rows))
            row(self, &fault);
    }
    return select_close(&rows);
}

int results_each_assumption(struct results *results, int64_t study,
                            void (*row)(void *self, const char *path, const char *value,
                                        const char *meaning),
                            void *self, struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT path, value, meaning FROM assumption WHERE study =" THE_STUDY
                 "ORDER BY path",
                 study, diag);
    while (select_next(&rows)) {
        const char *path = select_text(&rows, 0), *value = select_text(&rows, 1);
        const char *meaning = select_text(&rows, 2);
        if (select_good(&rows))
            row(self, path, value, meaning);
    }
    return select_close(&rows);
}

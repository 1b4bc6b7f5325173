// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reading. Statistics come from SQLite one value a run, in groups; the groups become intervals
 * here, by the one function that makes intervals, and not in SQL (whose views are for people; a
 * test holds the two against each other).
 */
#include "query.h"

#include "db.h"
#include "histogram.h"
#include "mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct results {
    struct db db;
    struct study_row
        *studies; /* all that were asked for: their texts stay until the file is closed */
    size_t study_count, study_capacity;
};

static void release_study(const struct study_row *row)
{
    free((void *)row->verb);
    free((void *)row->argv);
    free((void *)row->version);
    free((void *)row->scenario_name);
    free((void *)row->question);
    free((void *)row->started);
    free((void *)row->scenario_path);
    free((void *)row->settings);
    free((void *)row->shard);
}

struct results *results_open(const char *path, struct diag *diag)
{
    struct results *results = mem_zalloc(1, sizeof(*results));
    if (db_open(&results->db, path, DB_READ, diag) != 0) {
        free(results);
        return NULL;
    }
    /* Damage shows at the first table that is touched, and is better told now. */
    int64_t study_count;
    if (db_integer(&results->db, "SELECT count(*) FROM study", &study_count) != 0) {
        results_close(results);
        return NULL;
    }
    return results;
}

void results_close(struct results *results)
{
    if (results == NULL) {
        return;
    }
    for (size_t i = 0; i < results->study_count; i++) {
        release_study(&results->studies[i]);
    }
    free(results->studies);
    db_release(&results->db, false);
    free(results);
}

/* --- statements ------------------------------------------------------------------------------ */

/* Errors go to the diag of the call, not to that of the opening. */
static sqlite3_stmt *prepare(struct results *results, const char *sql, struct diag *diag)
{
    results->db.diag = diag;
    return db_prepare(&results->db, sql);
}

/* True for a row. False at the end, with *status -1 and the reason told where that was a failure.
 */
static bool next_row(struct results *results, sqlite3_stmt *statement, int *status)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        return true;
    }
    *status = code == SQLITE_DONE ? 0 : db_fail(&results->db, "read");
    return false;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}

static int64_t int_or(sqlite3_stmt *statement, int column, int64_t absent)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? absent
               : sqlite3_column_int64(statement, column);
}

/* The study's id: 0 is the newest. Every statement names it in this way, as its first parameter. */
#define THE_STUDY " iif(?1 = 0, (SELECT max(id) FROM study), ?1) "

static sqlite3_stmt *prepare_for_study(struct results *results, const char *sql, int64_t study,
                                       struct diag *diag)
{
    sqlite3_stmt *statement = prepare(results, sql, diag);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, study);
    }
    return statement;
}

/* --- studies --------------------------------------------------------------------------------- */

static const char study_sql[] =
    "SELECT study.id, verb, argv, study.version, scenario_name, question, started, study.seed, "
    "level,"
    " (SELECT count(*) FROM point WHERE point.study = study.id), replication_count,"
    " (SELECT count(*) FROM point JOIN run ON run.point = point.id"
    "   WHERE point.study = study.id AND run.status = 'done'),"
    " (SELECT duration_ns FROM point WHERE point.study = study.id AND number = 0),"
    " coalesce(run.warmup_ns, 0), coalesce(run.bin_ns, 0), complete, scenario_path, settings, shard"
    " FROM study LEFT JOIN run ON run.id ="
    "  (SELECT run.id FROM point JOIN run ON run.point = point.id WHERE point.study = study.id"
    "   ORDER BY point.number, run.replication LIMIT 1)"
    " WHERE study.id =" THE_STUDY;

static void read_study(sqlite3_stmt *statement, struct study_row *row)
{
    *row = (struct study_row){
        .id = sqlite3_column_int64(statement, 0),
        .verb = mem_strdup(text_of(statement, 1)),
        .argv = mem_strdup(text_of(statement, 2)),
        .version = mem_strdup(text_of(statement, 3)),
        .scenario_name = mem_strdup(text_of(statement, 4)),
        .question = mem_strdup(text_of(statement, 5)),
        .started = mem_strdup(text_of(statement, 6)),
        .seed = strtoull(text_of(statement, 7), NULL, 10),
        .level = sqlite3_column_double(statement, 8),
        .point_count = (uint32_t)sqlite3_column_int64(statement, 9),
        .replication_count = (uint32_t)sqlite3_column_int64(statement, 10),
        .run_count = (uint32_t)sqlite3_column_int64(statement, 11),
        .duration_ns = sqlite3_column_int64(statement, 12),
        .warmup_ns = sqlite3_column_int64(statement, 13),
        .bin_ns = sqlite3_column_int64(statement, 14),
        .complete = sqlite3_column_int64(statement, 15) != 0,
        .scenario_path = mem_strdup(text_of(statement, 16)),
        .settings = mem_strdup(text_of(statement, 17)),
        .shard = mem_strdup(text_of(statement, 18)),
    };
}

int results_study(struct results *results, int64_t id, struct study_row *row, struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(results, study_sql, id, diag);
    if (statement == NULL) {
        return -1;
    }
    int status = 0;
    if (next_row(results, statement, &status)) {
        void *studies = results->studies;
        mem_grow(&studies, &results->study_capacity, results->study_count + 1, sizeof(*row));
        results->studies = studies;
        read_study(statement, row);
        results->studies[results->study_count++] = *row;
    } else if (status == 0) {
        if (id == 0) {
            diag_error(diag, "results database '%s' holds no study", results->db.path);
        } else {
            diag_error(diag, "results database '%s' holds no study %" PRId64, results->db.path, id);
        }
        status = -1;
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_param(struct results *results, int64_t study,
                       void (*row)(void *self, int64_t point, const char *path, const char *value),
                       void *self, struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT number, path, value FROM point_param JOIN point ON point.id = point_param.point"
        " WHERE point.study =" THE_STUDY "ORDER BY number, path",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        row(self, sqlite3_column_int64(statement, 0), text_of(statement, 1), text_of(statement, 2));
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_point(struct results *results, int64_t study,
                       void (*row)(void *self, const struct point_row *row), void *self,
                       struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT number, hash, text FROM point JOIN scenario_text ON hash = scenario_hash"
        " WHERE point.study =" THE_STUDY "ORDER BY number",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        struct point_row point = {sqlite3_column_int64(statement, 0), text_of(statement, 1),
                                  text_of(statement, 2)};
        row(self, &point);
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_run(struct results *results, int64_t study,
                     void (*row)(void *self, const struct run_row *row), void *self,
                     struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT number, replication, seed, digest, events, wall_ns, warmup_ns, version"
        " FROM run JOIN point ON point.id = run.point"
        " WHERE status = 'done' AND point.study =" THE_STUDY "ORDER BY number, replication",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        struct run_row run = {.point = sqlite3_column_int64(statement, 0),
                              .replication = sqlite3_column_int64(statement, 1),
                              .seed = strtoull(text_of(statement, 2), NULL, 10),
                              .digest = strtoull(text_of(statement, 3), NULL, 16),
                              .event_count = (uint64_t)sqlite3_column_int64(statement, 4),
                              .wall_ns = sqlite3_column_int64(statement, 5),
                              .warmup_ns = sqlite3_column_int64(statement, 6),
                              .version = text_of(statement, 7)};
        row(self, &run);
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_value(struct results *results, int64_t study, int64_t point,
                       const struct statistic_name *name,
                       void (*row)(void *self, uint32_t replication, double value), void *self,
                       struct diag *diag)
{
    const char *texts[] = {name->metric, name->stat, name->region, name->label, name->window};
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT replication, value FROM point JOIN run ON run.point = point.id"
        " JOIN metric ON metric.run = run.id JOIN cell ON cell.id = metric.cell"
        " WHERE point.study =" THE_STUDY "AND number = ?2 AND status = 'done' AND name = ?3"
        " AND stat = ?4 AND region = ?5 AND label = ?6 AND window = ?7 ORDER BY replication",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 2, point);
        for (int i = 0; i < 5; i++) {
            sqlite3_bind_text(statement, 3 + i, texts[i], -1, SQLITE_STATIC);
        }
    }
    while (statement != NULL && next_row(results, statement, &status)) {
        row(self, (uint32_t)sqlite3_column_int64(statement, 0),
            sqlite3_column_double(statement, 1));
    }
    sqlite3_finalize(statement);
    return status;
}

static int study_level(struct results *results, int64_t study, double *level, struct diag *diag)
{
    sqlite3_stmt *statement =
        prepare_for_study(results, "SELECT level FROM study WHERE id =" THE_STUDY, study, diag);
    int status = statement != NULL ? 0 : -1;
    if (statement != NULL && next_row(results, statement, &status)) {
        *level = sqlite3_column_double(statement, 0);
    }
    sqlite3_finalize(statement);
    return status;
}

/* --- groups of values ------------------------------------------------------------------------ */

/* Columns that every grouped statement begins with: the group's key, then what describes it, then
 * the values. */
enum {
    GROUP_POINT,
    GROUP_CELL,
    GROUP_T,
    GROUP_NAME,
    GROUP_STAT,
    GROUP_REGION,
    GROUP_LABEL,
    GROUP_WINDOW,
    GROUP_UNIT,
    GROUP_VALUE,
    GROUP_BASE
};
#define GROUP_TEXTS " cell.name, cell.stat, cell.region, cell.label, cell.window, cell.unit, "

/* The group being gathered. Texts are copies, since SQLite's go with the row; remade only when the
 * cell changes. */
struct group {
    bool open;
    int64_t point, cell, t_ns;
    char *texts[GROUP_UNIT - GROUP_NAME + 1];
    struct tally tally, base;
};

static const char *group_text(const struct group *group, int column)
{
    return group->texts[column - GROUP_NAME];
}

static void group_release(struct group *group)
{
    for (int i = GROUP_NAME; i <= GROUP_UNIT; i++) {
        free(group->texts[i - GROUP_NAME]);
    }
}

static void group_start(struct group *group, sqlite3_stmt *statement)
{
    int64_t cell = sqlite3_column_int64(statement, GROUP_CELL);
    if (!group->open || group->cell != cell) {
        group_release(group);
        for (int i = GROUP_NAME; i <= GROUP_UNIT; i++) {
            group->texts[i - GROUP_NAME] = mem_strdup(text_of(statement, i));
        }
    }
    group->open = true;
    group->point = sqlite3_column_int64(statement, GROUP_POINT);
    group->cell = cell;
    group->t_ns = sqlite3_column_int64(statement, GROUP_T);
    group->tally = group->base = (struct tally){0};
}

static bool group_has(const struct group *group, sqlite3_stmt *statement)
{
    return group->open && group->point == sqlite3_column_int64(statement, GROUP_POINT) &&
           group->cell == sqlite3_column_int64(statement, GROUP_CELL) &&
           group->t_ns == sqlite3_column_int64(statement, GROUP_T);
}

/* Walk a statement whose rows come group by group, and give `done` each group once it is whole. */
static int each_group(struct results *results, const char *sql, int64_t study, const char *metric,
                      void (*done)(void *self, const struct group *group, double level), void *self,
                      struct diag *diag)
{
    double level = 0;
    if (study_level(results, study, &level, diag) != 0) {
        return -1;
    }
    sqlite3_stmt *statement = prepare_for_study(results, sql, study, diag);
    if (statement == NULL) {
        return -1;
    }
    if (metric != NULL) {
        sqlite3_bind_text(statement, 2, metric, -1, SQLITE_STATIC);
    }
    bool paired = sqlite3_column_count(statement) > GROUP_BASE;
    struct group group = {0};
    int status = 0;
    while (next_row(results, statement, &status)) {
        if (!group_has(&group, statement)) {
            if (group.open) {
                done(self, &group, level);
            }
            group_start(&group, statement);
        }
        double value = sqlite3_column_double(statement, GROUP_VALUE);
        double base = paired ? sqlite3_column_double(statement, GROUP_BASE) : 0;
        tally_add(&group.tally, value - base);
        tally_add(&group.base, base);
    }
    if (status == 0 && group.open) {
        done(self, &group, level);
    }
    group_release(&group);
    sqlite3_finalize(statement);
    return status;
}

/* A callback with its context, whatever its kind of row. */
struct summary_teller {
    void (*row)(void *self, const struct summary_row *row);
    void *self;
};

static void tell_summary(void *self, const struct group *group, double level)
{
    struct summary_teller *teller = self;
    struct summary_row row = {
        .point = group->point,
        .metric = group_text(group, GROUP_NAME),
        .stat = group_text(group, GROUP_STAT),
        .region = group_text(group, GROUP_REGION),
        .label = group_text(group, GROUP_LABEL),
        .window = group_text(group, GROUP_WINDOW),
        .unit = group_text(group, GROUP_UNIT),
        .interval = interval_student(&group->tally, level),
    };
    teller->row(teller->self, &row);
}

int results_each_summary(struct results *results, int64_t study, const char *metric,
                         void (*row)(void *self, const struct summary_row *row), void *self,
                         struct diag *diag)
{
    struct summary_teller teller = {row, self};
    return each_group(results,
                      "SELECT point.number, cell.id, 0," GROUP_TEXTS "metric.value"
                      " FROM point JOIN run ON run.point = point.id AND run.status = 'done'"
                      " JOIN metric ON metric.run = run.id JOIN cell ON cell.id = metric.cell"
                      " WHERE point.study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2)"
                      " ORDER BY point.number, cell.id, run.replication",
                      study, metric, tell_summary, &teller, diag);
}

#define IS_STUCK                                                                                   \
    "EXISTS (SELECT 1 FROM incident WHERE incident.run = run.id AND incident.restored_ns IS NULL)"
#define SUMMARY_OF(condition)                                                                      \
    "SELECT point.number, cell.id, 0," GROUP_TEXTS "metric.value"                                  \
    " FROM point JOIN run ON run.point = point.id AND run.status = 'done'"                         \
    " JOIN metric ON metric.run = run.id JOIN cell ON cell.id = metric.cell"                       \
    " WHERE point.study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2) AND " condition           \
    " ORDER BY point.number, cell.id, run.replication"

int results_each_summary_of(struct results *results, int64_t study, bool stuck,
                            void (*row)(void *self, const struct summary_row *row), void *self,
                            struct diag *diag)
{
    struct summary_teller teller = {row, self};
    return each_group(results, stuck ? SUMMARY_OF(IS_STUCK) : SUMMARY_OF("NOT " IS_STUCK), study,
                      NULL, tell_summary, &teller, diag);
}

int results_each_outcome(struct results *results, int64_t study,
                         void (*row)(void *self, const struct outcome_row *row), void *self,
                         struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT point.number, count(*), sum(" IS_STUCK ")"
        " FROM point JOIN run ON run.point = point.id AND run.status = 'done'"
        " WHERE point.study =" THE_STUDY "GROUP BY point.number ORDER BY point.number",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        struct outcome_row outcome = {.point = sqlite3_column_int64(statement, 0),
                                      .count = (uint64_t)sqlite3_column_int64(statement, 1),
                                      .stuck = (uint64_t)sqlite3_column_int64(statement, 2)};
        row(self, &outcome);
    }
    sqlite3_finalize(statement);
    return status;
}

struct difference_teller {
    void (*row)(void *self, const struct difference_row *row);
    void *self;
};

static void tell_difference(void *self, const struct group *group, double level)
{
    struct difference_teller *teller = self;
    struct difference_row row = {
        .point = group->point,
        .metric = group_text(group, GROUP_NAME),
        .stat = group_text(group, GROUP_STAT),
        .region = group_text(group, GROUP_REGION),
        .label = group_text(group, GROUP_LABEL),
        .window = group_text(group, GROUP_WINDOW),
        .unit = group_text(group, GROUP_UNIT),
        .base_mean = group->base.mean,
        .mean = group->base.mean + group->tally.mean,
        .interval = interval_student(&group->tally, level),
    };
    teller->row(teller->self, &row);
}

int results_each_difference(struct results *results, int64_t study, const char *metric,
                            void (*row)(void *self, const struct difference_row *row), void *self,
                            struct diag *diag)
{
    struct difference_teller teller = {row, self};
    return each_group(
        results,
        "SELECT point.number, cell.id, 0," GROUP_TEXTS "metric.value, base.value"
        " FROM point JOIN run ON run.point = point.id AND run.status = 'done'"
        " JOIN point AS base_point ON base_point.study = point.study AND base_point.number = 0"
        " JOIN run AS base_run ON base_run.point = base_point.id AND base_run.status = 'done'"
        "  AND base_run.replication = run.replication"
        " JOIN metric ON metric.run = run.id"
        " JOIN metric AS base ON base.run = base_run.id AND base.cell = metric.cell"
        " JOIN cell ON cell.id = metric.cell"
        " WHERE point.number > 0 AND point.study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2)"
        " ORDER BY point.number, cell.id, run.replication",
        study, metric, tell_difference, &teller, diag);
}

struct timeline_teller {
    void (*row)(void *self, const struct timeline_row *row);
    void *self;
};

static void tell_timeline(void *self, const struct group *group, double level)
{
    struct timeline_teller *teller = self;
    struct timeline_row row = {
        .point = group->point,
        .metric = group_text(group, GROUP_NAME),
        .region = group_text(group, GROUP_REGION),
        .label = group_text(group, GROUP_LABEL),
        .unit = group_text(group, GROUP_UNIT),
        .t_ns = group->t_ns,
        .interval = interval_student(&group->tally, level),
    };
    teller->row(teller->self, &row);
}

int results_each_timeline(struct results *results, int64_t study, const char *metric,
                          void (*row)(void *self, const struct timeline_row *row), void *self,
                          struct diag *diag)
{
    struct timeline_teller teller = {row, self};
    return each_group(
        results,
        "SELECT point.number, cell.id, series.t_ns," GROUP_TEXTS "series.value"
        " FROM cell JOIN point JOIN run ON run.point = point.id AND run.status = 'done'"
        " JOIN series ON series.run = run.id AND series.cell = cell.id"
        " WHERE point.study =" THE_STUDY "AND (?2 IS NULL OR cell.name = ?2)"
        " ORDER BY point.number, cell.id, series.t_ns, run.replication",
        study, metric, tell_timeline, &teller, diag);
}

/* --- histograms ------------------------------------------------------------------------------ */

#define HISTOGRAM_WHERE                                                                            \
    " JOIN cell ON cell.id = histogram.cell JOIN run ON run.id = histogram.run"                    \
    " JOIN point ON point.id = run.point"                                                          \
    " WHERE run.status = 'done' AND point.study =" THE_STUDY "AND point.number = ?2"               \
    " AND cell.name = ?3 AND cell.region = ?4 AND cell.label = ?5 AND cell.window = ?6"

static sqlite3_stmt *prepare_histogram(struct results *results, const char *sql, int64_t study,
                                       int64_t point, const char *const texts[4], struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(results, sql, study, diag);
    if (statement == NULL) {
        return NULL;
    }
    sqlite3_bind_int64(statement, 2, point);
    for (int i = 0; i < 4; i++) {
        sqlite3_bind_text(statement, 3 + i, texts[i] != NULL ? texts[i] : "", -1, SQLITE_STATIC);
    }
    return statement;
}

static int histogram_is_damaged(const struct results *results, const char *metric,
                                struct diag *diag)
{
    diag_error(diag,
               "results database '%s' is damaged: a histogram of '%s' holds negative values, or its"
               " least exceeds its largest",
               results->db.path, metric);
    return -1;
}

int results_histogram(struct results *results, int64_t study, int64_t point, const char *metric,
                      const char *region, const char *label, const char *window,
                      struct histogram *merged, struct diag *diag)
{
    const char *const texts[4] = {metric, region, label, window};
    histogram_clear(merged);
    sqlite3_stmt *statement = prepare_histogram(
        results,
        "SELECT bin.low, sum(bin.count) FROM histogram JOIN histogram_bin AS bin"
        " ON bin.run = histogram.run AND bin.cell = histogram.cell" HISTOGRAM_WHERE
        " GROUP BY bin.low ORDER BY bin.low",
        study, point, texts, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        int64_t low = sqlite3_column_int64(statement, 0);
        int64_t count = sqlite3_column_int64(statement, 1);
        if (low < 0 || count < 0) {
            status = histogram_is_damaged(results, metric, diag);
            break;
        }
        histogram_add_many(merged, low, (uint64_t)count);
    }
    sqlite3_finalize(statement);
    if (status != 0 || merged->count == 0) {
        return status;
    }
    /* The bins know their borders only; extremes and sum were kept beside them. */
    statement = prepare_histogram(results,
                                  "SELECT min(histogram.min), max(histogram.max),"
                                  " sum(histogram.mean * histogram.count)"
                                  " FROM histogram" HISTOGRAM_WHERE,
                                  study, point, texts, diag);
    status = statement != NULL ? 0 : -1;
    if (statement != NULL && next_row(results, statement, &status)) {
        const double word = 18446744073709551616.0; /* 2^64 */
        double sum = sqlite3_column_double(statement, 2);
        if (!histogram_restore_extremes(merged, sqlite3_column_int64(statement, 0),
                                        sqlite3_column_int64(statement, 1))) {
            status = histogram_is_damaged(results, metric, diag);
        }
        merged->sum_high = (uint64_t)(sum / word);
        merged->sum_low = (uint64_t)(sum - (double)merged->sum_high * word);
    }
    sqlite3_finalize(statement);
    return status;
}

/* --- what happened --------------------------------------------------------------------------- */

bool incident_stages(const struct incident_row *incident, int64_t stages_ns[INCIDENT_STAGES])
{
    if (incident->restored_ns < 0) {
        return false;
    }
    const int64_t instants[INCIDENT_STAGES] = {incident->detected_ns, incident->decided_ns,
                                               incident->promoted_ns, incident->published_ns,
                                               incident->restored_ns};
    int64_t before = incident->onset_ns;
    for (int i = 0; i < INCIDENT_STAGES; i++) {
        int64_t instant = instants[i] > before ? instants[i] : before;
        instant = instant < incident->restored_ns ? instant : incident->restored_ns;
        stages_ns[i] = instant - before;
        before = instant;
    }
    return true;
}

int results_each_incident(struct results *results, int64_t study,
                          void (*row)(void *self, const struct incident_row *row), void *self,
                          struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT point.number, run.replication, incident.number, kind, onset_ns, detected_ns,"
        " decided_ns, promoted_ns, published_ns, restored_ns, rpo_ns, writes_lost, sessions_lost"
        " FROM point JOIN run ON run.point = point.id AND run.status = 'done'"
        " JOIN incident ON incident.run = run.id WHERE point.study =" THE_STUDY
        "ORDER BY point.number, run.replication, incident.number",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        struct incident_row incident = {
            .point = sqlite3_column_int64(statement, 0),
            .replication = sqlite3_column_int64(statement, 1),
            .number = sqlite3_column_int64(statement, 2),
            .kind = text_of(statement, 3),
            .onset_ns = sqlite3_column_int64(statement, 4),
            .detected_ns = int_or(statement, 5, -1),
            .decided_ns = int_or(statement, 6, -1),
            .promoted_ns = int_or(statement, 7, -1),
            .published_ns = int_or(statement, 8, -1),
            .restored_ns = int_or(statement, 9, -1),
            .rpo_ns = int_or(statement, 10, -1),
            .writes_lost = (uint64_t)sqlite3_column_int64(statement, 11),
            .sessions_lost = (uint64_t)sqlite3_column_int64(statement, 12),
        };
        row(self, &incident);
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_event(struct results *results, int64_t study, int64_t replication,
                       void (*row)(void *self, const struct event_row *row), void *self,
                       struct diag *diag)
{
    sqlite3_stmt *statement =
        prepare_for_study(results,
                          "SELECT point.number, run.replication, t_ns, what, subject, text, cause"
                          " FROM point JOIN run ON run.point = point.id AND run.status = 'done'"
                          " JOIN event ON event.run = run.id WHERE point.study =" THE_STUDY
                          "AND (?2 < 0 OR run.replication = ?2)"
                          " ORDER BY point.number, run.replication, t_ns, event.number",
                          study, diag);
    int status = statement != NULL ? 0 : -1;
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 2, replication);
    }
    while (statement != NULL && next_row(results, statement, &status)) {
        struct event_row event = {
            .point = sqlite3_column_int64(statement, 0),
            .replication = sqlite3_column_int64(statement, 1),
            .t_ns = sqlite3_column_int64(statement, 2),
            .what = text_of(statement, 3),
            .subject = text_of(statement, 4),
            .text = text_of(statement, 5),
            .cause = text_of(statement, 6),
        };
        row(self, &event);
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_expectation(struct results *results, int64_t study,
                             void (*row)(void *self, const struct expectation_row *row), void *self,
                             struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT point.number, text, verdict, value, low, high FROM point"
        " JOIN expectation ON expectation.point = point.id WHERE point.study =" THE_STUDY
        "ORDER BY point.number, expectation.number",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        struct expectation_row expectation = {
            .point = sqlite3_column_int64(statement, 0),
            .text = text_of(statement, 1),
            .verdict = text_of(statement, 2),
            .has_value = sqlite3_column_type(statement, 3) != SQLITE_NULL,
            .has_interval = sqlite3_column_type(statement, 4) != SQLITE_NULL &&
                            sqlite3_column_type(statement, 5) != SQLITE_NULL,
            .value = sqlite3_column_double(statement, 3),
            .low = sqlite3_column_double(statement, 4),
            .high = sqlite3_column_double(statement, 5),
        };
        row(self, &expectation);
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_finding(struct results *results, int64_t study,
                         void (*row)(void *self, const struct finding_row *row), void *self,
                         struct diag *diag)
{
    sqlite3_stmt *statement =
        prepare_for_study(results,
                          "SELECT kind, point, subject, verdict, unit, text, n, value, low, high"
                          " FROM finding WHERE study =" THE_STUDY "ORDER BY number",
                          study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        struct finding_row finding = {.kind = text_of(statement, 0),
                                      .point = int_or(statement, 1, -1),
                                      .subject = text_of(statement, 2),
                                      .verdict = text_of(statement, 3),
                                      .unit = text_of(statement, 4),
                                      .text = text_of(statement, 5),
                                      .n = (uint64_t)sqlite3_column_int64(statement, 6),
                                      .has_value = sqlite3_column_type(statement, 7) != SQLITE_NULL,
                                      .has_interval =
                                          sqlite3_column_type(statement, 8) != SQLITE_NULL,
                                      .value = sqlite3_column_double(statement, 7),
                                      .low = sqlite3_column_double(statement, 8),
                                      .high = sqlite3_column_double(statement, 9)};
        row(self, &finding);
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_fault(struct results *results, int64_t study,
                       void (*row)(void *self, const struct fault_row *row), void *self,
                       struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT from_ns, to_ns FROM fault JOIN point ON point.id = fault.point"
        " WHERE point.number = 0 AND point.study =" THE_STUDY "ORDER BY from_ns, fault.number",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        struct fault_row fault = {sqlite3_column_int64(statement, 0),
                                  sqlite3_column_int64(statement, 1)};
        row(self, &fault);
    }
    sqlite3_finalize(statement);
    return status;
}

int results_each_assumption(struct results *results, int64_t study,
                            void (*row)(void *self, const char *path, const char *value,
                                        const char *meaning),
                            void *self, struct diag *diag)
{
    sqlite3_stmt *statement = prepare_for_study(
        results,
        "SELECT path, value, meaning FROM assumption WHERE study =" THE_STUDY "ORDER BY path",
        study, diag);
    int status = statement != NULL ? 0 : -1;
    while (statement != NULL && next_row(results, statement, &status)) {
        row(self, text_of(statement, 0), text_of(statement, 1), text_of(statement, 2));
    }
    sqlite3_finalize(statement);
    return status;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Going on with a study that was stopped. A run is known by its scenario (hash of the resolved
 * text), version, seed, point and replication: all of them are held against what the file has
 * before a row is changed, and what differs is told in words.
 */
#include "record_internal.h"

#include "mem.h"
#include "provenance.h"
#include "strbuf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct record *record, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int refuse(struct record *record, const char *format, ...)
{
    struct strbuf why = STRBUF_INIT;
    va_list args;
    va_start(args, format);
    strbuf_addv(&why, format, args);
    va_end(args);
    diag_error(record->db.diag, "cannot resume '%s': %s", record->db.path, why.text);
    strbuf_release(&why);
    return -1;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}

static const char *text_or_none(const char *text)
{
    return text != NULL && *text != '\0' ? text : "none";
}

/* --- the same study? ------------------------------------------------------------------------ */

/* One line of each text, without its newline; `next` NULL at the end. */
static size_t line_of(const char *text, const char **next)
{
    size_t length = strcspn(text, "\n");
    *next = text[length] == '\n' ? text + length + 1 : text + length;
    return length;
}

/* How many runs a scenario asks for decides none of them. */
static bool is_replications(const char *line)
{
    return strncmp(line, "replications:", 13) == 0;
}

/* True where two resolved texts give the same runs; else the first lines that differ. */
static bool same_runs(const char *theirs, const char *ours, struct strbuf *their_line,
                      struct strbuf *our_line)
{
    while (*theirs != '\0' || *ours != '\0') {
        const char *their_next, *our_next;
        size_t their_length = line_of(theirs, &their_next);
        size_t our_length = line_of(ours, &our_next);
        bool same = their_length == our_length && strncmp(theirs, ours, our_length) == 0;
        if (!same && !(is_replications(theirs) && is_replications(ours))) {
            size_t their_indent = strspn(theirs, " "), our_indent = strspn(ours, " ");
            strbuf_add_bytes(their_line, theirs + their_indent, their_length - their_indent);
            strbuf_add_bytes(our_line, ours + our_indent, our_length - our_indent);
            return false;
        }
        theirs = their_next;
        ours = our_next;
    }
    return true;
}

/* Point `number` has the scenario `text` in the file: does it give the same runs here? */
static int check_scenario(struct record *record, uint32_t number, const char *text,
                          const struct scenario *scenario)
{
    struct strbuf theirs = STRBUF_INIT, ours = STRBUF_INIT;
    int status = 0;
    if (!same_runs(text, scenario->resolved, &theirs, &ours)) {
        status = refuse(record,
                        "point %" PRIu32 " of its newest study is another scenario: '%s' there, "
                        "'%s' here",
                        number, text_or_none(theirs.text), text_or_none(ours.text));
    }
    strbuf_release(&theirs);
    strbuf_release(&ours);
    return status;
}

static int add_resumed(struct record *record, int64_t id, const struct scenario *scenario)
{
    void *points = record->points;
    char hash[20];
    mem_grow(&points, &record->point_capacity, record->point_count + 1, sizeof(*record->points));
    record->points = points;
    record->points[record->point_count++] = (struct record_point){id, scenario};
    record_hash_text(scenario, hash);
    sqlite3_stmt *put = record->statements[PUT_TEXT];
    put_text(put, 1, hash);
    put_text(put, 2, scenario->resolved);
    if (record_step(record, put) != 0) {
        return -1;
    }
    put = record->statements[SET_POINT_SCENARIO];
    put_int(put, 1, id);
    put_text(put, 2, hash);
    return record_step(record, put);
}

int resume_point(struct record *record, const struct study_point *point, uint32_t number)
{
    sqlite3_stmt *find = record->statements[FIND_POINT];
    put_int(find, 1, record->study);
    put_int(find, 2, number);
    int code = sqlite3_step(find);
    int status = 0;
    int64_t id = 0;
    if (code == SQLITE_ROW) {
        id = sqlite3_column_int64(find, 0);
        status = check_scenario(record, number, text_at(find, 1), point->scenario);
    } else if (code != SQLITE_DONE) {
        status = db_fail(&record->db, "read");
    }
    sqlite3_reset(find);
    if (status != 0) {
        return -1;
    }
    return id != 0 ? add_resumed(record, id, point->scenario)
                   : record_write_point(record, point, number);
}

/* The row of the newest study is under `row`. */
static int check_study(struct record *record, const struct study_info *study, sqlite3_stmt *row)
{
    char seed[24];
    snprintf(seed, sizeof(seed), "%" PRIu64, study->seed);
    const char *settings = study->settings != NULL ? study->settings : "";
    const char *shard = study->shard != NULL ? study->shard : "";
    if (strcmp(text_at(row, 1), study->verb) != 0) {
        return refuse(record, "its newest study is one of '%s', not of '%s'", text_at(row, 1),
                      study->verb);
    }
    if (strcmp(text_at(row, 2), seed) != 0) {
        return refuse(record, "its newest study has seed %s, this one has %s", text_at(row, 2),
                      seed);
    }
    if (sqlite3_column_double(row, 3) < study->level ||
        sqlite3_column_double(row, 3) > study->level) {
        return refuse(record, "its newest study has level %g, this one has %g",
                      sqlite3_column_double(row, 3), study->level);
    }
    if (strcmp(text_at(row, 4), settings) != 0) {
        return refuse(record, "its newest study was made with '%s', this one with '%s'",
                      text_or_none(text_at(row, 4)), text_or_none(settings));
    }
    if (strcmp(text_at(row, 5), shard) != 0) {
        return refuse(record, "its newest study is shard %s, this one is shard %s",
                      text_or_none(text_at(row, 5)), text_or_none(shard));
    }
    if (sqlite3_column_int64(row, 6) > study->replications) {
        return refuse(record,
                      "its newest study has %" PRId64 " replications, and %" PRIu32
                      " would be fewer; more may be added, none taken away",
                      (int64_t)sqlite3_column_int64(row, 6), study->replications);
    }
    if (sqlite3_column_int64(row, 7) != (int64_t)study->point_count) {
        return refuse(record, "its newest study has %" PRId64 " points, this one has %zu",
                      (int64_t)sqlite3_column_int64(row, 7), study->point_count);
    }
    return 0;
}

/* Sets record->study where there is one. */
static int find_study(struct record *record, const struct study_info *study)
{
    sqlite3_stmt *find = record->statements[FIND_STUDY];
    int code = sqlite3_step(find);
    int status = 0;
    if (code == SQLITE_ROW) {
        record->study = sqlite3_column_int64(find, 0);
        status = check_study(record, study, find);
    } else if (code != SQLITE_DONE) {
        status = db_fail(&record->db, "read");
    }
    sqlite3_reset(find);
    return status;
}

static int check_versions(struct record *record)
{
    sqlite3_stmt *find = record->statements[FIND_OTHER_VERSION];
    put_int(find, 1, record->study);
    put_text(find, 2, program_version);
    int code = sqlite3_step(find);
    int status = 0;
    if (code == SQLITE_ROW && record->mode != RECORD_RESUME_MIXED) {
        status = refuse(record,
                        "version %s made %" PRId64 " of its runs, and this is %s; "
                        "'--resume=mixed-versions' goes on all the same, and records it",
                        text_at(find, 0), (int64_t)sqlite3_column_int64(find, 1), program_version);
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = db_fail(&record->db, "read");
    }
    sqlite3_reset(find);
    return status;
}

static int write_resumption(struct record *record, const struct study_info *study)
{
    struct provenance provenance = provenance_now();
    sqlite3_stmt *put = record->statements[PUT_RESUMPTION];
    put_int(put, 1, record->study);
    put_text(put, 2, study->argv);
    put_text(put, 3, provenance.version);
    put_text(put, 4, provenance.compiler);
    put_text(put, 5, provenance.started);
    return record_step(record, put);
}

int resume_begin(struct record *record, const struct study_info *study)
{
    if (find_study(record, study) != 0) {
        return -1;
    }
    if (record->study == 0) {
        return 0;
    }
    if (check_versions(record) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < study->point_count; i++) {
        if (resume_point(record, &study->points[i], i) != 0) {
            return -1;
        }
    }
    /* What was judged of fewer runs is judged again at the end. */
    sqlite3_stmt *open = record->statements[REOPEN_STUDY];
    put_int(open, 1, record->study);
    put_int(open, 2, study->replications);
    sqlite3_stmt *forget = record->statements[FORGET_VERDICTS];
    put_int(forget, 1, record->study);
    /* A text that asked for fewer replications is no point's any more. */
    if (record_step(record, open) != 0 || record_step(record, forget) != 0 ||
        record_step(record, record->statements[FORGET_TEXTS]) != 0) {
        return -1;
    }
    return write_resumption(record, study);
}

/* --- runs that are there -------------------------------------------------------------------- */

/* Texts that are absent in a statistic are empty in the file. */
static char *text_if_any(const char *text)
{
    return *text != '\0' ? mem_strdup(text) : NULL;
}

/* What a cell is, by its id; it is read but once. */
static struct known_cell *cell_of(struct recalled *recalled, const struct registry *registry,
                                  sqlite3_stmt *row)
{
    size_t id = (size_t)sqlite3_column_int64(row, 0);
    if (id >= recalled->cell_count) {
        void *cells = recalled->cells;
        mem_grow(&cells, &recalled->cell_capacity, id + 1, sizeof(*recalled->cells));
        recalled->cells = cells;
        memset(&recalled->cells[recalled->cell_count], 0,
               (id + 1 - recalled->cell_count) * sizeof(*recalled->cells));
        recalled->cell_count = id + 1;
    }
    struct known_cell *cell = &recalled->cells[id];
    if (cell->region == NULL) {
        cell->metric = registry_metric(registry, text_at(row, 2));
        cell->stat = text_if_any(text_at(row, 3));
        cell->region = mem_strdup(text_at(row, 4));
        cell->label = text_if_any(text_at(row, 5));
        cell->window = mem_strdup(text_at(row, 6));
    }
    return cell;
}

static int read_statistics(struct record *record, int64_t run, const struct scenario *scenario)
{
    struct recalled *recalled = &record->recalled;
    sqlite3_stmt *get = record->statements[GET_STATISTICS];
    int code;
    recalled->statistic_count = 0;
    put_int(get, 1, run);
    while ((code = sqlite3_step(get)) == SQLITE_ROW) {
        const struct known_cell *cell = cell_of(recalled, scenario->registry, get);
        bool total = strcmp(cell->region, "all") == 0;
        int region = total ? -1 : topology_region(&scenario->topology, cell->region);
        if (cell->metric == NULL || (region < 0 && !total)) {
            continue; /* of a version that had another metric */
        }
        void *statistics = recalled->statistics;
        mem_grow(&statistics, &recalled->statistic_capacity, recalled->statistic_count + 1,
                 sizeof(*recalled->statistics));
        recalled->statistics = statistics;
        recalled->statistics[recalled->statistic_count++] =
            (struct statistic){.metric = cell->metric,
                               .stat = cell->stat,
                               .region = region,
                               .label = cell->label,
                               .window = cell->window,
                               .value = sqlite3_column_double(get, 1)};
    }
    sqlite3_reset(get);
    return code == SQLITE_DONE ? 0 : db_fail(&record->db, "read");
}

int resume_recall(void *self, uint32_t point, uint32_t replication, struct run_result *result)
{
    struct record *record = self;
    struct recalled *recalled = &record->recalled;
    sqlite3_stmt *find = record->statements[FIND_RUN];
    put_int(find, 1, record->points[point].id);
    put_int(find, 2, replication);
    int code = sqlite3_step(find);
    if (code != SQLITE_ROW) {
        sqlite3_reset(find);
        return code == SQLITE_DONE ? 0 : db_fail(&record->db, "read");
    }
    int64_t run = sqlite3_column_int64(find, 0);
    recalled->set = (struct statistics){.bin = sqlite3_column_int64(find, 7)};
    *result = (struct run_result){.point = point,
                                  .replication = replication,
                                  .seed = strtoull(text_at(find, 1), NULL, 10),
                                  .digest = strtoull(text_at(find, 2), NULL, 16),
                                  .event_count = (uint64_t)sqlite3_column_int64(find, 3),
                                  .simulated = sqlite3_column_int64(find, 4),
                                  .wall_ns = sqlite3_column_int64(find, 5),
                                  .warmup = sqlite3_column_int64(find, 6),
                                  .status = RUN_DONE,
                                  .scenario = record->points[point].scenario,
                                  .statistics = &recalled->set};
    sqlite3_reset(find);
    if (read_statistics(record, run, result->scenario) != 0) {
        return -1;
    }
    recalled->set.statistics = recalled->statistics;
    recalled->set.statistic_count = recalled->statistic_count;
    return 1;
}

void resume_release(struct recalled *recalled)
{
    for (size_t i = 0; i < recalled->cell_count; i++) {
        free(recalled->cells[i].stat);
        free(recalled->cells[i].region);
        free(recalled->cells[i].label);
        free(recalled->cells[i].window);
    }
    free(recalled->cells);
    free(recalled->statistics);
    *recalled = (struct recalled){0};
}

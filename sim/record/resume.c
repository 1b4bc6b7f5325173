// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Resume a study. A run is identified by its scenario (hash of the resolved text), version, seed,
 * point and replication: all are compared with the file before any row is changed, and differences
 * are reported.
 */
#include "record_internal.h"

#include "provenance.h"
#include "strbuf.h"

#include <inttypes.h>
#include <stdarg.h>
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

/* The number of replications does not affect the runs. */
static bool is_replications(const char *line)
{
    return strncmp(line, "replications:", 13) == 0;
}

/* True if two resolved texts give the same runs; otherwise the first lines that differ. */
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

/* Does the scenario `text` of point `number` in the file give the same runs as this one? */
static int check_scenario(struct record *record, uint32_t number, const char *text,
                          const struct scenario *scenario)
{
    struct strbuf theirs = STRBUF_INIT, ours = STRBUF_INIT;
    int status = 0;
    if (!same_runs(text, scenario->resolved, &theirs, &ours)) {
        status = refuse(record,
                        "point %" PRIu32 " of its newest study is another scenario: '%s' in the "
                        "file, '%s' here",
                        number, text_or_none(theirs.text), text_or_none(ours.text));
    }
    strbuf_release(&theirs);
    strbuf_release(&ours);
    return status;
}

static int add_resumed(struct record *record, int64_t id, const struct scenario *scenario)
{
    char hash[20];

    record_add_point(record, scenario, id);
    if (record_write_scenario(record, scenario, hash) != 0)
        return -1;
    sqlite3_stmt *put = record->statements[SET_POINT_SCENARIO];
    put_int(put, 1, id);
    put_text(put, 2, hash);
    return record_step(record, put);
}

int resume_point(struct record *record, const struct study_point *point, uint32_t number)
{
    struct select rows;
    int64_t id = 0;

    select_begin(&rows, &record->db, record->statements[FIND_POINT]);
    select_bind_int(&rows, record->study);
    select_bind_int(&rows, number);
    if (select_next(&rows)) {
        id = select_int(&rows, 0, 1, INT64_MAX);
        const char *text = select_text(&rows, 1);
        if (select_good(&rows) && check_scenario(record, number, text, point->scenario) != 0)
            rows.failed = true;
    }
    if (select_close(&rows) != 0)
        return -1;
    return id != 0 ? add_resumed(record, id, point->scenario)
                   : record_write_point(record, point, number);
}

/* The newest study in the file. */
struct stored_head {
    int64_t id;
    const char *verb, *settings, *shard;
    uint64_t seed;
    double level;
    int64_t replications, points;
};

static int check_study(struct record *record, const struct study_info *study,
                       const struct stored_head *stored)
{
    const char *settings = study->settings ? study->settings : "";
    const char *shard = study->shard ? study->shard : "";

    if (strcmp(stored->verb, study->verb) != 0)
        return refuse(record, "its newest study is a '%s' study, not a '%s' study", stored->verb,
                      study->verb);
    if (stored->seed != study->seed)
        return refuse(record, "its newest study has seed %" PRIu64 ", this one has %" PRIu64,
                      stored->seed, study->seed);
    if (stored->level < study->level || stored->level > study->level)
        return refuse(record, "its newest study has level %g, this one has %g", stored->level,
                      study->level);
    if (strcmp(stored->settings, settings) != 0)
        return refuse(record, "its newest study has settings '%s', this one '%s'",
                      text_or_none(stored->settings), text_or_none(settings));
    if (strcmp(stored->shard, shard) != 0)
        return refuse(record, "its newest study is shard %s, this one is shard %s",
                      text_or_none(stored->shard), text_or_none(shard));
    if (stored->replications > study->replications)
        return refuse(record,
                      "its newest study has %" PRId64 " replications, and %" PRIu32
                      " would be fewer; replications can be added, not removed",
                      stored->replications, study->replications);
    if (stored->points != (int64_t)study->point_count)
        return refuse(record, "its newest study has %" PRId64 " points, this one has %zu",
                      stored->points, study->point_count);
    return 0;
}

/* Sets record->study if there is one. */
static int find_study(struct record *record, const struct study_info *study)
{
    struct select rows;

    select_begin(&rows, &record->db, record->statements[FIND_STUDY]);
    if (select_next(&rows)) {
        const struct stored_head stored = {
            .id = select_int(&rows, 0, 1, INT64_MAX),
            .verb = select_text(&rows, 1),
            .seed = select_decimal(&rows, 2),
            .level = select_level(&rows, 3),
            .settings = select_text(&rows, 4),
            .shard = select_text(&rows, 5),
            .replications = select_count(&rows, 6),
            .points = select_count(&rows, 7),
        };
        if (select_good(&rows) && check_study(record, study, &stored) != 0)
            rows.failed = true;
        record->study = stored.id;
    }
    return select_close(&rows);
}

static int check_versions(struct record *record)
{
    struct select rows;

    select_begin(&rows, &record->db, record->statements[FIND_OTHER_VERSION]);
    select_bind_int(&rows, record->study);
    select_bind_text(&rows, program_version);
    if (select_next(&rows) && record->mode != RECORD_RESUME_MIXED) {
        const char *version = select_text(&rows, 0);
        int64_t count = select_instant(&rows, 1);
        if (select_good(&rows))
            refuse(record,
                   "version %s made %" PRId64 " of its runs, and this is %s; "
                   "use '--resume=mixed-versions' to continue and record both",
                   version, count, program_version);
        rows.failed = true;
    }
    return select_close(&rows);
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

/* Rebuild roll-ups that do not cover all runs (rows were edited or merged). */
static int check_rollups(struct record *record)
{
    struct select rows;

    select_begin(&rows, &record->db, record->statements[FIND_STALE_POINT]);
    select_bind_int(&rows, record->study);
    bool stale = select_next(&rows);
    if (select_close(&rows) != 0)
        return -1;
    return stale ? rollup_rebuild(record->rollup, record->study) : 0;
}

int resume_begin(struct record *record, const struct study_info *study)
{
    if (find_study(record, study) != 0)
        return -1;
    if (record->study == 0)
        return 0;
    if (check_versions(record) != 0)
        return -1;
    for (uint32_t i = 0; i < study->point_count; i++)
        if (resume_point(record, &study->points[i], i) != 0)
            return -1;
    /* Verdicts over fewer runs are replaced at the end. */
    sqlite3_stmt *open = record->statements[REOPEN_STUDY];
    put_int(open, 1, record->study);
    put_int(open, 2, study->replications);
    sqlite3_stmt *forget = record->statements[FORGET_VERDICTS];
    put_int(forget, 1, record->study);
    /* The text with fewer replications no longer belongs to a point. */
    if (record_step(record, open) != 0 || record_step(record, forget) != 0 ||
        record_step(record, record->statements[FORGET_TEXTS]) != 0 || check_rollups(record) != 0)
        return -1;
    return write_resumption(record, study);
}

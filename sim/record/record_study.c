// SPDX-License-Identifier: GPL-3.0-or-later
/* Write a study before its runs: origin, points, parameters, faults and assumptions. */
#include "record_internal.h"

#include "mem.h"
#include "provenance.h"

#include <inttypes.h>

static int write_head(struct record *record, const struct study_info *study)
{
    const struct scenario *scenario = study->points[0].scenario;
    struct provenance provenance = provenance_now();
    char seed[24];

    snprintf(seed, sizeof seed, "%" PRIu64, study->seed);
    sqlite3_stmt *put = record->statements[PUT_STUDY];
    put_text(put, 1, study->verb);
    put_text(put, 2, study->argv);
    put_text(put, 3, provenance.version);
    put_text(put, 4, provenance.compiler);
    put_text(put, 5, scenario->name);
    put_text(put, 6, scenario->path);
    put_text(put, 7, scenario->question);
    put_text(put, 8, seed);
    put_real(put, 9, study->level);
    put_int(put, 10, study->replications);
    put_int(put, 11, (int64_t)study->point_count);
    put_text(put, 12, study->settings);
    put_text(put, 13, study->shard);
    put_text(put, 14, provenance.started);
    int status = record_step(record, put);
    record->study = status == 0 ? sqlite3_last_insert_rowid(record->db.handle) : 0;
    return status;
}

static int write_params(struct record *record, const struct study_point *point, int64_t id)
{
    sqlite3_stmt *put = record->statements[PUT_PARAM];

    for (size_t i = 0; i < point->param_count; i++) {
        put_int(put, 1, id);
        put_text(put, 2, point->params[i].path);
        put_text(put, 3, point->params[i].value);
        if (record_step(record, put) != 0)
            return -1;
    }
    return 0;
}

static int write_faults(struct record *record, const struct scenario *scenario, int64_t id)
{
    sqlite3_stmt *put = record->statements[PUT_FAULT];

    for (size_t i = 0; i < scenario->fault_span_count; i++) {
        put_int(put, 1, id);
        put_int(put, 2, (int64_t)i);
        put_int(put, 3, scenario->fault_spans[i].from);
        put_int(put, 4, scenario->fault_spans[i].to);
        if (record_step(record, put) != 0)
            return -1;
    }
    return 0;
}

int record_write_scenario(struct record *record, const struct scenario *scenario, char hash[20])
{
    sqlite3_stmt *put = record->statements[PUT_TEXT];

    snprintf(hash, 20, "%016" PRIx64, scenario->hash);
    put_text(put, 1, hash);
    put_text(put, 2, scenario->resolved);
    return record_step(record, put);
}

void record_add_point(struct record *record, const struct scenario *scenario, int64_t id)
{
    MEM_GROW(record->points, record->point_capacity, record->point_count + 1);
    record->points[record->point_count++] = (struct record_point){id, scenario};
}

int record_write_point(struct record *record, const struct study_point *point, uint32_t number)
{
    const struct scenario *scenario = point->scenario;
    char hash[20];

    if (record_write_scenario(record, scenario, hash) != 0)
        return -1;
    sqlite3_stmt *put = record->statements[PUT_POINT];
    put_int(put, 1, record->study);
    put_int(put, 2, number);
    put_text(put, 3, hash);
    put_int(put, 4, scenario->run.duration);
    if (record_step(record, put) != 0)
        return -1;
    int64_t id = sqlite3_last_insert_rowid(record->db.handle);
    record_add_point(record, scenario, id);
    if (write_params(record, point, id) != 0)
        return -1;
    return write_faults(record, scenario, id);
}

struct assumption_writer {
    struct record *record;
    int status;
};

static void write_assumption(void *self, const char *path, const char *value, const char *meaning)
{
    struct assumption_writer *writer = self;

    if (writer->status != 0)
        return;
    sqlite3_stmt *put = writer->record->statements[PUT_ASSUMPTION];
    put_int(put, 1, writer->record->study);
    put_text(put, 2, path);
    put_text(put, 3, value);
    put_text(put, 4, meaning);
    writer->status = record_step(writer->record, put);
}

int record_write_study(struct record *record, const struct study_info *study)
{
    struct assumption_writer writer = {.record = record};

    if (write_head(record, study) != 0)
        return -1;
    for (uint32_t i = 0; i < study->point_count; i++)
        if (record_write_point(record, &study->points[i], i) != 0)
            return -1;
    scenario_each_assumption(study->points[0].scenario, write_assumption, &writer);
    return writer.status;
}

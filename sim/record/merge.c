// SPDX-License-Identifier: GPL-3.0-or-later
/* First check all inputs, then copy them one by one (merge_copy.c). */
#include "merge.h"

#include "mem.h"
#include "merge_internal.h"
#include "select.h"
#include "strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A shard: its part of the study, and what it must have in common with the others. */
struct shard {
    const char *path;
    unsigned index, count; /* "2/5" */
    int64_t study;
    char *identity; /* everything that must be equal, as text */
};

struct merging {
    const char *output;
    struct shard *shards;
    size_t count;
    struct diag *diag;
    bool failed; /* an error was reported */
};

static void report_input(struct merging *merging, const char *path, const char *why)
{
    diag_error(merging->diag, "cannot merge '%s': %s", path, why);
    merging->failed = true;
}

/* --- checking the inputs -------------------------------------------------------------------- */

/* Verb, seed, settings, points with their scenarios, versions: one line each. */
static const char identity_sql[] =
    "SELECT group_concat(line, char(10)) FROM ("
    "SELECT 'verb ' || verb || ', seed ' || seed || ', level ' || level || ', ' || "
    "  replication_count || ' replications, ' || point_count || ' points' ||"
    "  iif(settings = '', '', ', ' || settings) AS line FROM study WHERE id = ?1"
    " UNION ALL SELECT * FROM (SELECT 'point ' || number || ' of scenario ' || scenario_hash"
    "  FROM point WHERE study = ?1 ORDER BY number)"
    " UNION ALL SELECT * FROM (SELECT DISTINCT 'version ' || run.version FROM run"
    "  JOIN point ON point.id = run.point WHERE study = ?1 ORDER BY 1))";

static const char newest_sql[] = "SELECT id, shard, complete FROM study ORDER BY id DESC LIMIT 1";

static int read_identity(struct db *db, struct shard *shard)
{
    struct select rows;

    select_open(&rows, db, identity_sql);
    select_bind_int(&rows, shard->study);
    if (select_next(&rows))
        shard->identity = mem_strdup(select_text(&rows, 0));
    return select_close(&rows);
}

/* "2/5" */
static bool parse_part(const char *text, struct shard *shard)
{
    int end = 0;

    return sscanf(text, "%9u/%9u%n", &shard->index, &shard->count, &end) == 2 &&
           text[end] == '\0' && shard->index > 0 && shard->index <= shard->count;
}

/* Why the newest study is not a valid shard, or NULL. */
static const char *read_newest(struct select *rows, struct shard *shard)
{
    shard->study = select_int(rows, 0, 1, INT64_MAX);
    if (!parse_part(select_text(rows, 1), shard))
        return "its newest study is not a shard: it was run without '--shard'";
    if (select_int(rows, 2, 0, 1) == 0)
        return "it is not complete; continue it with '--resume'";
    return NULL;
}

static void check_shard(struct merging *merging, struct shard *shard)
{
    struct db db;
    struct select rows;

    if (db_open(&db, shard->path, DB_READ, merging->diag) != 0) {
        merging->failed = true;
        return;
    }
    select_open(&rows, &db, newest_sql);
    bool found = select_next(&rows);
    const char *wrong = found ? read_newest(&rows, shard) : "it contains no study";
    int status = select_close(&rows);
    if (status == 0 && wrong)
        report_input(merging, shard->path, wrong);
    if (status != 0 || (!wrong && read_identity(&db, shard) != 0))
        merging->failed = true;
    db_release(&db, false);
}

/* Report the first line in which two identities differ. */
static void report_difference(struct merging *merging, const struct shard *first,
                              const struct shard *other)
{
    const char *a = first->identity, *b = other->identity;
    while (strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n")) == 0) {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
    }
    diag_error(merging->diag, "cannot merge '%s' with '%s': '%.*s' there, '%.*s' here", other->path,
               first->path, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
    merging->failed = true;
}

/* All shards of one study, each once. */
static void check_parts(struct merging *merging)
{
    const struct shard *first = &merging->shards[0];
    struct strbuf missing = STRBUF_INIT;
    const struct shard **by_index = mem_zalloc((size_t)first->count + 1, sizeof(*by_index));
    for (size_t i = 0; i < merging->count; i++) {
        const struct shard *shard = &merging->shards[i];
        if (shard->count != first->count || shard->index == 0 || shard->index > first->count) {
            diag_error(
                merging->diag, "cannot merge '%s' with '%s': it is shard %u/%u, the other %u/%u",
                shard->path, first->path, shard->index, shard->count, first->index, first->count);
            merging->failed = true;
        } else if (by_index[shard->index] != NULL) {
            diag_error(merging->diag, "cannot merge '%s' with '%s': both are shard %u/%u",
                       shard->path, by_index[shard->index]->path, shard->index, shard->count);
            merging->failed = true;
        } else {
            by_index[shard->index] = shard;
            if (strcmp(shard->identity, first->identity) != 0)
                report_difference(merging, first, shard);
        }
    }
    for (unsigned i = 1; i <= first->count && !merging->failed; i++)
        if (by_index[i] == NULL)
            strbuf_addf(&missing, "%s%u/%u", missing.length > 0 ? ", " : "", i, first->count);
    if (missing.length > 0) {
        diag_error(merging->diag, "cannot merge: missing shard %s", missing.text);
        merging->failed = true;
    }
    strbuf_release(&missing);
    free(by_index);
}

static void check_output(struct merging *merging)
{
    struct stat output, input;
    if (stat(merging->output, &output) != 0)
        return;
    for (size_t i = 0; i < merging->count; i++)
        if (stat(merging->shards[i].path, &input) == 0 && input.st_dev == output.st_dev &&
            input.st_ino == output.st_ino)
            report_input(merging, merging->shards[i].path, "it is also the output");
}

/* --- merging ------------------------------------------------------------------------------ */

static int by_index(const void *left, const void *right)
{
    const struct shard *a = left, *b = right;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Copy the runs of all shards and build their roll-ups. */
static int merge_into(struct record *whole, const struct merging *merging)
{
    int status = 0;

    whole->db.damaged = "cannot merge: a shard is damaged";
    for (size_t i = 0; i < merging->count && status == 0; i++)
        status = merge_copy(whole, merging->shards[i].path, merging->shards[i].study, i == 0);
    return status == 0 ? merge_finish(whole) : -1;
}

/* Merge into a temporary file beside the output, then copy that: an error leaves the output as it
 * was. */
static int merge_shards(struct merging *merging)
{
    struct strbuf part = STRBUF_INIT;
    struct record *whole = NULL;
    struct record *record = record_open(merging->output, RECORD_REPLACE, merging->diag);
    int status = -1;

    strbuf_addf(&part, "%s.merging", merging->output);
    if (record)
        whole = record_open(part.text, RECORD_REPLACE, merging->diag);
    if (whole)
        status = merge_into(whole, merging);
    if (status == 0)
        status = record_take_over(record, whole);
    if (whole)
        record_discard(whole);
    if (record && record_close(record) != 0)
        status = -1;
    strbuf_release(&part);
    return status;
}

int record_merge(const char *output, const char *const *inputs, size_t input_count,
                 struct diag *diag)
{
    struct merging merging = {.output = output,
                              .shards = mem_zalloc(input_count, sizeof(*merging.shards)),
                              .count = input_count,
                              .diag = diag};
    for (size_t i = 0; i < input_count; i++) {
        merging.shards[i].path = inputs[i];
        check_shard(&merging, &merging.shards[i]);
    }
    if (!merging.failed)
        check_parts(&merging);
    check_output(&merging);
    qsort(merging.shards, input_count, sizeof(*merging.shards), by_index);
    int status = merging.failed ? -1 : merge_shards(&merging);
    for (size_t i = 0; i < input_count; i++)
        free(merging.shards[i].identity);
    free(merging.shards);
    return status;
}

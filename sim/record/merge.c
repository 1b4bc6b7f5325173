// SPDX-License-Identifier: GPL-3.0-or-later
/* First a look into every input; then one after the other is copied (merge_copy.c). */
#include "merge.h"

#include "mem.h"
#include "merge_internal.h"
#include "select.h"
#include "strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the shards of one study have in common, and which part each is. */
struct shard {
    const char *path;
    unsigned index, count; /* "2/5" */
    int64_t study;
    char *identity; /* all that must be the same, as text */
};

struct merging {
    const char *output;
    struct shard *shards;
    size_t count;
    struct diag *diag;
    bool failed; /* something was told */
};

static void complain_of(struct merging *merging, const char *path, const char *why)
{
    diag_error(merging->diag, "cannot merge '%s': %s", path, why);
    merging->failed = true;
}

/* --- a look into every input ---------------------------------------------------------------- */

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

/* What is wrong with the newest study as a shard, or NULL. */
static const char *read_newest(struct select *rows, struct shard *shard)
{
    shard->study = select_int(rows, 0, 1, INT64_MAX);
    if (!parse_part(select_text(rows, 1), shard))
        return "its newest study is no shard: it was made without '--shard'";
    if (select_int(rows, 2, 0, 1) == 0)
        return "it is not complete; go on with it by '--resume'";
    return NULL;
}

static void look_into(struct merging *merging, struct shard *shard)
{
    struct db db;
    struct select rows;

    if (db_open(&db, shard->path, DB_READ, merging->diag) != 0) {
        merging->failed = true;
        return;
    }
    select_open(&rows, &db, newest_sql);
    bool found = select_next(&rows);
    const char *wrong = found ? read_newest(&rows, shard) : "it holds no study";
    int status = select_close(&rows);
    if (status == 0 && wrong)
        complain_of(merging, shard->path, wrong);
    if (status != 0 || (!wrong && read_identity(&db, shard) != 0))
        merging->failed = true;
    db_release(&db, false);
}

/* The first line that two identities do not share. */
static void tell_difference(struct merging *merging, const struct shard *first,
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
            if (strcmp(shard->identity, first->identity) != 0) {
                tell_difference(merging, first, shard);
            }
        }
    }
    for (unsigned i = 1; i <= first->count && !merging->failed; i++) {
        if (by_index[i] == NULL) {
            strbuf_addf(&missing, "%s%u/%u", missing.length > 0 ? ", " : "", i, first->count);
        }
    }
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
    if (stat(merging->output, &output) != 0) {
        return;
    }
    for (size_t i = 0; i < merging->count; i++) {
        if (stat(merging->shards[i].path, &input) == 0 && input.st_dev == output.st_dev &&
            input.st_ino == output.st_ino) {
            complain_of(merging, merging->shards[i].path, "it is the output, too");
        }
    }
}

/* --- all of it ------------------------------------------------------------------------------ */

static int by_index(const void *left, const void *right)
{
    const struct shard *a = left, *b = right;
    return a->index < b->index ? -1 : a->index > b->index;
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
        look_into(&merging, &merging.shards[i]);
    }
    if (!merging.failed) {
        check_parts(&merging);
    }
    check_output(&merging);
    struct record *record = merging.failed ? NULL : record_open(output, RECORD_REPLACE, diag);
    int status = record != NULL ? 0 : -1;
    qsort(merging.shards, input_count, sizeof(*merging.shards), by_index);
    for (size_t i = 0; i < input_count && status == 0; i++) {
        status = merge_copy(record, merging.shards[i].path, merging.shards[i].study, i == 0);
    }
    if (status == 0)
        status = merge_finish(record);
    if (record != NULL && record_close(record) != 0) {
        status = -1;
    }
    for (size_t i = 0; i < input_count; i++) {
        free(merging.shards[i].identity);
    }
    free(merging.shards);
    return status;
}

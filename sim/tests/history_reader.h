// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A reader of histories of operations (models/outcome/op_history.md), for programs and tests that
 * check what a store promises. It knows the format of the file and nothing of the simulator.
 */
#ifndef HISTORY_READER_H
#define HISTORY_READER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum history_outcome { OUTCOME_OK, OUTCOME_MISS, OUTCOME_FAILED, OUTCOME_UNKNOWN };

struct history_op {
    uint32_t session; /* by the first line that names it */
    int region;
    bool is_write, is_delete, latest;
    enum history_outcome outcome;
    uint64_t value;         /* HISTORY_NOTHING: there is none, or the session was deleted */
    int64_t invoked, ended; /* ended INT64_MAX: the run ended first */
    uint32_t unanswered;
};
/* A value that stands for "no session". */
#define HISTORY_NOTHING UINT64_MAX

struct history_write {
    uint32_t session;
    int region;
    bool is_delete;
    uint64_t value;
    int64_t executed;
};

#define HISTORY_REGIONS 16
struct history {
    char *regions[HISTORY_REGIONS];
    int region_count;
    char **sessions; /* names, by number */
    size_t session_count, session_capacity;
    struct history_op *ops;
    size_t op_count, op_capacity;
    struct history_write *writes;
    size_t write_count, write_capacity;
    uint32_t *buckets; /* of sessions by hash of their names, + 1 */
    size_t bucket_count;
};

static inline void *history_grown(void *items, size_t *capacity, size_t need, size_t size)
{
    if (need > *capacity) {
        *capacity = need * 2 + 64;
        items = realloc(items, *capacity * size);
        if (!items)
            abort();
    }
    return items;
}

static inline uint64_t history_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    while (*text)
        hash = (hash ^ (unsigned char)*text++) * UINT64_C(1099511628211);
    return hash;
}

static inline void history_rehash(struct history *history)
{
    free(history->buckets);
    history->bucket_count = history->bucket_count * 2 + 1024;
    history->buckets = calloc(history->bucket_count, sizeof *history->buckets);
    if (!history->buckets)
        abort();
    for (uint32_t s = 0; s < history->session_count; s++) {
        size_t at = history_hash(history->sessions[s]) % history->bucket_count;

        while (history->buckets[at] != 0)
            at = (at + 1) % history->bucket_count;
        history->buckets[at] = s + 1;
    }
}

static inline uint32_t history_session(struct history *history, const char *name)
{
    size_t at;

    if (history->session_count * 2 >= history->bucket_count)
        history_rehash(history);
    at = history_hash(name) % history->bucket_count;
    for (; history->buckets[at] != 0; at = (at + 1) % history->bucket_count)
        if (strcmp(history->sessions[history->buckets[at] - 1], name) == 0)
            return history->buckets[at] - 1;
    history->sessions = history_grown(history->sessions, &history->session_capacity,
                                      history->session_count + 1, sizeof *history->sessions);
    history->sessions[history->session_count] = strdup(name);
    history->buckets[at] = (uint32_t)++history->session_count;
    return (uint32_t)history->session_count - 1;
}

static inline const char *history_text(const cJSON *line, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

/* Instants are below 2^53 ns, 104 days: doubles hold them exactly. */
static inline int64_t history_instant(const cJSON *line, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);

    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : INT64_MAX;
}

static inline int history_region(const struct history *history, const char *name)
{
    for (int r = 0; r < history->region_count; r++)
        if (strcmp(history->regions[r], name) == 0)
            return r;
    return -1;
}

static inline void history_take_run(struct history *history, const cJSON *line)
{
    const cJSON *region;

    cJSON_ArrayForEach(region, cJSON_GetObjectItemCaseSensitive(
                                   line, "regions")) if (history->region_count < HISTORY_REGIONS)
        history->regions[history->region_count++] = strdup(region->valuestring);
}

static inline void history_take_op(struct history *history, const cJSON *line)
{
    static const char *const outcomes[] = {"ok", "miss", "failed", "unknown"};
    const char *name = history_text(line, "operation"), *outcome = history_text(line, "outcome");
    const cJSON *unanswered = cJSON_GetObjectItemCaseSensitive(line, "unanswered");
    struct history_op op = {
        .session = history_session(history, history_text(line, "session")),
        .region = history_region(history, history_text(line, "region")),
        .is_write = strcmp(name, "get") != 0,
        .is_delete = strcmp(name, "delete") == 0,
        .latest = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(line, "latest")),
        .invoked = history_instant(line, "invoked_ns"),
        .ended = history_instant(line, "ended_ns"),
        .unanswered = cJSON_IsNumber(unanswered) ? (uint32_t)unanswered->valueint : 0,
    };

    for (int i = 0; i < 4; i++)
        if (strcmp(outcome, outcomes[i]) == 0)
            op.outcome = (enum history_outcome)i;
    op.value = strtoull(history_text(line, "value"), NULL, 16);
    if (op.is_delete || op.outcome == OUTCOME_MISS)
        op.value = HISTORY_NOTHING;
    history->ops = history_grown(history->ops, &history->op_capacity, history->op_count + 1,
                                 sizeof *history->ops);
    history->ops[history->op_count++] = op;
}

static inline void history_take_write(struct history *history, const cJSON *line)
{
    struct history_write write = {
        .session = history_session(history, history_text(line, "session")),
        .region = history_region(history, history_text(line, "region")),
        .is_delete = strcmp(history_text(line, "operation"), "delete") == 0,
        .value = strtoull(history_text(line, "value"), NULL, 16),
        .executed = history_instant(line, "executed_ns"),
    };

    history->writes = history_grown(history->writes, &history->write_capacity,
                                    history->write_count + 1, sizeof *history->writes);
    history->writes[history->write_count++] = write;
}

static inline int history_by_session(const void *left, const void *right)
{
    const struct history_op *a = left, *b = right;

    if (a->session != b->session)
        return a->session < b->session ? -1 : 1;
    return (a->invoked > b->invoked) - (a->invoked < b->invoked);
}

/* Read all lines; false: a line is no JSON. Operations are sorted by session and invocation. */
static inline bool history_read(struct history *history, FILE *in)
{
    char *text = NULL;
    size_t size = 0;
    bool is_good = true;

    *history = (struct history){0};
    while (is_good && getline(&text, &size, in) > 0) {
        cJSON *line = cJSON_Parse(text);
        const char *type = line ? history_text(line, "type") : "";

        is_good = line != NULL;
        if (strcmp(type, "run") == 0)
            history_take_run(history, line);
        else if (strcmp(type, "operation") == 0)
            history_take_op(history, line);
        else if (strcmp(type, "write") == 0)
            history_take_write(history, line);
        cJSON_Delete(line);
    }
    free(text);
    if (history->op_count > 0)
        qsort(history->ops, history->op_count, sizeof *history->ops, history_by_session);
    return is_good;
}

static inline void history_release(struct history *history)
{
    for (int r = 0; r < history->region_count; r++)
        free(history->regions[r]);
    for (size_t s = 0; s < history->session_count; s++)
        free(history->sessions[s]);
    free(history->sessions);
    free(history->ops);
    free(history->writes);
    free(history->buckets);
}

#endif

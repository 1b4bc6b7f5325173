// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace_journal.h"

#include "hash.h"
#include "history_line.h"
#include "mem.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* --- members of a line ----------------------------------------------------------------------- */

static uint64_t digest_of(const cJSON *line, const char *name)
{
    return strtoull(line_text(line, name), NULL, 16);
}

static void copy_name(char to[JOURNAL_NAME], const char *from)
{
    snprintf(to, JOURNAL_NAME, "%s", from);
}

static int region_of(const struct journal *journal, const cJSON *line, const char *name)
{
    for (size_t r = 0; r < journal->region_count; r++)
        if (strcmp(journal->regions[r], line_text(line, name)) == 0)
            return (int)r;
    return -1;
}

/* --- sessions -------------------------------------------------------------------------------- */

static uint32_t *slot_of(struct journal *journal, const char *key)
{
    size_t at = (size_t)hash_text(HASH_START, key) & (journal->slot_count - 1);

    while (journal->slots[at] && strcmp(journal->sessions[journal->slots[at] - 1].key, key) != 0)
        at = (at + 1) & (journal->slot_count - 1);
    return &journal->slots[at];
}

static void grow_slots(struct journal *journal)
{
    if (journal->slot_count > 2 * (journal->session_count + 1))
        return;
    free(journal->slots);
    journal->slot_count = journal->slot_count ? 2 * journal->slot_count : 1024;
    journal->slots = mem_zalloc(journal->slot_count, sizeof *journal->slots);
    for (size_t i = 0; i < journal->session_count; i++)
        *slot_of(journal, journal->sessions[i].key) = (uint32_t)i + 1;
}

static int region_of_key(const struct journal *journal, const char *key)
{
    size_t length = strcspn(key, "/");

    for (size_t r = 0; r < journal->region_count; r++)
        if (strncmp(journal->regions[r], key, length) == 0 && !journal->regions[r][length])
            return (int)r;
    return -1;
}

static uint32_t session_of(struct journal *journal, const cJSON *line)
{
    const char *key = line_text(line, "session");
    uint32_t *slot;

    grow_slots(journal);
    slot = slot_of(journal, key);
    if (!*slot) {
        MEM_GROW(journal->sessions, journal->session_capacity, journal->session_count + 1);
        journal->sessions[journal->session_count++] = (struct journal_session){
            .key = mem_strdup(key), .region = region_of_key(journal, key), .first = INT64_MAX};
        *slot = (uint32_t)journal->session_count;
    }
    return *slot - 1;
}

/* --- lines ----------------------------------------------------------------------------------- */

static void read_run(struct journal *journal, const cJSON *line)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(line, "regions"))
    {
        MEM_GROW(journal->regions, journal->region_capacity, journal->region_count + 1);
        journal->regions[journal->region_count++] = mem_strdup(item->valuestring);
    }
}

static void read_operation(struct journal *journal, const cJSON *line)
{
    struct journal_op op = {.session = session_of(journal, line),
                            .instance = (uint32_t)line_integer(line, "instance"),
                            .attempts = (uint32_t)line_integer(line, "attempts"),
                            .region = region_of(journal, line, "region"),
                            .served_by = region_of(journal, line, "served_by"),
                            .invoked = line_integer(line, "invoked_ns"),
                            .ended = line_integer(line, "ended_ns"),
                            .last_begun = line_integer(line, "last_begun_ns"),
                            .event = line_integer(line, "event"),
                            .value = digest_of(line, "value")};
    struct journal_session *session = &journal->sessions[op.session];

    copy_name(op.name, line_text(line, "operation"));
    copy_name(op.outcome, line_text(line, "outcome"));
    if (op.invoked < session->first)
        session->first = op.invoked;
    session->impaired = session->impaired || op.event > 0 || strcmp(op.outcome, "failed") == 0 ||
                        strcmp(op.outcome, "unknown") == 0;
    MEM_GROW(journal->ops, journal->op_capacity, journal->op_count + 1);
    journal->ops[journal->op_count++] = op;
}

static void read_attempt(struct journal *journal, const cJSON *line)
{
    struct journal_attempt attempt = {.session = session_of(journal, line),
                                      .instance = (uint32_t)line_integer(line, "instance"),
                                      .number = (uint32_t)line_integer(line, "attempt"),
                                      .region = region_of(journal, line, "region"),
                                      .to = region_of(journal, line, "to"),
                                      .begun = line_integer(line, "begun_ns"),
                                      .ended = line_integer(line, "ended_ns")};

    copy_name(attempt.name, line_text(line, "operation"));
    copy_name(attempt.error, line_text(line, "error"));
    MEM_GROW(journal->attempts, journal->attempt_capacity, journal->attempt_count + 1);
    journal->attempts[journal->attempt_count++] = attempt;
}

static void read_write(struct journal *journal, const cJSON *line)
{
    struct journal_write write = {.session = session_of(journal, line),
                                  .region = region_of(journal, line, "region"),
                                  .executed = line_integer(line, "executed_ns"),
                                  .value = digest_of(line, "value"),
                                  .has_position = line_integer(line, "number") >= 0,
                                  .shard = (uint64_t)line_integer(line, "shard"),
                                  .branch = (uint64_t)line_integer(line, "branch"),
                                  .number = (uint64_t)line_integer(line, "number")};

    copy_name(write.name, line_text(line, "operation"));
    MEM_GROW(journal->writes, journal->write_capacity, journal->write_count + 1);
    journal->writes[journal->write_count++] = write;
}

/* The writes of the line that were read: they were executed before they were applied, those of a
 * stream in the order of their numbers. */
static void read_applied(struct journal *journal, const cJSON *line)
{
    int region = region_of(journal, line, "region");
    uint64_t value = digest_of(line, "value");
    uint64_t shard = (uint64_t)line_integer(line, "shard");
    uint64_t branch = (uint64_t)line_integer(line, "branch");
    uint64_t after = (uint64_t)line_integer(line, "after");
    uint64_t number = (uint64_t)line_integer(line, "number");

    for (size_t i = journal->write_count; i-- > 0;) {
        const struct journal_write *write = &journal->writes[i];
        bool in_stream = !value && write->has_position && write->shard == shard &&
                         write->branch == branch && write->number <= number;

        if (in_stream && write->number <= after)
            break;
        if ((!in_stream && (!value || write->value != value)) || write->region == region)
            continue;
        MEM_GROW(journal->applied, journal->applied_capacity, journal->applied_count + 1);
        journal->applied[journal->applied_count++] =
            (struct journal_applied){i, region, line_integer(line, "applied_ns")};
        if (value)
            break;
    }
}

static const struct line_kind {
    const char *type;
    void (*read)(struct journal *journal, const cJSON *line);
} line_kinds[] = {
    {"run", read_run},     {"operation", read_operation}, {"attempt", read_attempt},
    {"write", read_write}, {"applied", read_applied},
};

/* Only lines that may be of a wanted session are parsed. */
static bool may_matter(const char *line, const struct text_list *wanted)
{
    if (wanted->count == 0 || !strstr(line, "\"session\": "))
        return true;
    for (size_t i = 0; i < wanted->count; i++)
        if (strstr(line, wanted->items[i]))
            return true;
    return false;
}

static size_t row_count(const struct journal *journal)
{
    return journal->op_count + journal->attempt_count + journal->write_count;
}

void journal_read(struct journal *journal, FILE *history, const struct text_list *keys)
{
    struct text_list wanted = {0};
    char *line = NULL;
    size_t capacity = 0;

    for (size_t i = 0; i < keys->count; i++) {
        size_t size = strlen(keys->items[i]) + 32;
        char *text = mem_alloc(size, 1);

        snprintf(text, size, "\"session\": \"%s\"", keys->items[i]);
        MEM_GROW(wanted.items, wanted.capacity, wanted.count + 1);
        wanted.items[wanted.count++] = text;
    }
    rewind(history);
    while (!journal->is_cut && getline(&line, &capacity, history) > 0) {
        cJSON *parsed = may_matter(line, &wanted) ? cJSON_Parse(line) : NULL;

        for (size_t i = 0; parsed && i < sizeof line_kinds / sizeof line_kinds[0]; i++)
            if (strcmp(line_text(parsed, "type"), line_kinds[i].type) == 0)
                line_kinds[i].read(journal, parsed);
        cJSON_Delete(parsed);
        journal->is_cut = row_count(journal) >= JOURNAL_ROWS_MAX;
    }
    free(line);
    for (size_t i = 0; i < wanted.count; i++)
        free((char *)wanted.items[i]);
    free(wanted.items);
}

/* --- choice ---------------------------------------------------------------------------------- */

static int by_harm_and_time(const void *left, const void *right)
{
    const struct journal_session *a = *(struct journal_session *const *)left;
    const struct journal_session *b = *(struct journal_session *const *)right;

    if (a->impaired != b->impaired)
        return a->impaired ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return strcmp(a->key, b->key);
}

void journal_choose(struct journal *journal, size_t limit)
{
    struct journal_session **order =
        mem_alloc(journal->session_count + 1, sizeof(struct journal_session *));

    for (size_t i = 0; i < journal->session_count; i++)
        order[i] = &journal->sessions[i];
    qsort(order, journal->session_count, sizeof *order, by_harm_and_time);
    for (size_t i = 0; i < journal->session_count; i++)
        order[i]->chosen = i < limit;
    free(order);
}

void journal_release(struct journal *journal)
{
    for (size_t i = 0; i < journal->region_count; i++)
        free(journal->regions[i]);
    for (size_t i = 0; i < journal->session_count; i++)
        free(journal->sessions[i].key);
    free(journal->regions);
    free(journal->sessions);
    free(journal->slots);
    free(journal->ops);
    free(journal->attempts);
    free(journal->writes);
    free(journal->applied);
    *journal = (struct journal){0};
}

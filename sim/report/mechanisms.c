// SPDX-License-Identifier: GPL-3.0-or-later
#include "mechanisms.h"

#include "html_assets.h"
#include "mem.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

/* --- what shows that a mechanism is used ----------------------------------------------------- */

/*
 * A parameter `key` of a `section`, of any region, link or fault, that has a value (IS) or another
 * one (NOT); or a count that is not zero. One rule that applies is enough.
 */
enum rule_kind { IS, NOT, COUNTED };
static const struct rule {
    const char *mechanism;
    enum rule_kind kind;
    const char *section, *key, *value; /* COUNTED: metric, label or "", unused */
} rules[] = {
    // clang-format off
    {"pool",                 IS,      "client",      "mode",               "pool"},
    {"multiplexed",          IS,      "client",      "mode",               "multiplexed"},
    {"event loop",           IS,      "store",       "discipline",         "event-loop"},
    {"jitter",               NOT,     "network",     "jitter",             "0s"},
    {"bandwidth",            NOT,     "network",     "bandwidth",          "0"},
    {"timeouts and retries", NOT,     "client",      "retry.attempts",     "1"},
    {"overload",             COUNTED, "incidents_unrestored", "",          ""},
    {"retry budget",         NOT,     "client",      "retry.budget",       "none"},
    {"connection limits",    COUNTED, "store_connections_refused", "",     ""},
    {"connection limits",    COUNTED, "store_syns_dropped", "",            ""},
    {"hold",                 IS,      "faults",      "hold",               "true"},
    {"reset",                IS,      "faults",      "reset",              "true"},
    {"stall",                IS,      "faults",      "stall",              "true"},
    {"process crash",        IS,      "faults",      "crash",              "process"},
    {"host crash",           IS,      "faults",      "crash",              "host"},
    {"read after write",     COUNTED, "reads_after_write", "",             ""},
    {"replication lag",      NOT,     "replication", "backlog",            ""},
    {"partial resync",       COUNTED, "resyncs",     "partial",            ""},
    {"full resync",          COUNTED, "resyncs",     "full",               ""},
    {"replication timeouts", COUNTED, "replication_breaks", "secondary-timeout", ""},
    {"replication timeouts", COUNTED, "replication_breaks", "primary-timeout", ""},
    {"output buffer",        COUNTED, "replication_breaks", "output-buffer", ""},
    {"failover",             COUNTED, "failovers",   "",                   ""},
    {"persistence",          NOT,     "store",       "persistence",        "none"},
    {"memcached",            IS,      "store",       "kind",               "memcached"},
    {"loss",                 NOT,     "network",     "loss.independent",   "0%"},
    {"loss",                 NOT,     "faults",      "loss.independent",   "0%"},
    {"blackhole",            IS,      "faults",      "blackhole",          "true"},
    {"handshake",            COUNTED, "connections_opened", "",            ""},
    {"giving up",            NOT,     "network",     "tcp.retries2",       "15"},
    {"giving up",            NOT,     "client",      "user_timeout",       "0s"},
    {"idle connections",     NOT,     "network",     "idle_timeout.after", "0s"},
    {"idle connections",     NOT,     "client",      "keepalive.idle",     "0s"},
    {"congestion window",    COUNTED, "resyncs",     "full",               ""},
    // clang-format on
};
enum { RULES = sizeof rules / sizeof rules[0], DEPTH_MAX = 16 };

/* --- the resolved scenario ------------------------------------------------------------------- */

/* The keys above a line of canonical YAML, which indents by two columns. */
struct path {
    const char *keys[DEPTH_MAX];
    size_t lengths[DEPTH_MAX];
    size_t depth; /* of the line's own key, from 0 */
};

static bool key_is(const struct path *path, size_t at, const char *text, size_t length)
{
    return path->lengths[at] == length && strncmp(path->keys[at], text, length) == 0;
}

/* Whether the path is in the section and ends with the key, which may have dots. */
static bool path_matches(const struct path *path, const struct rule *rule)
{
    const char *end = rule->key + strlen(rule->key);
    size_t at = path->depth + 1;

    while (end > rule->key) {
        const char *start = end;

        while (start > rule->key && start[-1] != '.')
            start--;
        if (at == 0 || !key_is(path, --at, start, (size_t)(end - start)))
            return false;
        end = start > rule->key ? start - 1 : start;
    }
    for (size_t i = 0; i < at; i++)
        if (key_is(path, i, rule->section, strlen(rule->section)))
            return true;
    return false;
}

/* A key that opens a map has the value "": a choice with parameters of its own. */
static void match_line(bool used[RULES], const struct path *path, const char *value, size_t length)
{
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];

        if (rule->kind == COUNTED || used[i] || !path_matches(path, rule))
            continue;
        bool same = strlen(rule->value) == length && strncmp(rule->value, value, length) == 0;
        used[i] = same == (rule->kind == IS);
    }
}

static void match_scenario(bool used[RULES], const char *text)
{
    struct path path = {.depth = 0};

    while (*text) {
        size_t length = strcspn(text, "\n"), indent = strspn(text, " ");
        const char *key = text + indent, *colon = memchr(text, ':', length);

        if (indent / 2 < DEPTH_MAX && colon && key < colon && *key != '-') {
            const char *value = colon + 1 + strspn(colon + 1, " ");
            path.depth = indent / 2;
            path.keys[path.depth] = key;
            path.lengths[path.depth] = (size_t)(colon - key);
            for (size_t i = 0; i < path.depth; i++) /* a list's items have no key */
                if (!path.keys[i])
                    path.keys[i] = "";
            match_line(used, &path, value, (size_t)(text + length - value));
        } else if (indent / 2 < DEPTH_MAX && *key == '-') {
            path.keys[indent / 2] = "";
            path.lengths[indent / 2] = 0;
        }
        text += length + (text[length] == '\n');
    }
}

/* --- the bench ------------------------------------------------------------------------------- */

/* Whether `names`, "a;b" with an empty one, has the mechanism. */
static bool names_have(const char *names, size_t length, const char *mechanism)
{
    size_t wanted = strlen(mechanism);

    for (const char *at = names; at < names + length;) {
        size_t part = 0;

        while (at + part < names + length && at[part] != ';')
            part++;
        if (part == wanted && strncmp(at, mechanism, part) == 0)
            return true;
        at += part + 1;
    }
    return false;
}

/* Rows are row,experiment,"mechanisms",...,verdict. */
static void count_rows(struct mechanism *mechanism)
{
    for (const char *line = strchr(reality_csv, '\n'); line && line[1]; line = strchr(line, '\n')) {
        size_t length = strcspn(++line, "\n");
        const char *names = memchr(line, '"', length), *verdict = line + length;
        const char *end =
            names ? memchr(names + 1, '"', (size_t)(line + length - names - 1)) : NULL;

        while (verdict > line && verdict[-1] != ',')
            verdict--;
        if (!end || !names_have(names + 1, (size_t)(end - names - 1), mechanism->name))
            continue;
        mechanism->row_count++;
        mechanism->agreeing_count += strncmp(verdict, "agrees", strlen("agrees")) == 0;
    }
}

static bool is_counted(const struct statistic_table *statistics, int64_t point,
                       const struct rule *rule)
{
    const struct statistic_row *row =
        statistic_table_find(statistics, point, rule->section, "", "all", rule->key, "all");

    return row && row->interval.mean > 0;
}

static void add_mechanism(struct mechanism_list *list, const char *name)
{
    struct mechanism mechanism = {.name = name};

    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return;
    count_rows(&mechanism);
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = mechanism;
}

void mechanisms_find(struct mechanism_list *list, const char *scenario,
                     const struct statistic_table *statistics, int64_t point)
{
    bool used[RULES] = {false};

    match_scenario(used, scenario);
    for (size_t i = 0; i < RULES; i++)
        if (used[i] || (rules[i].kind == COUNTED && is_counted(statistics, point, &rules[i])))
            add_mechanism(list, rules[i].mechanism);
}

void mechanisms_release(struct mechanism_list *list)
{
    free(list->items);
    *list = (struct mechanism_list){NULL, 0, 0};
}

bool mechanism_at(size_t index, struct mechanism *mechanism)
{
    if (index >= RULES)
        return false;
    *mechanism = (struct mechanism){.name = rules[index].mechanism};
    count_rows(mechanism);
    return true;
}

void mechanisms_write(struct json_writer *json, const struct mechanism_list *list)
{
    json_open_array(json, "mechanisms");
    for (size_t i = 0; i < list->count; i++) {
        json_open_object(json, NULL);
        json_text(json, "name", list->items[i].name);
        json_count(json, "rows", list->items[i].row_count);
        json_count(json, "agree", list->items[i].agreeing_count);
        json_close(json);
    }
    json_close(json);
}

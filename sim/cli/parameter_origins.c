// SPDX-License-Identifier: GPL-3.0-or-later
#include "parameter_origins.h"

#include "mem.h"
#include "quote.h"
#include "scenario_values.h"
#include "strbuf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct default_value {
    char *path, *text;
};
/* Regions or links with the same value have one row. */
struct group {
    char *all; /* the parameter of all of them; NULL: the row is of no region or link */
    size_t members;
};
struct reader {
    struct parameter_origins *origins;
    struct group *groups; /* by row */
    size_t group_capacity;
    struct default_value *defaults; /* sorted by path once they are read */
    size_t count, capacity;
};

/* --- defaults -------------------------------------------------------------------------------- */

static int by_path(const void *left, const void *right)
{
    const struct default_value *a = left, *b = right;

    return strcmp(a->path, b->path);
}

/* Without these some scenarios are not valid: they are given, so they have no default here. */
static const char *const needed[] = {"primary", "secondaries"};

static bool is_needed(const char *path)
{
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (strncmp(path, "store.", 6) == 0 && strcmp(path + 6, needed[i]) == 0)
            return true;
    return false;
}

static void keep_default(void *self, const char *path, const char *value, const char *source,
                         const char *meaning)
{
    struct reader *reader = self;

    (void)source, (void)meaning;
    if (is_needed(path))
        return;
    MEM_GROW(reader->defaults, reader->capacity, reader->count + 1);
    reader->defaults[reader->count++] = (struct default_value){mem_strdup(path), mem_strdup(value)};
}

/* A scenario with the same regions and kind of store; NULL if there cannot be one. */
static struct scenario *defaults_of(const struct scenario *scenario,
                                    const struct registry *registry)
{
    const char *kind = scenario_value(scenario, "store.kind");
    struct strbuf text = STRBUF_INIT;
    struct diag unwanted = {0};

    strbuf_add(&text, "regions:\n");
    for (uint32_t r = 0; r < scenario->topology.region_count; r++) {
        strbuf_add(&text, "  ");
        quote_add(&text, QUOTE_JSON, scenario->topology.region_names[r]);
        strbuf_add(&text, ": {}\n");
    }
    if (kind)
        strbuf_addf(&text, "store:\n  kind: %s\n", kind);
    for (size_t i = 0; kind && i < sizeof needed / sizeof needed[0]; i++) {
        struct strbuf path = STRBUF_INIT;

        strbuf_addf(&path, "store.%s", needed[i]);
        const char *value = scenario_value(scenario, path.text);
        if (value && value[0] != '\0')
            strbuf_addf(&text, "  %s: %s\n", needed[i], value);
        strbuf_release(&path);
    }
    struct scenario *loaded =
        scenario_load_text(text.text, text.length, "the defaults", registry, NULL, 0, &unwanted);
    strbuf_release(&text);
    diag_release(&unwanted);
    return loaded;
}

static const char *default_at(const struct reader *reader, const char *path)
{
    const struct default_value wanted = {(char *)path, NULL};
    const struct default_value *found =
        bsearch(&wanted, reader->defaults, reader->count, sizeof *reader->defaults, by_path);

    return found ? found->text : NULL;
}

/* A value of one region or link: regions.NAME.client.timeout is client.timeout of all,
 * network."a -> b".rtt is network.rtt. The caller frees it; NULL: neither. */
static char *path_of_all(const char *path)
{
    struct strbuf all = STRBUF_INIT;
    const char *end;

    if (strncmp(path, "regions.", 8) == 0 && (end = strchr(path + 8, '.')) != NULL)
        return mem_strdup(end + 1);
    const char *quote = strchr(path, '"'), *close = quote ? strchr(quote + 1, '"') : NULL;
    if (!close || quote == path || close[1] != '.')
        return NULL;
    strbuf_add_bytes(&all, path, (size_t)(quote - path));
    strbuf_add(&all, close + 2);
    return strbuf_detach(&all);
}

/* --- values ---------------------------------------------------------------------------------- */

/* "faults.0.at": an item of a list, which has no default of its own. */
static bool is_of_list(const char *path)
{
    const char *dot = strchr(path, '.');

    return dot && isdigit((unsigned char)dot[1]);
}

/* Whether an earlier row has it, too: then it is counted there. */
static bool join_row(struct reader *reader, const char *all, const char *value)
{
    for (size_t i = reader->origins->count; i-- > 0;) {
        struct group *group = &reader->groups[i];

        if (group->all && strcmp(group->all, all) == 0 &&
            strcmp(reader->origins->rows[i].value, value) == 0) {
            group->members++;
            return true;
        }
    }
    return false;
}

static void keep_value(void *self, const char *path, const char *value, const char *source,
                       const char *meaning)
{
    struct reader *reader = self;
    struct parameter_origins *origins = reader->origins;
    char *all = path_of_all(path);

    if (is_of_list(path) || (all && join_row(reader, all, value))) {
        free(all);
        return;
    }
    const char *initial = default_at(reader, path);
    if (!initial && all)
        initial = default_at(reader, all);
    MEM_GROW(reader->groups, reader->group_capacity, origins->count + 1);
    reader->groups[origins->count] = (struct group){all, 1};
    MEM_GROW(origins->rows, origins->capacity, origins->count + 1);
    origins->rows[origins->count++] = (struct html_parameter){
        .path = mem_strdup(path),
        .value = mem_strdup(value),
        .initial =
            initial && strcmp(initial, value) == 0 ? NULL : mem_strdup(initial ? initial : "none"),
        .source = mem_strdup(source),
        .meaning = mem_strdup(meaning)};
}

/* "client.timeout, every region"; of one region its own path stays. */
static void name_group(struct reader *reader, size_t index)
{
    const struct group *group = &reader->groups[index];
    struct html_parameter *row = &reader->origins->rows[index];
    const char *what = strncmp(row->path, "regions.", 8) == 0 ? "region" : "link";
    struct strbuf name = STRBUF_INIT;
    size_t total = 0;

    if (!group->all || group->members == 1)
        return;
    for (size_t i = 0; i < reader->origins->count; i++)
        if (reader->groups[i].all && strcmp(reader->groups[i].all, group->all) == 0)
            total += reader->groups[i].members;
    if (group->members == total)
        strbuf_addf(&name, "%s, every %s", group->all, what);
    else
        strbuf_addf(&name, "%s, %zu %ss", group->all, group->members, what);
    free(row->path);
    row->path = strbuf_detach(&name);
}

void parameter_origins_load(struct parameter_origins *origins, const struct scenario *scenario,
                            const struct registry *registry)
{
    struct reader reader = {.origins = origins};
    struct scenario *defaults = defaults_of(scenario, registry);

    if (!defaults)
        return;
    scenario_each_value(defaults, keep_default, &reader);
    qsort(reader.defaults, reader.count, sizeof *reader.defaults, by_path);
    scenario_each_value(scenario, keep_value, &reader);
    for (size_t i = 0; i < origins->count; i++)
        name_group(&reader, i);
    for (size_t i = 0; i < reader.count; i++) {
        free(reader.defaults[i].path);
        free(reader.defaults[i].text);
    }
    for (size_t i = 0; i < origins->count; i++)
        free(reader.groups[i].all);
    free(reader.groups);
    free(reader.defaults);
    scenario_free(defaults);
}

void parameter_origins_release(struct parameter_origins *origins)
{
    for (size_t i = 0; i < origins->count; i++) {
        free(origins->rows[i].path);
        free(origins->rows[i].value);
        free(origins->rows[i].initial);
        free(origins->rows[i].source);
        free(origins->rows[i].meaning);
    }
    free(origins->rows);
}

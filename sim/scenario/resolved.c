// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The canonical text of a scenario: every parameter that applies, of every instance, with its
 * value, sorted. Each value is written at the most specific place, whether it came from a default,
 * a region or `extends`. So equivalent files have the same text, and that text loads to the same
 * scenario.
 */
#include "expectation.h"
#include "hash.h"
#include "mem.h"
#include "quote.h"
#include "run_settings.h"
#include "scenario_internal.h"
#include "sweep_axis.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A value and its path. */
struct row {
    const char *path;
    const char *text;
};

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    return strcmp(a->path, b->path);
}

/* A VARIANT is written as its choice only if no parameter of the choice follows; otherwise their
 * path implies it. */
static bool is_implied(const struct row *rows, size_t count, size_t index)
{
    size_t length = strlen(rows[index].path);

    /* Sorted: rows that begin alike follow one another. */
    for (size_t i = index + 1; i < count; i++) {
        if (strncmp(rows[i].path, rows[index].path, length) != 0)
            return false;
        if (rows[i].path[length] == '.')
            return true;
    }
    return false;
}

/*
 * Measured values may be long and the same on every link: a long value is written once, with an
 * anchor, and referenced afterwards.
 */
enum { LONG_TEXT = 200, ANCHORS_MAX = 64 };
struct writer {
    struct strbuf out;
    const char *anchored[ANCHORS_MAX];
    int anchor_count;
};

static void add_value(struct writer *writer, const char *text)
{
    int index = 0;

    if (strlen(text) < LONG_TEXT) {
        strbuf_add(&writer->out, text);
        return;
    }
    while (index < writer->anchor_count && strcmp(writer->anchored[index], text) != 0)
        index++;
    if (index < writer->anchor_count) {
        strbuf_addf(&writer->out, "*long%d", index);
    } else if (index < ANCHORS_MAX) {
        writer->anchored[writer->anchor_count++] = text;
        strbuf_addf(&writer->out, "&long%d %s", index, text);
    } else {
        strbuf_add(&writer->out, text);
    }
}

static void add_indent(struct strbuf *out, int depth)
{
    for (int i = 0; i < depth; i++)
        strbuf_add(out, "  ");
}

/* Sorted rows as nested maps: the common parts of a path and the previous one are not repeated. */
static void add_rows(struct writer *writer, const struct row *rows, size_t count, int depth)
{
    struct strbuf *out = &writer->out;
    const char *before = "";

    for (size_t i = 0; i < count; i++) {
        const char *path = rows[i].path;
        size_t shared = 0;
        int level = depth;

        for (size_t at = 0; path[at] && path[at] == before[at]; at++)
            if (path[at] == '.')
                shared = at + 1;
        for (size_t at = 0; at < shared; at++)
            level += path[at] == '.';
        before = path;
        for (const char *key = path + shared; key;) {
            const char *dot = strchr(key, '.');

            add_indent(out, level++);
            strbuf_add_bytes(out, key, dot ? (size_t)(dot - key) : strlen(key));
            strbuf_add(out, dot ? ":\n" : ": ");
            key = dot ? dot + 1 : NULL;
        }
        add_value(writer, rows[i].text);
        strbuf_add_char(out, '\n');
    }
}

/* All values of one config, if any. */
static void add_config(struct writer *writer, const struct field *fields, size_t field_count,
                       const struct schema_value *values, int depth)
{
    struct row *rows = mem_alloc(field_count, sizeof *rows), *kept;
    size_t count = 0, kept_count = 0;

    for (size_t i = 0; i < field_count; i++)
        if (values[i].applies && values[i].text)
            rows[count++] = (struct row){fields[i].name, values[i].text};
    if (count > 0)
        qsort(rows, count, sizeof *rows, compare_rows);
    kept = mem_alloc(count, sizeof *kept);
    for (size_t i = 0; i < count; i++)
        if (!is_implied(rows, count, i))
            kept[kept_count++] = rows[i];
    add_rows(writer, kept, kept_count, depth);
    free(rows);
    free(kept);
}

static bool has_values(const struct scenario *scenario, size_t index)
{
    const struct scenario_instance *instance = &scenario->instances[index];
    const struct schema_value *values = scenario_internal(scenario)->values[index];

    size_t field_count = scenario_internal(scenario)->tables[index].field_count;

    for (size_t i = 0; i < instance->config_count * field_count; i++)
        if (values[i].applies && values[i].text)
            return true;
    return false;
}

static void add_instance(struct writer *writer, const struct scenario *scenario, size_t index,
                         int depth)
{
    const struct scenario_internal *inner = scenario->inner;
    const struct config_table *table = &inner->tables[index];

    add_config(writer, table->fields, table->field_count, inner->values[index], depth);
}

static void add_regions(struct writer *writer, const struct scenario *scenario)
{
    const struct topology *topology = &scenario->topology;
    struct strbuf *out = &writer->out;

    strbuf_add(out, "regions:\n");
    for (uint32_t region = 0; region < topology->region_count; region++) {
        size_t length;

        strbuf_addf(out, "  \"%s\":", topology->region_names[region]);
        length = out->length;
        strbuf_add_char(out, '\n');
        for (size_t i = 0; i < scenario->instance_count; i++) {
            const struct scenario_instance *instance = &scenario->instances[i];

            if (instance->ops->scope != MODEL_PER_REGION || instance->region != (int)region ||
                !has_values(scenario, i))
                continue;
            strbuf_addf(out, "    %s:\n", instance->ops->section);
            add_instance(writer, scenario, i, 3);
        }
        if (out->length == length + 1) {
            strbuf_truncate(out, length);
            strbuf_add(out, " {}\n");
        }
    }
}

static void add_list(struct writer *writer, const struct scenario *scenario, size_t index)
{
    const struct scenario_instance *instance = &scenario->instances[index];
    const struct model_ops *ops = instance->ops;
    struct strbuf *out = &writer->out;

    strbuf_addf(out, "%s:%s\n", ops->section, instance->config_count ? "" : " []");
    for (size_t i = 0; i < instance->config_count; i++) {
        size_t length;

        strbuf_add(out, "  -");
        length = out->length;
        strbuf_add_char(out, '\n');
        add_config(writer, ops->fields, ops->field_count,
                   scenario_internal(scenario)->values[index] + i * ops->field_count, 2);
        if (out->length == length + 1) {
            strbuf_truncate(out, length);
            strbuf_add(out, " {}\n");
        }
    }
}

static void add_models(struct writer *writer, const struct scenario *scenario)
{
    const struct model_ops *before = NULL;
    struct strbuf *out = &writer->out;

    for (size_t i = 0; i < scenario->instance_count; i++) {
        const struct scenario_instance *instance = &scenario->instances[i];
        const struct model_ops *ops = instance->ops;

        if (ops->scope == MODEL_LIST) {
            add_list(writer, scenario, i);
        } else if (ops->scope == MODEL_ONCE && has_values(scenario, i)) {
            strbuf_addf(out, "%s:\n", ops->section);
            add_instance(writer, scenario, i, 1);
        } else if (ops->scope == MODEL_PER_LINK && has_values(scenario, i)) {
            if (ops != before)
                strbuf_addf(out, "%s:\n", ops->section);
            strbuf_addf(out, "  \"%s -> %s\":\n", scenario->topology.region_names[instance->region],
                        scenario->topology.region_names[instance->peer]);
            add_instance(writer, scenario, i, 2);
            before = ops;
        }
    }
}

static void add_texts(struct strbuf *out, const char *key, char *const *texts, size_t count)
{
    if (count > 0)
        strbuf_addf(out, "%s:\n", key);
    for (size_t i = 0; i < count; i++) {
        strbuf_add(out, "  - ");
        quote_add(out, QUOTE_JSON, texts[i]);
        strbuf_add_char(out, '\n');
    }
}

static void add_questions(struct strbuf *out, const struct scenario *scenario)
{
    if (scenario->expect_count > 0)
        strbuf_add(out, "expect:\n");
    for (size_t i = 0; i < scenario->expect_count; i++) {
        strbuf_add(out, "  - ");
        quote_add(out, QUOTE_JSON, scenario->expects[i].text);
        strbuf_add_char(out, '\n');
    }
    if (scenario->axis_count > 0)
        strbuf_add(out, "sweep:\n");
    for (size_t i = 0; i < scenario->axis_count; i++) {
        const struct sweep_axis *axis = &scenario->axes[i];

        strbuf_add(out, "  ");
        quote_add(out, QUOTE_JSON, axis->path);
        if (axis->value_count == 0) {
            strbuf_add(out, ": \"");
            quantity_add(out, &axis->from);
            strbuf_add(out, "..");
            quantity_add(out, &axis->to);
            strbuf_addf(out, "%s\"\n", axis->is_log ? "*" : "");
            continue;
        }
        strbuf_add(out, ": [");
        for (size_t j = 0; j < axis->value_count; j++)
            strbuf_addf(out, "%s%s", j > 0 ? ", " : "", axis->values[j]);
        strbuf_add(out, "]\n");
    }
    add_texts(out, "where", scenario->wheres, scenario->where_count);
    add_texts(out, "lockstep", scenario->locksteps, scenario->lockstep_count);
}

void resolved_build(struct scenario *scenario)
{
    struct writer writer = {.out = STRBUF_INIT};

    strbuf_add(&writer.out, "name: ");
    quote_add(&writer.out, QUOTE_JSON, scenario->name);
    strbuf_add_char(&writer.out, '\n');
    add_config(&writer, run_settings_fields, run_settings_field_count,
               scenario_internal(scenario)->run_values, 0);
    strbuf_addf(&writer.out, "seed: %" PRIu64 "\n", scenario->run.seed);
    add_regions(&writer, scenario);
    add_models(&writer, scenario);
    add_questions(&writer.out, scenario);
    scenario->resolved = strbuf_detach(&writer.out);
    scenario->hash = hash_text(HASH_START, scenario->resolved);
}

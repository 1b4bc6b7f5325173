// SPDX-License-Identifier: GPL-3.0-or-later
/* Presets: the values of each, what it omits, and its source. */
#include "describe.h"

#include "error_list.h"
#include "json_writer.h"
#include "mem.h"
#include "text_table.h"

#include <stdlib.h>
#include <string.h>

static void print_preset(const struct model_ops *ops, const struct preset *preset, FILE *out)
{
    struct text_table *table = text_table_create_bare(2);

    for (size_t i = 0; preset->values[i]; i++) {
        int length = (int)strcspn(preset->values[i], "=");

        text_table_add(table, "%s", i == 0 ? "sets" : "");
        text_table_add(table, "%s.%.*s: %s", ops->section, length, preset->values[i],
                       preset->values[i] + length + 1);
    }
    if (preset->left_out[0]) {
        text_table_add(table, "left out");
        text_table_add(table, "%s", preset->left_out);
    }
    text_table_add(table, "source");
    text_table_add(table, "%s", preset->source);
    text_table_widen(table, 0, strlen("left out"));
    fprintf(out, "%s (%s)\n", preset->name, preset->date);
    text_table_print_and_free(table, out);
}

static void write_preset(struct json_writer *json, const struct model_ops *ops,
                         const struct preset *preset)
{
    json_open_object(json, NULL);
    json_text(json, "name", preset->name);
    json_text(json, "section", ops->section);
    json_text(json, "version", preset->date);
    json_open_object(json, "sets");
    for (size_t i = 0; preset->values[i]; i++) {
        char *key = mem_strndup(preset->values[i], strcspn(preset->values[i], "="));

        json_text(json, key, preset->values[i] + strlen(key) + 1);
        free(key);
    }
    json_close(json);
    json_text(json, "left_out", preset->left_out);
    json_text(json, "source", preset->source);
    json_close(json);
}

static bool is_of(const struct model_ops *ops, const char *model)
{
    return !model || strcmp(ops->name, model) == 0 || strcmp(ops->section, model) == 0;
}

static void unknown_preset(const struct registry *registry, const char *model, const char *name,
                           struct diag *diag)
{
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < registry->model_count; i++)
        for (size_t j = 0; j < registry->models[i]->preset_count; j++) {
            if (!is_of(registry->models[i], model))
                continue;
            MEM_GROW(names, capacity, count + 1);
            names[count++] = registry->models[i]->presets[j].name;
        }
    if (count == 0) {
        strbuf_addf(&text, "'%s' has no presets", model ? model : "");
    } else {
        strbuf_addf(&text, "unknown preset '%s'", name ? name : "");
        add_remedy(&text, name ? name : "", "known are", names, count);
    }
    diag_error(diag, "%s", text.text);
    strbuf_release(&text);
    free(names);
}

struct found_preset {
    const struct model_ops *ops;
    const struct preset *preset;
};

/* The requested presets (NULL: all). The caller frees the result. */
static struct found_preset *find_presets(const struct registry *registry, const char *model,
                                         const char *name, size_t *count)
{
    struct found_preset *found = NULL;
    size_t capacity = 0;

    *count = 0;
    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        for (size_t j = 0; j < ops->preset_count; j++) {
            if (!is_of(ops, model) || (name && strcmp(ops->presets[j].name, name) != 0))
                continue;
            MEM_GROW(found, capacity, *count + 1);
            found[(*count)++] = (struct found_preset){ops, &ops->presets[j]};
        }
    }
    return found;
}

static void write_presets(const struct found_preset *found, size_t count, FILE *out)
{
    struct json_writer json;

    json_begin(&json, out);
    json_open_array(&json, NULL);
    for (size_t i = 0; i < count; i++)
        write_preset(&json, found[i].ops, found[i].preset);
    json_close(&json);
    json_end(&json);
}

int describe_presets(const struct registry *registry, const char *model, const char *name,
                     FILE *out, bool json, struct diag *diag)
{
    size_t count;
    struct found_preset *found = find_presets(registry, model, name, &count);

    if (count == 0)
        unknown_preset(registry, model, name, diag);
    else if (json)
        write_presets(found, count, out);
    for (size_t i = 0; !json && i < count; i++) {
        fputs(i > 0 ? "\n" : "", out);
        print_preset(found[i].ops, found[i].preset, out);
    }
    free(found);
    return count > 0 ? 0 : -1;
}

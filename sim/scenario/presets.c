// SPDX-License-Identifier: GPL-3.0-or-later
/* Presets: found by name, and told: what each sets, what the real thing has besides, and who says
 * so. */
#include "mem.h"
#include "scenario_internal.h"

#include <stdlib.h>
#include <string.h>

const struct preset *preset_find(const struct model_ops *ops, const char *name)
{
    for (size_t i = 0; i < ops->preset_count; i++)
        if (strcmp(ops->presets[i].name, name) == 0)
            return &ops->presets[i];
    return NULL;
}

static void print_preset(const struct model_ops *ops, const struct preset *preset, FILE *out)
{
    fprintf(out, "%s (%s)\n", preset->name, preset->date);
    for (size_t i = 0; preset->values[i]; i++) {
        int length = (int)strcspn(preset->values[i], "=");

        fprintf(out, "  %s %s.%.*s: %s\n", i == 0 ? "sets    " : "        ", ops->section, length,
                preset->values[i], preset->values[i] + length + 1);
    }
    if (preset->left_out[0])
        fprintf(out, "  left out %s\n", preset->left_out);
    fprintf(out, "  source   %s\n", preset->source);
}

static void add_member(struct strbuf *out, const char *before, const char *key, const char *text)
{
    strbuf_addf(out, "%s\"%s\": ", before, key);
    strbuf_add_json(out, text);
}

static void add_preset_json(struct strbuf *out, const struct model_ops *ops,
                            const struct preset *preset)
{
    add_member(out, "{", "name", preset->name);
    add_member(out, ", ", "section", ops->section);
    add_member(out, ", ", "version", preset->date);
    strbuf_add(out, ", \"sets\": {");
    for (size_t i = 0; preset->values[i]; i++) {
        char *key = mem_strndup(preset->values[i], strcspn(preset->values[i], "="));

        strbuf_add(out, i > 0 ? ", " : "");
        strbuf_add_json(out, key);
        strbuf_add(out, ": ");
        strbuf_add_json(out, preset->values[i] + strlen(key) + 1);
        free(key);
    }
    add_member(out, "}, ", "left_out", preset->left_out);
    add_member(out, ", ", "source", preset->source);
    strbuf_add_char(out, '}');
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

int describe_presets(const struct registry *registry, const char *model, const char *name,
                     FILE *out, bool json, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        for (size_t j = 0; j < ops->preset_count; j++) {
            const struct preset *preset = &ops->presets[j];

            if (!is_of(ops, model) || (name && strcmp(preset->name, name) != 0))
                continue;
            if (json) {
                strbuf_add(&text, count > 0 ? ",\n " : "[\n ");
                add_preset_json(&text, ops, preset);
            } else {
                fputs(count > 0 ? "\n" : "", out);
                print_preset(ops, preset, out);
            }
            count++;
        }
    }
    if (json && count > 0)
        fprintf(out, "%s]\n", text.text);
    strbuf_release(&text);
    if (count == 0)
        unknown_preset(registry, model, name, diag);
    return count > 0 ? 0 : -1;
}

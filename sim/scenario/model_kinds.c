// SPDX-License-Identifier: GPL-3.0-or-later
#include "model_kinds.h"

#include "bug.h"
#include "mem.h"
#include "schema.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct model_kind *kind_find(const struct model_ops *ops, const char *name)
{
    for (size_t i = 0; i < ops->kind_count; i++)
        if (strcmp(ops->kinds[i]->name, name) == 0)
            return ops->kinds[i];
    return NULL;
}

const struct model_kind *kind_chosen(const struct model_ops *ops, const struct yaml_node *section)
{
    const struct yaml_node *node = yaml_get(section, KIND_KEY);
    const struct field *field;

    if (ops->kind_count == 0)
        return NULL;
    if (node)
        return node->kind == YAML_SCALAR ? kind_find(ops, node->text) : NULL;
    field = schema_find(ops->fields, ops->field_count, KIND_KEY);
    invariant(field && field->type == FIELD_CHOICE);
    return field->initial ? kind_find(ops, field->initial) : NULL;
}

const struct model_kind *kind_of_root(const struct registry *registry, const struct yaml_node *root)
{
    const struct model_ops *ops = registry_section(registry, MODEL_KIND_SECTION);

    return ops ? kind_chosen(ops, yaml_get(root, MODEL_KIND_SECTION)) : NULL;
}

bool kind_lacks(const struct model_kind *kind, const char *path)
{
    for (size_t i = 0; kind && kind->lacks && kind->lacks[i]; i++) {
        size_t length = strlen(kind->lacks[i]);

        if (strncmp(path, kind->lacks[i], length) == 0 &&
            (path[length] == '\0' || path[length] == '.'))
            return true;
    }
    return false;
}

bool kind_has_model(const struct model_kind *kind, const struct model_ops *ops)
{
    if (!kind || !ops->only_kinds)
        return true;
    for (size_t i = 0; ops->only_kinds[i]; i++)
        if (strcmp(ops->only_kinds[i], kind->name) == 0)
            return true;
    return false;
}

/* --- parameters, sections and metrics of another kind ---------------------------------- */

enum { KINDS_LISTED_MAX = 32 };

/* "kind 'a'", "kinds 'a', 'b' and 'c'", then ", not of 'chosen'". */
static void add_owners(struct strbuf *out, const char *const *names, size_t count,
                       const struct model_kind *chosen)
{
    strbuf_add(out, count == 1 ? "kind" : "kinds");
    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, "%s '%s'", i == 0 ? "" : i + 1 < count ? "," : " and", names[i]);
    strbuf_addf(out, ", not of '%s'", chosen->name);
}

/* Whether there is a row at `path` or below it. */
static bool has_path(const struct field *fields, size_t count, const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < count; i++)
        if (strncmp(fields[i].name, path, length) == 0 &&
            (fields[i].name[length] == '\0' || fields[i].name[length] == '.'))
            return true;
    return false;
}

/* Whether the model has it with this kind. */
static bool kind_has_path(const struct model_ops *ops, const struct model_kind *kind,
                          const char *path)
{
    return has_path(kind->fields, kind->field_count, path) ||
           (has_path(ops->fields, ops->field_count, path) && !kind_lacks(kind, path));
}

bool kind_explain_parameter(struct strbuf *out, const struct model_ops *ops,
                            const struct model_kind *chosen, const char *path)
{
    const char *names[KINDS_LISTED_MAX];
    size_t count = 0;

    for (size_t i = 0; i < ops->kind_count && count < KINDS_LISTED_MAX; i++)
        if (ops->kinds[i] != chosen && kind_has_path(ops, ops->kinds[i], path))
            names[count++] = ops->kinds[i]->name;
    if (count > 0 && chosen) {
        strbuf_addf(out, "'%s' is a parameter of ", path);
        add_owners(out, names, count, chosen);
    }
    return count > 0;
}

bool kind_explain_section(struct strbuf *out, const struct model_ops *ops,
                          const struct model_kind *chosen)
{
    size_t count = 0;

    if (kind_has_model(chosen, ops))
        return false;
    while (ops->only_kinds[count])
        count++;
    strbuf_addf(out, "'%s' is a section of ", ops->section);
    add_owners(out, ops->only_kinds, count, chosen);
    return true;
}

static bool has_metric(const struct metric *metrics, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return true;
    return false;
}

bool kind_explain_metric(struct strbuf *out, const struct registry *registry,
                         const struct model_kind *chosen, const char *name)
{
    const char *names[KINDS_LISTED_MAX];
    size_t count = 0;

    for (size_t i = 0; chosen && i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        if (!kind_has_model(chosen, ops) && has_metric(ops->metrics, ops->metric_count, name))
            for (size_t j = 0; ops->only_kinds[j] && count < KINDS_LISTED_MAX; j++)
                names[count++] = ops->only_kinds[j];
        for (size_t j = 0; j < ops->kind_count && count < KINDS_LISTED_MAX; j++)
            if (ops->kinds[j] != chosen &&
                has_metric(ops->kinds[j]->metrics, ops->kinds[j]->metric_count, name))
                names[count++] = ops->kinds[j]->name;
    }
    if (count == 0)
        return false;
    strbuf_addf(out, "'%s' is a metric of ", name);
    add_owners(out, names, count, chosen);
    return true;
}

/* --- one table of two ------------------------------------------------------------------ */

struct config_table config_table_make(const struct model_ops *ops, const struct model_kind *kind)
{
    const size_t alignment = _Alignof(max_align_t);
    struct config_table table = {ops->fields, ops->field_count, ops->config_size, 0};
    struct field *fields;

    table.kind_offset = table.size;
    if (!kind)
        return table;
    table.kind_offset = (ops->config_size + alignment - 1) / alignment * alignment;
    table.size = table.kind_offset + kind->config_size;
    fields = mem_alloc(ops->field_count + kind->field_count, sizeof *fields);
    table.field_count = 0;
    for (size_t i = 0; i < ops->field_count; i++)
        if (!kind_lacks(kind, ops->fields[i].name))
            fields[table.field_count++] = ops->fields[i];
    for (size_t i = 0; i < kind->field_count; i++) {
        invariant(!schema_find(fields, table.field_count, kind->fields[i].name));
        fields[table.field_count] = kind->fields[i];
        fields[table.field_count++].offset += table.kind_offset;
    }
    table.fields = fields;
    return table;
}

void config_table_release(struct config_table *table, const struct model_ops *ops)
{
    if (table->fields != ops->fields)
        free((void *)(uintptr_t)table->fields);
    *table = (struct config_table){0};
}

/* --- a base of another kind ------------------------------------------------------------ */

struct settling {
    struct yaml_trees *trees;
    struct strbuf left_out; /* "'store.data_set' (base.yaml:3), 'replication' (base.yaml:7)" */
};

static void leave_out(struct settling *settling, const char *section, const struct yaml_node *key)
{
    strbuf_addf(&settling->left_out, "%s'%s%s%s' (%s:%d)",
                settling->left_out.length > 0 ? ", " : "", section, section[0] ? "." : "",
                key->text, key->source->name, key->line);
}

static bool is_inherited(const struct yaml_node *base, const struct yaml_entry *entry)
{
    const struct yaml_entry *old = yaml_find(base, entry->key->text);

    return old && old->value == entry->value;
}

/* The section without inherited parameters of another kind. */
static const struct yaml_node *settle_section(struct settling *settling,
                                              const struct model_ops *ops,
                                              const struct model_kind *kind,
                                              const struct yaml_node *base,
                                              const struct yaml_node *merged)
{
    struct yaml_entry *kept = mem_alloc(merged->count + 1, sizeof *kept);
    const struct yaml_node *result;
    struct strbuf unused = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; i < merged->count; i++) {
        const struct yaml_entry *entry = &merged->entries[i];
        const char *key = entry->key->text;

        if (is_inherited(base, entry) && !kind_has_path(ops, kind, key) &&
            kind_explain_parameter(&unused, ops, kind, key))
            leave_out(settling, ops->section, entry->key);
        else
            kept[count++] = *entry;
    }
    result = yaml_make(settling->trees, YAML_MAP, merged, kept, count);
    strbuf_release(&unused);
    free(kept);
    return result;
}

/* The root without parameters of the old kind, where the kind of a model has changed. */
static const struct yaml_node *
settle_model(struct settling *settling, const struct registry *registry,
             const struct model_ops *ops, const struct model_kind *kind,
             const struct yaml_node *base, const struct yaml_node *root)
{
    struct yaml_entry *kept = mem_alloc(root->count + 1, sizeof *kept);
    bool decides = strcmp(ops->section, MODEL_KIND_SECTION) == 0;
    const struct yaml_node *result;
    size_t count = 0;

    for (size_t i = 0; i < root->count; i++) {
        struct yaml_entry entry = root->entries[i];
        const struct model_ops *owner = registry_section(registry, entry.key->text);

        if (decides && owner && !kind_has_model(kind, owner) && is_inherited(base, &entry)) {
            leave_out(settling, "", entry.key);
            continue;
        }
        if (owner == ops && entry.value->kind == YAML_MAP)
            entry.value =
                settle_section(settling, ops, kind, yaml_get(base, ops->section), entry.value);
        kept[count++] = entry;
    }
    result = yaml_make(settling->trees, YAML_MAP, root, kept, count);
    free(kept);
    return result;
}

const struct yaml_node *kinds_settle(struct yaml_trees *trees, const struct registry *registry,
                                     const struct yaml_node *base, const struct yaml_node *merged,
                                     struct error_list *errors)
{
    struct settling settling = {.trees = trees, .left_out = STRBUF_INIT};

    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];
        const struct yaml_node *section = yaml_get(merged, ops->section);
        const struct model_kind *kind = kind_chosen(ops, section);

        if (!kind || kind == kind_chosen(ops, yaml_get(base, ops->section)))
            continue;
        merged = settle_model(&settling, registry, ops, kind, base, merged);
        if (errors && settling.left_out.length > 0)
            note_at(errors, yaml_get(section, KIND_KEY),
                    "ignored inherited settings that kind '%s' does not have: %s", kind->name,
                    settling.left_out.text);
        strbuf_clear(&settling.left_out);
    }
    strbuf_release(&settling.left_out);
    return merged;
}

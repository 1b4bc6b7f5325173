// SPDX-License-Identifier: GPL-3.0-or-later
#include "layers.h"

#include "mem.h"
#include "model_kinds.h"
#include "overlay.h"
#include "text_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The chain of files, the current one first. */
struct chain {
    const struct chain *parent;
    const char *path;
    dev_t device; /* with the inode: identifies the file; 0, 0: none */
    ino_t inode;
    int depth;
};

struct layers {
    struct yaml_trees *trees;
    const struct registry *registry;
    struct error_list *errors;
};

static const struct yaml_node *load_file(const struct layers *layers, const struct chain *parent,
                                         const char *path, const struct yaml_node *extends,
                                         bool *cannot_read, const struct yaml_source **source);

static const struct chain *find_in_chain(const struct chain *chain, const struct chain *file)
{
    for (; chain; chain = chain->parent)
        if (file->inode != 0 && chain->inode == file->inode && chain->device == file->device)
            return chain;
    return NULL;
}

static void add_chain(struct strbuf *out, const struct chain *chain, const struct chain *first)
{
    if (chain != first)
        add_chain(out, chain->parent, first);
    strbuf_addf(out, "%s -> ", chain->path);
}

static void report_circle(const struct layers *layers, const struct chain *chain,
                          const struct chain *first, const char *path,
                          const struct yaml_node *extends)
{
    struct strbuf text = STRBUF_INIT;

    add_chain(&text, chain, first);
    error_at(layers->errors, extends, "'extends' is circular: %s%s", text.text, path);
    strbuf_release(&text);
}

static const struct yaml_node *without_extends(const struct layers *layers,
                                               const struct yaml_node *root)
{
    struct yaml_entry *entries = mem_alloc(root->count, sizeof *entries);
    const struct yaml_node *result;
    size_t count = 0;

    for (size_t i = 0; i < root->count; i++)
        if (strcmp(root->entries[i].key->text, "extends") != 0)
            entries[count++] = root->entries[i];
    result = yaml_make(layers->trees, YAML_MAP, root, entries, count);
    free(entries);
    return result;
}

static const struct yaml_node *load_base(const struct layers *layers, const struct chain *chain,
                                         const struct yaml_node *extends)
{
    struct strbuf path = STRBUF_INIT;
    const struct yaml_node *base = NULL;

    if (extends->kind != YAML_SCALAR || extends->text[0] == '\0') {
        error_at(layers->errors, extends, "'extends' needs the name of one file, got %s",
                 yaml_kind_name(extends));
        return NULL;
    }
    path_join(&path, extends->source->directory, extends->text);
    if (chain->depth >= LAYERS_MAX)
        error_at(layers->errors, extends, "'extends' is more than %d files deep", LAYERS_MAX);
    else
        base = load_file(layers, chain, path.text, extends, NULL, NULL);
    strbuf_release(&path);
    return base;
}

static const struct yaml_node *load_source(const struct layers *layers, const struct chain *chain,
                                           const struct yaml_source *source)
{
    const struct shape top = overlay_top(layers->registry);
    const struct yaml_node *root = yaml_parse(layers->trees, source, 0, layers->errors->diag);
    const struct yaml_node *extends, *base, *merged;

    if (!root)
        return NULL;
    if (root->is_null) {
        error_in_file(layers->errors, source,
                      "the file is empty: a scenario needs at least 'regions'");
        return NULL;
    }
    if (root->kind != YAML_MAP) {
        error_at(layers->errors, root, "a scenario is a map of keys and values, got %s",
                 yaml_kind_name(root));
        return NULL;
    }
    extends = yaml_get(root, "extends");
    if (!extends)
        return root;
    base = load_base(layers, chain, extends);
    if (!base)
        return NULL;
    merged = overlay_merge(layers->trees, base, without_extends(layers, root), &top);
    return kinds_settle(layers->trees, layers->registry, base, merged, layers->errors);
}

static void report_unreadable(const struct layers *layers, const char *path, const char *why,
                              const struct yaml_node *extends)
{
    if (extends)
        error_at(layers->errors, extends, "cannot read '%s', which this file extends: %s", path,
                 why);
    else
        error_at(layers->errors, NULL, "cannot read scenario '%s': %s", path, why);
}

static const struct yaml_node *load_file(const struct layers *layers, const struct chain *parent,
                                         const char *path, const struct yaml_node *extends,
                                         bool *cannot_read, const struct yaml_source **source)
{
    struct chain here = {parent, path, 0, 0, parent ? parent->depth + 1 : 1};
    const struct chain *first;
    struct strbuf text = STRBUF_INIT, why = STRBUF_INIT, directory = STRBUF_INIT;
    const struct yaml_node *root = NULL;
    struct stat status;

    if (stat(path, &status) == 0) {
        here.device = status.st_dev;
        here.inode = status.st_ino;
    }
    first = find_in_chain(parent, &here);
    if (first) {
        report_circle(layers, parent, first, path, extends);
    } else if (!text_file_read(path, extends ? TEXT_FILE_REGULAR : TEXT_FILE_OR_STREAM,
                               LAYERS_FILE_SIZE_MAX, &text, &why)) {
        report_unreadable(layers, path, why.text, extends);
        if (cannot_read)
            *cannot_read = true;
    } else {
        const struct yaml_source *added;

        path_directory(&directory, path);
        added = yaml_source_add(layers->trees, path, directory.text, text.text, text.length);
        if (source)
            *source = added;
        root = load_source(layers, &here, added);
    }
    strbuf_release(&text);
    strbuf_release(&why);
    strbuf_release(&directory);
    return root;
}

const struct yaml_node *layers_load_file(struct yaml_trees *trees, const struct registry *registry,
                                         const char *path, struct error_list *errors,
                                         bool *cannot_read, const struct yaml_source **source)
{
    const struct layers layers = {trees, registry, errors};

    return load_file(&layers, NULL, path, NULL, cannot_read, source);
}

const struct yaml_node *layers_load_text(struct yaml_trees *trees, const struct registry *registry,
                                         const char *text, size_t length, const char *name,
                                         struct error_list *errors,
                                         const struct yaml_source **source)
{
    const struct layers layers = {trees, registry, errors};
    const struct chain here = {NULL, name, 0, 0, 1};

    if (length > LAYERS_FILE_SIZE_MAX) {
        error_at(errors, NULL, "cannot read scenario '%s': is larger than 1 MiB", name);
        return NULL;
    }
    *source = yaml_source_add(trees, name, "", text, length);
    return load_source(&layers, &here, *source);
}

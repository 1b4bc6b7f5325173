// SPDX-License-Identifier: GPL-3.0-or-later
#include "old_parameters.h"

#include "overlay.h"

#include <stdlib.h>
#include <string.h>

/* The new nodes are at the place of the old value, so that errors of it point there. */
static const struct yaml_node *set(struct yaml_trees *trees, const struct registry *registry,
                                   const struct yaml_node *root, const char *text,
                                   const struct yaml_node *value, struct error_list *errors)
{
    const struct yaml_source *source = yaml_source_add(trees, "", "", text, strlen(text));
    struct overlay_path path;
    size_t end = 0;

    if (overlay_path_parse(trees, source, '\0', value, errors, &path, &end))
        root = overlay_set(trees, root, registry, &path, value, errors);
    free(path.segments);
    return root;
}

static const struct yaml_node *replace(struct yaml_trees *trees, const struct registry *registry,
                                       const struct yaml_node *root, const struct model_ops *ops,
                                       const struct old_parameter *old, struct error_list *errors)
{
    const struct yaml_node *given = yaml_get(yaml_get(root, ops->section), old->name);
    struct strbuf text = STRBUF_INIT;

    if (!given || given->kind != YAML_SCALAR || given->is_null)
        return root;
    for (const struct old_setting *setting = old->settings; setting->name; setting++)
        strbuf_addf(&text, "%s'%s.%s=%s'", text.length > 0 ? ", " : "", ops->section, setting->name,
                    setting->value ? setting->value : given->text);
    warning_at(errors, given, "one value for '%s.%s' is an old form; it sets %s", ops->section,
               old->name, text.text);
    for (const struct old_setting *setting = old->settings; setting->name; setting++) {
        strbuf_clear(&text);
        strbuf_addf(&text, "%s.%s", ops->section, setting->name);
        root = set(trees, registry, root, text.text,
                   setting->value ? yaml_make_scalar(trees, given, setting->value) : given, errors);
    }
    strbuf_release(&text);
    return root;
}

const struct yaml_node *old_parameters_replace(struct yaml_trees *trees,
                                               const struct registry *registry,
                                               const struct yaml_node *root,
                                               struct error_list *errors)
{
    for (size_t i = 0; i < registry->model_count; i++) {
        const struct model_ops *ops = registry->models[i];

        for (size_t j = 0; j < ops->old_parameter_count; j++)
            root = replace(trees, registry, root, ops, &ops->old_parameters[j], errors);
    }
    return root;
}

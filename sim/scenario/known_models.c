// SPDX-License-Identifier: GPL-3.0-or-later
#include "known_models.h"

#include <string.h>

static const struct metric *find_metric(const struct metric *metrics, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

const struct metric *registry_metric(const struct registry *registry, const char *name)
{
    const struct metric *found = NULL;

    for (size_t i = 0; i < registry->model_count && !found; i++) {
        const struct model_ops *ops = registry->models[i];

        found = find_metric(ops->metrics, ops->metric_count, name);
        for (size_t j = 0; j < ops->kind_count && !found; j++)
            found = find_metric(ops->kinds[j]->metrics, ops->kinds[j]->metric_count, name);
    }
    return found;
}

const struct model_ops *registry_section(const struct registry *registry, const char *section)
{
    for (size_t i = 0; i < registry->model_count; i++)
        if (strcmp(registry->models[i]->section, section) == 0)
            return registry->models[i];
    return NULL;
}

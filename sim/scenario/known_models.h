// SPDX-License-Identifier: GPL-3.0-or-later
/* The models of a program, passed in by the caller (models/registry.h), and lookups in them. */
#ifndef KNOWN_MODELS_H
#define KNOWN_MODELS_H

#include "model.h"

#include <stddef.h>

struct registry {
    const struct model_ops *const *models; /* in the order in which they are initialised */
    size_t model_count;
};
/* The metric of that name, of any model or kind; NULL if there is none. O(metrics). */
const struct metric *registry_metric(const struct registry *registry, const char *name);
/* The model of that section, or NULL. */
const struct model_ops *registry_section(const struct registry *registry, const char *section);

#endif

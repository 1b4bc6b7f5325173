// SPDX-License-Identifier: GPL-3.0-or-later
/* The models that a program knows, as its caller hands them over (models/registry.h), and what they
 * have. */
#ifndef KNOWN_MODELS_H
#define KNOWN_MODELS_H

#include "model.h"

#include <stddef.h>

struct registry {
    const struct model_ops *const *models; /* in the order in which they are initialised */
    size_t model_count;
};
/* The metric of that name, of whichever model and kind; NULL where there is none. O(metrics). */
const struct metric *registry_metric(const struct registry *registry, const char *name);
/* The model of that section, or NULL. */
const struct model_ops *registry_section(const struct registry *registry, const char *section);

#endif

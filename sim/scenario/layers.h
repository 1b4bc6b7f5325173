// SPDX-License-Identifier: GPL-3.0-or-later
/* Resolve `extends`: merge a file over the file that it extends, recursively, into one tree. */
#ifndef LAYERS_H
#define LAYERS_H

#include "error_list.h"
#include "scenario.h"
#include "yaml_tree.h"

#define LAYERS_MAX 16
#define LAYERS_FILE_SIZE_MAX (1 << 20)

/* The merged map without `extends`; NULL on errors, which are reported. *cannot_read (may be NULL)
 * is set if the file itself cannot be opened or read. *source (may be NULL) is set to the file
 * itself. */
const struct yaml_node *layers_load_file(struct yaml_trees *trees, const struct registry *registry,
                                         const char *path, struct error_list *errors,
                                         bool *cannot_read, const struct yaml_source **source);
const struct yaml_node *layers_load_text(struct yaml_trees *trees, const struct registry *registry,
                                         const char *text, size_t length, const char *name,
                                         struct error_list *errors,
                                         const struct yaml_source **source);

#endif

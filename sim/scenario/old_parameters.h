// SPDX-License-Identifier: GPL-3.0-or-later
/* Parameters of earlier versions in a scenario: accepted, with a warning at their place. */
#ifndef OLD_PARAMETERS_H
#define OLD_PARAMETERS_H

#include "error_list.h"
#include "known_models.h"
#include "model.h"
#include "yaml_tree.h"

/* The root with the settings of today in place of each old parameter of a model (struct
 * old_parameter). */
const struct yaml_node *old_parameters_replace(struct yaml_trees *trees,
                                               const struct registry *registry,
                                               const struct yaml_node *root,
                                               struct error_list *errors);

#endif

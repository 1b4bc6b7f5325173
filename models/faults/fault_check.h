// SPDX-License-Identifier: GPL-3.0-or-later
/* Validation of one fault against the others and against what its scenario simulates. */
#ifndef FAULT_CHECK_H
#define FAULT_CHECK_H

#include "model.h"

/* The check of struct model_ops. */
void fault_schedule_check(const void *config, const struct check_context *context,
                          struct validation *validation);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* What an author may write of one fault. */
#ifndef FAULT_CHECK_H
#define FAULT_CHECK_H

#include "model.h"

/* The check of struct model_ops. */
void fault_schedule_check(const void *config, const struct check_context *context,
                          struct validation *validation);

#endif

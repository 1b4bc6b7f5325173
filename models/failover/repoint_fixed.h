// SPDX-License-Identifier: GPL-3.0-or-later
/* No repointing: clients keep the endpoint that they have. */
#ifndef REPOINT_FIXED_H
#define REPOINT_FIXED_H

#include "repoint.h"

extern const struct repoint_ops repoint_fixed_ops;

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* `--precision`: add replications to each point until its intervals are narrow enough. */
#ifndef STUDY_PRECISE_H
#define STUDY_PRECISE_H

#include "study_command.h"

/* As study_command(), with the goals of --precision. */
int study_command_precise(const struct invocation *invocation, const struct point_set *set);

#endif

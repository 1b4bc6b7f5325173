// SPDX-License-Identifier: GPL-3.0-or-later
/* When faults begin and end, those after other faults included. Known before the run. */
#ifndef FAULT_TIMES_H
#define FAULT_TIMES_H

#include "fault_config.h"

#include <stddef.h>

/* All faults of a scenario. */
struct fault_list {
    const struct fault_config *items;
    size_t count;
};

#define FAULT_NONE SIZE_MAX
/* The first fault of that name; FAULT_NONE: there is none. */
size_t fault_find(const struct fault_list *list, const char *name);

/* Has the fault actions, and none that lasts? */
bool fault_is_at_once(const struct fault_config *config);
/* Does the fault begin again after `times` beginnings? */
bool fault_repeats(const struct fault_config *config, uint32_t times);

/* Where the chain of `after` ends: at a fault without `after` (CHAIN_GOOD), at a name that no fault
 * has (CHAIN_BROKEN), or not within FAULT_CHAIN_MAX faults, such as in a circle (CHAIN_ENDLESS). */
enum fault_chain { CHAIN_GOOD, CHAIN_BROKEN, CHAIN_ENDLESS };
#define FAULT_CHAIN_MAX 16
enum fault_chain fault_chain(const struct fault_list *list, size_t index);
/* First beginning, or start of the random process; SIM_NEVER: the fault before it never ends. The
 * chain must be good. */
sim_time fault_begin(const struct fault_list *list, size_t index);
/* Last end; SIM_NEVER: until the end of the run, as of all random processes. Without `for`, one
 * that takes no time ends when it begins. The chain must be good. */
sim_time fault_end(const struct fault_list *list, size_t index);

#endif

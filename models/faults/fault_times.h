// SPDX-License-Identifier: GPL-3.0-or-later
/* When faults begin and end, whichever other fault they follow. Times are known before the run. */
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

/* Does it begin again after `times` beginnings? */
bool fault_repeats(const struct fault_config *config, uint32_t times);

/* The faults that `after` leads through: to one that follows none; to a name that no fault has; or
 * through more than FAULT_CHAIN_MAX of them, perhaps in a circle. */
enum fault_chain { CHAIN_GOOD, CHAIN_BROKEN, CHAIN_ENDLESS };
#define FAULT_CHAIN_MAX 16
enum fault_chain fault_chain(const struct fault_list *list, size_t index);
/* Where the chain is good: the first beginning; SIM_NEVER: the fault that it follows never ends. */
sim_time fault_begin(const struct fault_list *list, size_t index);
/* The last end, SIM_NEVER: the end of the run. One that is over at once ends as it begins. */
sim_time fault_end(const struct fault_list *list, size_t index);

#endif

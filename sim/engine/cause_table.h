// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Causes of pending events: a hash table from the content of an event (time, key) to the run-log
 * event that caused it and the one that it waits behind. Holds only events that were scheduled
 * while a cause was set, and only of kinds that carry causes: a few dozen entries in a run.
 *
 * An entry leaves when its event fires. Entries of cancelled events stay until the table is full;
 * then past and dead entries are dropped, and the table grows only if more than half of it remains
 * used. So the size depends on the pending events, not on the number of events ever cancelled.
 */
#ifndef CAUSE_TABLE_H
#define CAUSE_TABLE_H

#include "eventq.h"
#include "run_log.h"

#include <stdbool.h>
#include <stdint.h>

struct cause_entry {
    struct event event;
    struct cause cause; /* {0, 0}: the slot is free */
};
struct cause_table {
    struct cause_entry *slots; /* [mask + 1]; NULL: nothing was ever added */
    uint32_t mask, count;
};

void cause_table_release(struct cause_table *table);
/*
 * Remember the cause (not {0, 0}) of an event. Two events with equal content may each have an
 * entry. `now` and `dead` (may be NULL) decide which entries are dropped when the table is full.
 * Amortised O(1).
 */
void cause_table_add(struct cause_table *table, struct event event, struct cause cause,
                     sim_time now, bool (*dead)(void *self, struct event event), void *self);
/* Remove and return the cause of an event; {0, 0}: none. O(1). */
struct cause cause_table_take(struct cause_table *table, struct event event);

#endif

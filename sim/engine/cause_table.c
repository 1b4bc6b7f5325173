// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Open addressing with linear probing. A removal moves later entries of the probe sequence back
 * (Knuth, TAOCP 3, 6.4, algorithm R), so there are no marks of deleted entries.
 */
#include "cause_table.h"

#include "mem.h"
#include "rng_stream.h"

#include <stdlib.h>

#define SLOTS_MIN 64

static bool is_free(const struct cause_entry *slot)
{
    return slot->cause.number == 0 && slot->cause.waited_for == 0;
}

static uint32_t home_of(const struct cause_table *table, struct event event)
{
    return (uint32_t)rng_mix((uint64_t)event.time ^ rng_mix(event.key)) & table->mask;
}

void cause_table_release(struct cause_table *table)
{
    free(table->slots);
    *table = (struct cause_table){0};
}

static void insert(struct cause_table *table, const struct cause_entry *entry)
{
    uint32_t i = home_of(table, entry->event);

    while (!is_free(&table->slots[i]))
        i = (i + 1) & table->mask;
    table->slots[i] = *entry;
    table->count++;
}

/* Drop past and dead entries and grow if needed: afterwards at most half of the slots are used. */
static void rebuild(struct cause_table *table, sim_time now,
                    bool (*dead)(void *self, struct event event), void *self)
{
    struct cause_entry *old = table->slots;
    uint32_t old_count = old ? table->mask + 1 : 0, kept = 0, slots = SLOTS_MIN;

    for (uint32_t i = 0; i < old_count; i++) {
        bool drop =
            is_free(&old[i]) || old[i].event.time < now || (dead && dead(self, old[i].event));

        if (!drop)
            old[kept++] = old[i];
    }
    while (slots / 2 <= kept)
        slots *= 2;
    table->slots = mem_zalloc(slots, sizeof table->slots[0]);
    table->mask = slots - 1;
    table->count = 0;
    for (uint32_t i = 0; i < kept; i++)
        insert(table, &old[i]);
    free(old);
}

void cause_table_add(struct cause_table *table, struct event event, struct cause cause,
                     sim_time now, bool (*dead)(void *self, struct event event), void *self)
{
    const struct cause_entry entry = {event, cause};

    if (!table->slots || table->count >= (table->mask + 1) / 4 * 3)
        rebuild(table, now, dead, self);
    insert(table, &entry);
}

/* Free slot `hole`, and close the gap in the probe sequences that pass it. */
static void remove_at(struct cause_table *table, uint32_t hole)
{
    struct cause_entry *slots = table->slots;

    for (uint32_t i = (hole + 1) & table->mask; !is_free(&slots[i]); i = (i + 1) & table->mask) {
        uint32_t from_home = (i - home_of(table, slots[i].event)) & table->mask;

        if (from_home < ((i - hole) & table->mask))
            continue; /* its sequence starts after the hole */
        slots[hole] = slots[i];
        hole = i;
    }
    slots[hole] = (struct cause_entry){0};
    table->count--;
}

struct cause cause_table_take(struct cause_table *table, struct event event)
{
    if (table->count == 0)
        return (struct cause){0};
    for (uint32_t i = home_of(table, event); !is_free(&table->slots[i]);
         i = (i + 1) & table->mask) {
        struct cause cause = table->slots[i].cause;

        if (table->slots[i].event.time != event.time || table->slots[i].event.key != event.key)
            continue;
        remove_at(table, i);
        return cause;
    }
    return (struct cause){0};
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which mechanisms of the simulation a run used, and how their rows of the reality bench stand
 * (models/reality.csv, which the build embeds). Private to report.
 */
#ifndef MECHANISMS_H
#define MECHANISMS_H

#include "json_writer.h"
#include "statistic_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mechanism {
    const char *name;                 /* as in sim/tests/reality/mechanisms.txt */
    size_t row_count, agreeing_count; /* of the bench */
};
struct mechanism_list {
    struct mechanism *items; /* those used */
    size_t count, capacity;
};

/*
 * `scenario`: the resolved text of a point. A mechanism is used where a parameter or a fault turns
 * it on, or where a statistic of the point shows it. Release in any case.
 */
void mechanisms_find(struct mechanism_list *list, const char *scenario,
                     const struct statistic_table *statistics, int64_t point);
void mechanisms_release(struct mechanism_list *list);
/* Every mechanism of the bench with its counts, for a test: false past the last. */
bool mechanism_at(size_t index, struct mechanism *mechanism);
/* An array "mechanisms" of the open object. */
void mechanisms_write(struct json_writer *json, const struct mechanism_list *list);

#endif

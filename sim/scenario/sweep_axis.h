// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The values of one axis of a sweep, as a text:
 *
 *   100ms, 200ms, 1s     these
 *   100ms..1s/100ms      from, to and step, both ends included where the steps meet them
 *   10/s..1000/s*10      from, to and factor: 10/s, 100/s, 1000/s
 *   100ms..1s            a range, to be drawn from evenly (Latin hypercube, screening, search)
 *   10/s..1000/s*        a range to be drawn from evenly on a logarithmic scale
 *
 * Commas within braces, brackets and quotes do not divide. A range of whole numbers (1..8) gives
 * whole numbers.
 */
#ifndef SWEEP_AXIS_H
#define SWEEP_AXIS_H

#include "quantity.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum { SWEEP_VALUES_MAX = 1000 };

struct sweep_axis {
    char *path;    /* "client.timeout" */
    char **values; /* as written, or made of a range with steps; none: a range to draw from */
    size_t value_count;
    bool has_range, is_log;
    struct quantity from, to; /* of the range */
};

/* Fill values or range of `axis` (its path is left alone); on failure appends the reason to `why`
 * ("needs values such as ..., got '...'") and leaves the axis without values. Release with
 * sweep_axis_release(). */
bool sweep_axis_parse(const char *text, struct sweep_axis *axis, struct strbuf *why);
/* The same of a list alone, in which ".." means nothing. */
bool sweep_axis_split(const char *text, struct sweep_axis *axis, struct strbuf *why);
void sweep_axis_release(struct sweep_axis *axis); /* the path too */
/* The value at `share` of the axis, 0 <= share <= 1: of its range, to four
 * digits, or the one of its list. To be freed. */
char *sweep_axis_at(const struct sweep_axis *axis, double share);

#endif

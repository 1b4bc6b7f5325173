// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Values of one axis of a sweep, as a text:
 *
 *   100ms, 200ms, 1s     these values
 *   100ms..1s/100ms      from, to and step; includes the end if a step reaches it
 *   10/s..1000/s*10      from, to and factor: 10/s, 100/s, 1000/s
 *   100ms..1s            a range to draw from uniformly (Latin hypercube, screening, search)
 *   10/s..1000/s*        a range to draw from uniformly on a logarithmic scale
 *
 * Commas within braces, brackets and quotes do not separate values. A range of integers (1..8)
 * gives integers.
 */
#ifndef SWEEP_AXIS_H
#define SWEEP_AXIS_H

#include "quantity.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum { SWEEP_VALUES_MAX = 1000 };

struct sweep_axis {
    char *path;    /* "client.timeout", by sweep_path_make() */
    char **values; /* as written, or computed from a range with steps; none: a range to draw from */
    size_t value_count;
    bool has_range, is_log;
    struct quantity from, to; /* of the range */
};

/* Fill the values or the range of `axis` (not its path); on failure appends the reason to `why`
 * ("needs values such as ..., got '...'") and leaves the axis without values. Release with
 * sweep_axis_release(). */
bool sweep_axis_parse(const char *text, struct sweep_axis *axis, struct strbuf *why);
/* The same for lists only, in which ".." has no meaning. */
bool sweep_axis_split(const char *text, struct sweep_axis *axis, struct strbuf *why);
void sweep_axis_release(struct sweep_axis *axis); /* the path too */
/* The path in the first bytes of a text, in the form in which paths are compared: faults[0].loss as
 * faults.0.loss. The caller frees it. */
char *sweep_path_make(const char *text, size_t length);
/* The value at the fraction `share` of the axis, 0 <= share <= 1: of its range, to four digits, or
 * from its list. The caller frees it. */
char *sweep_axis_at(const struct sweep_axis *axis, double share);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Event trace: one line per event, filtered by time and by a part of the name. Tracing never
 * changes a run.
 *
 *   12.000482113 app_tier/us-west-1 arrive 4711 gen 3
 *
 * Models may add lines with trace_note(): `what subject text`.
 */
#ifndef TRACE_H
#define TRACE_H

#include "sim_time.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct trace {
    FILE *out; /* owned by the caller */
    sim_time from, to;
    const char *match; /* only lines whose instance or event name contains this text; NULL: all */
    uint64_t line_count, line_limit; /* stops silently at the limit; 0: none */
};

void trace_event(struct trace *trace, sim_time now, const char *instance, const char *event,
                 uint32_t entity, uint32_t generation);
void trace_note(struct trace *trace, sim_time now, const char *instance, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif

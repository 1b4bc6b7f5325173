// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A trace in the Trace Event Format (JSON), which Perfetto and chrome://tracing open: slices on
 * named tracks, arrows between slices, instants and counters.
 *
 * A track belongs to a group ("store of us-west-1"). Slices that overlap without one inside the
 * other get lanes: further threads of the track. A slice with a parent lies in its parent's lane
 * and must be inside it.
 */
#ifndef TRACE_EVENTS_H
#define TRACE_EVENTS_H

#include "strbuf.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NO_SLICE SIZE_MAX

struct trace_events;
struct trace_events *trace_events_create(void);
void trace_events_free(struct trace_events *events);

/* The index of a track, made where there is none. Groups are shown in the order in which they are
 * made, tracks in that of their group. */
size_t trace_track(struct trace_events *events, const char *group, const char *track);

struct trace_slice {
    size_t track;
    size_t parent; /* index; NO_SLICE: none */
    int64_t begin_ns, end_ns;
    const char *category; /* static: "operation" */
};
/* Takes `name` and `details`, a text for whoever selects the slice; returns the slice's index. */
size_t trace_add_slice(struct trace_events *events, const struct trace_slice *slice,
                       struct strbuf *name, struct strbuf *details);
/* An arrow from one slice to another that begins no earlier, through a third where it is not
 * NO_SLICE. */
void trace_add_arrow(struct trace_events *events, const char *name, size_t from, size_t through,
                     size_t to);
/* Takes `text`. */
void trace_add_instant(struct trace_events *events, size_t track, int64_t t_ns,
                       struct strbuf *text);
/* A value from this time on. */
void trace_add_counter(struct trace_events *events, const char *group, const char *name,
                       int64_t t_ns, double value);
/* Assign lanes and write everything. Write errors stay in the stream. */
void trace_events_write(struct trace_events *events, const char *title, FILE *out);

#endif

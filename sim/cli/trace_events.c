// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace_events.h"

#include "bug.h"
#include "json_writer.h"
#include "mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct lane {
    int64_t free_from;
    uint32_t thread;
};
struct track {
    size_t group;
    char *name;
    struct lane *lanes;
    size_t lane_count, lane_capacity;
};
struct slice {
    struct trace_slice at;
    char *name, *details;
    size_t number; /* as it was added */
    uint32_t thread;
};
struct arrow {
    const char *name;
    size_t slices[3];
};
struct instant {
    size_t track;
    int64_t t_ns;
    char *text;
};
struct counter {
    size_t group;
    char *name;
    int64_t t_ns;
    double value;
};
struct trace_events {
    char **groups;
    size_t group_count, group_capacity;
    struct track *tracks;
    size_t track_count, track_capacity;
    struct slice *slices;
    size_t slice_count, slice_capacity;
    struct arrow *arrows;
    size_t arrow_count, arrow_capacity;
    struct instant *instants;
    size_t instant_count, instant_capacity;
    struct counter *counters;
    size_t counter_count, counter_capacity;
};

struct trace_events *trace_events_create(void)
{
    return mem_zalloc(1, sizeof(struct trace_events));
}

void trace_events_free(struct trace_events *events)
{
    for (size_t i = 0; i < events->group_count; i++)
        free(events->groups[i]);
    for (size_t i = 0; i < events->track_count; i++) {
        free(events->tracks[i].name);
        free(events->tracks[i].lanes);
    }
    for (size_t i = 0; i < events->slice_count; i++) {
        free(events->slices[i].name);
        free(events->slices[i].details);
    }
    for (size_t i = 0; i < events->instant_count; i++)
        free(events->instants[i].text);
    for (size_t i = 0; i < events->counter_count; i++)
        free(events->counters[i].name);
    free(events->groups);
    free(events->tracks);
    free(events->slices);
    free(events->arrows);
    free(events->instants);
    free(events->counters);
    free(events);
}

/* --- adding ---------------------------------------------------------------------------------- */

static size_t group_of(struct trace_events *events, const char *name)
{
    for (size_t i = 0; i < events->group_count; i++)
        if (strcmp(events->groups[i], name) == 0)
            return i;
    MEM_GROW(events->groups, events->group_capacity, events->group_count + 1);
    events->groups[events->group_count] = mem_strdup(name);
    return events->group_count++;
}

size_t trace_track(struct trace_events *events, const char *group, const char *name)
{
    size_t number = group_of(events, group);

    for (size_t i = 0; i < events->track_count; i++)
        if (events->tracks[i].group == number && strcmp(events->tracks[i].name, name) == 0)
            return i;
    MEM_GROW(events->tracks, events->track_capacity, events->track_count + 1);
    events->tracks[events->track_count] = (struct track){.group = number, .name = mem_strdup(name)};
    return events->track_count++;
}

size_t trace_add_slice(struct trace_events *events, const struct trace_slice *slice,
                       struct strbuf *name, struct strbuf *details)
{
    invariant(slice->end_ns >= slice->begin_ns);
    MEM_GROW(events->slices, events->slice_capacity, events->slice_count + 1);
    events->slices[events->slice_count] = (struct slice){.at = *slice,
                                                         .name = strbuf_detach(name),
                                                         .details = strbuf_detach(details),
                                                         .number = events->slice_count};
    return events->slice_count++;
}

void trace_add_arrow(struct trace_events *events, const char *name, size_t from, size_t through,
                     size_t to)
{
    MEM_GROW(events->arrows, events->arrow_capacity, events->arrow_count + 1);
    events->arrows[events->arrow_count++] = (struct arrow){name, {from, through, to}};
}

void trace_add_instant(struct trace_events *events, size_t track, int64_t t_ns, struct strbuf *text)
{
    MEM_GROW(events->instants, events->instant_capacity, events->instant_count + 1);
    events->instants[events->instant_count++] = (struct instant){track, t_ns, strbuf_detach(text)};
}

void trace_add_counter(struct trace_events *events, const char *group, const char *name,
                       int64_t t_ns, double value)
{
    size_t number = group_of(events, group);

    MEM_GROW(events->counters, events->counter_capacity, events->counter_count + 1);
    events->counters[events->counter_count++] =
        (struct counter){number, mem_strdup(name), t_ns, value};
}

/* --- lanes ----------------------------------------------------------------------------------- */

static int by_begin(const void *left, const void *right)
{
    const struct slice *const *a = left, *const *b = right;

    if ((*a)->at.begin_ns != (*b)->at.begin_ns)
        return (*a)->at.begin_ns < (*b)->at.begin_ns ? -1 : 1;
    if ((*a)->at.end_ns != (*b)->at.end_ns)
        return (*a)->at.end_ns > (*b)->at.end_ns ? -1 : 1;
    return (*a)->number < (*b)->number ? -1 : 1;
}

/* The first lane of the track that is free from `begin_ns` on. */
static struct lane *free_lane(struct track *track, int64_t begin_ns, uint32_t *threads)
{
    for (size_t i = 0; i < track->lane_count; i++)
        if (track->lanes[i].free_from <= begin_ns)
            return &track->lanes[i];
    MEM_GROW(track->lanes, track->lane_capacity, track->lane_count + 1);
    track->lanes[track->lane_count] = (struct lane){.thread = ++*threads};
    return &track->lanes[track->lane_count++];
}

/* A slice that lasts no time has a lane to itself for a nanosecond, so that no other is in it. */
static void assign_lanes(struct trace_events *events, uint32_t *threads)
{
    struct slice **order = mem_alloc(events->slice_count + 1, sizeof(struct slice *));

    for (size_t i = 0; i < events->slice_count; i++)
        order[i] = &events->slices[i];
    qsort(order, events->slice_count, sizeof *order, by_begin);
    for (size_t i = 0; i < events->slice_count; i++) {
        struct slice *slice = order[i];

        if (slice->at.parent != NO_SLICE)
            continue;
        struct lane *lane =
            free_lane(&events->tracks[slice->at.track], slice->at.begin_ns, threads);
        slice->thread = lane->thread;
        lane->free_from = slice->at.end_ns + 1;
    }
    for (size_t i = 0; i < events->slice_count; i++)
        if (events->slices[i].at.parent != NO_SLICE)
            events->slices[i].thread = events->slices[events->slices[i].at.parent].thread;
    free(order);
}

/* --- writing --------------------------------------------------------------------------------- */

/* Microseconds. */
static void write_time(struct json_writer *json, const char *name, int64_t ns)
{
    json_number(json, name, (double)ns / 1000.0);
}

static void open_event(struct json_writer *json, const char *phase, const char *name, size_t group,
                       uint32_t thread)
{
    json_open_object(json, NULL);
    json_text(json, "ph", phase);
    json_text(json, "name", name);
    json_count(json, "pid", group + 1);
    json_count(json, "tid", thread);
}

static void write_name(struct json_writer *json, const char *what, size_t group, uint32_t thread,
                       const char *name, size_t rank)
{
    open_event(json, "M", what, group, thread);
    json_open_object(json, "args");
    if (name)
        json_text(json, "name", name);
    else
        json_count(json, "sort_index", rank);
    json_close(json);
    json_close(json);
}

static void write_names(struct json_writer *json, const struct trace_events *events)
{
    for (size_t g = 0; g < events->group_count; g++) {
        write_name(json, "process_name", g, 0, events->groups[g], 0);
        write_name(json, "process_sort_index", g, 0, NULL, g);
    }
    for (size_t t = 0; t < events->track_count; t++) {
        const struct track *track = &events->tracks[t];

        for (size_t i = 0; i < track->lane_count; i++) {
            struct strbuf name = STRBUF_INIT;

            strbuf_add(&name, track->name);
            if (i > 0)
                strbuf_addf(&name, " (%zu)", i + 1);
            write_name(json, "thread_name", track->group, track->lanes[i].thread, name.text, 0);
            write_name(json, "thread_sort_index", track->group, track->lanes[i].thread, NULL,
                       1000 * t + i);
            strbuf_release(&name);
        }
    }
}

static void write_slice(struct json_writer *json, const struct trace_events *events,
                        const struct slice *slice)
{
    open_event(json, "X", slice->name, events->tracks[slice->at.track].group, slice->thread);
    json_text(json, "cat", slice->at.category);
    write_time(json, "ts", slice->at.begin_ns);
    write_time(json, "dur", slice->at.end_ns - slice->at.begin_ns);
    json_open_object(json, "args");
    json_text(json, "details", slice->details);
    json_close(json);
    json_close(json);
}

/* "s" begins, "t" continues and "f" ends an arrow, each in the slice that encloses it, and none
 * before the one that it follows. */
static void write_arrow(struct json_writer *json, const struct trace_events *events, size_t number)
{
    static const char *const phases[] = {"s", "t", "f"};
    const struct arrow *arrow = &events->arrows[number];
    int64_t at = 0;

    for (int i = 0; i < 3; i++) {
        if (arrow->slices[i] == NO_SLICE)
            continue;
        const struct slice *slice = &events->slices[arrow->slices[i]];
        at = slice->at.begin_ns > at ? slice->at.begin_ns : at;
        open_event(json, phases[i], arrow->name, events->tracks[slice->at.track].group,
                   slice->thread);
        json_text(json, "cat", "arrow");
        json_count(json, "id", number + 1);
        json_text(json, "bp", "e");
        write_time(json, "ts", at);
        json_close(json);
    }
}

static void write_instant(struct json_writer *json, struct trace_events *events,
                          const struct instant *instant)
{
    struct track *track = &events->tracks[instant->track];

    open_event(json, "i", instant->text, track->group, track->lanes[0].thread);
    json_text(json, "cat", "event");
    json_text(json, "s", "t");
    write_time(json, "ts", instant->t_ns);
    json_close(json);
}

static void write_counter(struct json_writer *json, const struct counter *counter)
{
    open_event(json, "C", counter->name, counter->group, 0);
    write_time(json, "ts", counter->t_ns);
    json_open_object(json, "args");
    json_number(json, "value", counter->value);
    json_close(json);
    json_close(json);
}

void trace_events_write(struct trace_events *events, const char *title, FILE *out)
{
    struct json_writer json;
    uint32_t threads = 0;

    assign_lanes(events, &threads);
    for (size_t i = 0; i < events->instant_count; i++) /* a track of instants alone needs a lane */
        (void)free_lane(&events->tracks[events->instants[i].track], INT64_MAX, &threads);
    json_begin(&json, out);
    json_open_object(&json, NULL);
    json_text(&json, "displayTimeUnit", "ms");
    json_open_object(&json, "otherData");
    json_text(&json, "title", title);
    json_close(&json);
    json_open_array(&json, "traceEvents");
    write_names(&json, events);
    for (size_t i = 0; i < events->slice_count; i++)
        write_slice(&json, events, &events->slices[i]);
    for (size_t i = 0; i < events->arrow_count; i++)
        write_arrow(&json, events, i);
    for (size_t i = 0; i < events->instant_count; i++)
        write_instant(&json, events, &events->instants[i]);
    for (size_t i = 0; i < events->counter_count; i++)
        write_counter(&json, &events->counters[i]);
    json_close(&json);
    json_close(&json);
    (void)json_end(&json);
}

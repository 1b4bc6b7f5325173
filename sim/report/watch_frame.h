// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The screen of `watch`: the state of one run at an instant of its simulated time, as lines of
 * text. Read from a results file, a bin of the series is shown once the clock has passed its start;
 * or filled bin by bin while the run is running.
 */
#ifndef WATCH_FRAME_H
#define WATCH_FRAME_H

#include "query.h"

#include <stdbool.h>
#include <stddef.h>

struct watch_run; /* one run in memory */
/* NULL with an error if there is no such run, or if it has no series. */
struct watch_run *watch_load(struct results *results, int64_t study, int64_t point,
                             int64_t replication, struct diag *diag);
/* An empty run, to be filled: values of columns by region (region_count: the total) and bin, events
 * in the order of time. */
struct watch_run *watch_create(const char *title, int64_t replication, int64_t end_ns,
                               int64_t bin_ns, const char *const *regions, size_t region_count);
size_t watch_column_count(void);
const char *watch_column(size_t column); /* "requests", "replication_lag.p99" */
void watch_set_value(struct watch_run *run, size_t column, size_t region, size_t bin, double value);
void watch_add_event(struct watch_run *run, int64_t t_ns, const char *what, const char *subject,
                     const char *text);
void watch_add_outage(struct watch_run *run, int64_t onset_ns, int64_t restored_ns);
void watch_free(struct watch_run *run);
int64_t watch_end_ns(const struct watch_run *run);
int64_t watch_bin_ns(const struct watch_run *run);

enum watch_style { WATCH_PLAIN, WATCH_HEAD, WATCH_GOOD, WATCH_BAD, WATCH_FAULT };
struct watch_line {
    char *text;
    enum watch_style style;
};
struct watch_frame {
    struct watch_line *lines;
    size_t count, capacity;
};
struct watch_view {
    int64_t t_ns;
    double speed;              /* simulated seconds in a second */
    bool paused, running;      /* running: the run is still in progress */
    int width, height;         /* columns, lines */
    const char *const *footer; /* lines above the keys */
    size_t footer_count;
};
/* At most view->height lines of at most view->width columns. Release in any case. */
void watch_draw(struct watch_frame *frame, const struct watch_run *run,
                const struct watch_view *view);
void watch_frame_release(struct watch_frame *frame);

#endif

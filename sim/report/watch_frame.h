// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The screen of `watch`: the state of one run at an instant of its simulated time, as lines of
 * text. Reads only the results file; a bin of the series is shown once the clock has passed its
 * start.
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
    double speed; /* simulated seconds in a second */
    bool paused;
    int width, height;         /* columns, lines */
    const char *const *footer; /* lines above the keys */
    size_t footer_count;
};
/* At most view->height lines of at most view->width columns. Release in any case. */
void watch_draw(struct watch_frame *frame, const struct watch_run *run,
                const struct watch_view *view);
void watch_frame_release(struct watch_frame *frame);

#endif

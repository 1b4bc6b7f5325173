// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A run in progress as the screen of `run --watch` sees it. The run's thread copies each bin of the
 * series at its end, and the events so far, into a struct watch_run; then it waits while it is more
 * than a bin ahead of the time that is shown. It is only delayed: its results are those of an
 * unobserved run.
 */
#ifndef WATCH_LIVE_H
#define WATCH_LIVE_H

#include "incident.h"
#include "watch_frame.h"
#include "world.h"

#include <stdbool.h>
#include <stdint.h>

struct watch_live;
struct watch_live *watch_live_create(void);
void watch_live_free(struct watch_live *live); /* once no run and no screen uses it */

/* For the study. */
const struct world_observer *watch_live_observer(const struct watch_live *live);
/* The outages of the observed run, which are known when it is over. */
void watch_live_add_outages(struct watch_live *live, const struct incident_list *incidents);
void watch_live_end(struct watch_live *live); /* there will be no other run */

/* For the screen. */
struct watch_moment {
    struct watch_run *run; /* valid until watch_live_unlock(); NULL: none has begun */
    int64_t known_ns;      /* the run is known up to here */
    bool ended;            /* by watch_live_end() */
};
/* Lock the run, after asking for it up to `wanted_ns`. */
struct watch_moment watch_live_lock(struct watch_live *live, int64_t wanted_ns);
void watch_live_unlock(struct watch_live *live);
/* Nobody looks any more: the run does not wait again. */
void watch_live_leave(struct watch_live *live);

#endif

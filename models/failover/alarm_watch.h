// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An alarm at work: it reads a metric of one region, or of each, through a tap, and calls a
 * listener when its state changes.
 *
 *  1. A period is breaching where the metric is in some region, and missing where it is in all. A
 *     region that is down when a period is published has no data for it.
 *  2. The alarm is evaluated when a period is published, or by a clock of its own, with all periods
 *     published by then.
 *  3. A published point that breaches while the alarm is not raised is an event of the run log,
 *     caused by what caused the value. When the alarm is raised, the event is caused by the first
 *     of the breaching points that raised it, and waited for the last one.
 *  4. While its monitoring is down, periods that end are missing and nothing is evaluated.
 */
#ifndef ALARM_WATCH_H
#define ALARM_WATCH_H

#include "alarm.h"
#include "alarm_config.h"
#include "control.h"
#include "model.h"

#include <stdint.h>

struct alarm_watch_config {
    const struct alarm_config *config; /* the caller's */
    const char *name;                  /* of the alarm, in the run log; NULL: it has none */
    uint32_t plane;                    /* number of its control plane */
    sim_time raised_at;                /* raised at this time, whatever the metric: until the metric
                                          has raised it too it stays so; -1: by the metric alone */
    struct alarm_listener listener;
};
struct alarm_watch;

/* While wiring. Offers control plane (CONTROL_MONITORING, plane). env->instance names its events
 * and streams, and is its own. */
struct alarm_watch *alarm_watch_create(const struct model_env *env,
                                       const struct alarm_watch_config *config);
void alarm_watch_free(struct alarm_watch *watch); /* NULL is allowed */
void alarm_watch_connect(struct alarm_watch *watch, const struct port_directory *ports);
void alarm_watch_start(struct alarm_watch *watch);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Capacity of a table in one region, for reads or for writes: a token bucket of units, and what
 * changes its rate.
 *
 *   provisioned  units a second; what is not used is kept for `burst`. Auto scaling follows the
 *                consumption of whole minutes: up after 2 minutes above the target, down after 15
 *                minutes below it by a fifth, each with a delay
 *   on-demand    twice the largest consumption of a minute that is at least `step` old, and never
 *                less than at the start
 *
 * Sources: facts F, facts C.2 of stores (throttling and its numbers).
 */
#ifndef TABLE_CAPACITY_H
#define TABLE_CAPACITY_H

#include "field.h"

#include <stdbool.h>
#include <stdint.h>

enum capacity_mode { CAPACITY_ON_DEMAND, CAPACITY_PROVISIONED };

/* For reads or for writes. */
struct capacity_limits {
    double initial_per_s, min_per_s, max_per_s; /* units */
};
struct capacity_config {
    int mode;            /* enum capacity_mode */
    sim_dur burst_ns;    /* of the rate that may be kept */
    bool scales;         /* provisioned: auto scaling */
    double target_share; /* of the provided rate that is used */
    sim_dur delay_ns;
    sim_dur step_ns; /* on-demand */
};

#define CAPACITY_MINUTES 31 /* of consumption that are remembered: `step` is at most 30 */

struct capacity {
    const struct capacity_config *config;
    struct capacity_limits limits;
    double rate_per_s;
    double tokens;
    sim_time filled;                        /* time up to which tokens were added */
    double used;                            /* units since the last minute's end */
    double minutes_per_s[CAPACITY_MINUTES]; /* consumption of the last minutes, a ring */
    uint32_t minute;                        /* number of minutes so far */
    double peak_per_s;                      /* largest consumption that counts for on-demand */
    uint32_t above, below;                  /* minutes in a row */
    double total;                           /* units taken since the start */
    double provided;                        /* rate, integrated over seconds up to `filled` */
    double next_per_s;                      /* rate from next_at on, scaled */
    sim_time next_at;                       /* SIM_NEVER: no change is under way */
};

/* is_cold: it starts with the least capacity that auto scaling allows. */
void capacity_init(struct capacity *capacity, const struct capacity_config *config,
                   const struct capacity_limits *limits, bool is_cold);
/* Take units now, or none: false. */
bool capacity_take(struct capacity *capacity, double units, sim_time now);
/* Take units in any case, and return how long the caller has to wait for them. */
sim_dur capacity_borrow(struct capacity *capacity, double units, sim_time now);
/* The rate, integrated over the seconds from the start to now. */
double capacity_provided(struct capacity *capacity, sim_time now);
/* A minute of measurement ends now. */
void capacity_minute(struct capacity *capacity, sim_time now);

#endif

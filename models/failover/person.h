// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A person on call: how long until they answer a page and decide, by day and by night, and whether
 * they decide as they should.
 */
#ifndef PERSON_H
#define PERSON_H

#include "field.h"
#include "rng_stream.h"

#include <stdbool.h>
#include <stdint.h>

struct person_config {
    struct dist *acknowledge, *night_acknowledge, *decide, *reconsider;
    sim_dur clock_ns, night_from_ns, night_to_ns;
    double wrong_share;
};

/* The rows of a table of parameters; `of`: before each name, such as "operator.". */
/* clang-format off */
#define PERSON_FIELDS(of, member) \
    TIME_DIST(of "acknowledge", member.acknowledge, "0s", "lognormal(median=1min, p95=3min)", "1d", "time from the page until the person on call acknowledges it, by day", "facts E"), \
    TIME_DIST(of "decide", member.decide, "0s", "lognormal(median=4min, p95=8min)", "1d", "time from the acknowledgement until the decision", "facts E"), \
    DURATION(of "clock", member.clock_ns, "0s", "12h", "1d", "time of day at the start of the run", "assumption"), \
    DURATION(of "night.from", member.night_from_ns, "0s", "22h", "1d", "start of the night shift, as a time of day", "assumption"), \
    DURATION(of "night.to", member.night_to_ns, "0s", "7h", "1d", "its end; the same as its start: there is no night", "assumption"), \
    TIME_DIST(of "night.acknowledge", member.night_acknowledge, "0s", "lognormal(median=8min, p95=30min)", "1d", "as operator.acknowledge, by night", "assumption"), \
    SHARE(of "wrong", member.wrong_share, "0", "0%", "100%", "probability that a decision is wrong: the person waits although the alarm lasts, or acts although it is over", "assumption"), \
    TIME_DIST(of "reconsider", member.reconsider, "0s", "10min", "1d", "time after which a person who waits checks the alarm again", "routing G")
/* clang-format on */

/* One look of a person. */
struct person_look {
    bool night;
    sim_dur acknowledge_ns, decide_ns, reconsider_ns;
    bool wrong;
};

/* Is it night at `now` of the run? Pure. */
bool person_is_night(const struct person_config *config, sim_time now);
/* What a person who is paged at `now` will do; four words of a block decide. Pure. */
struct person_look person_paged(const struct person_config *config, sim_time now,
                                const struct rng_block *draws);

#endif

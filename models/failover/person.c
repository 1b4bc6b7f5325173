// SPDX-License-Identifier: GPL-3.0-or-later
#include "person.h"

#define DAY (24 * 3600 * SIM_S)

bool person_is_night(const struct person_config *config, sim_time now)
{
    sim_dur clock = (config->clock_ns + now) % DAY;
    sim_dur from = config->night_from_ns % DAY, to = config->night_to_ns % DAY;

    if (from <= to)
        return clock >= from && clock < to;
    return clock >= from || clock < to; /* over midnight */
}

struct person_look person_paged(const struct person_config *config, sim_time now,
                                const struct rng_block *draws)
{
    struct person_look look = {.night = person_is_night(config, now)};

    look.acknowledge_ns = dist_sample_ns(
        look.night ? config->night_acknowledge : config->acknowledge, draws->word[0]);
    look.decide_ns = dist_sample_ns(config->decide, draws->word[1]);
    look.reconsider_ns = dist_sample_ns(config->reconsider, draws->word[2]);
    look.wrong = rng_unit(draws->word[3]) < config->wrong_share;
    return look;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The presets are those of facts D.5, where p and r are chances per packet to turn bad and good. In
 * time they need a packet rate: one each 10 ms, which puts the mean stay in the bad state between
 * 50 and 200 ms, the range that the facts advise. The mean loss (p l_bad + r l_good) / (p + r) does
 * not depend on that choice.
 */
#include "loss_process.h"

#include <math.h>

const char *const loss_kinds[] = {"independent", "gilbert-elliott", "preset", NULL};

enum { PRESET_QUIET, PRESET_CONGESTION, PRESET_BROWNOUT, PRESET_LAST_MILE };
const char *const loss_presets[] = {"backbone-quiet", "backbone-congestion", "brownout",
                                    "last-mile", NULL};

#define PACKET_NS 10e6 /* an assumption: see above */

// clang-format off
static const struct preset {
    double p, r, loss_in_bad, loss_in_good;
} presets[] = {
    [PRESET_QUIET] = {1e-6, 0.2, 1, 5e-6},
    [PRESET_CONGESTION] = {5e-4, 0.05, 0.3, 1e-5},
    [PRESET_BROWNOUT] = {0.005, 0.05, 0.5, 1e-4},
    [PRESET_LAST_MILE] = {0.002, 0.1, 0.4, 5e-4},
};
// clang-format on

struct loss_states loss_states_of(const struct loss_config *config)
{
    const struct preset *preset = &presets[config->preset];

    switch (config->kind) {
    case LOSS_GILBERT_ELLIOTT:
        return (struct loss_states){(double)config->good_ns, (double)config->bad_ns,
                                    config->loss_in_good, config->loss_in_bad};
    case LOSS_PRESET:
        return (struct loss_states){PACKET_NS / preset->p, PACKET_NS / preset->r,
                                    preset->loss_in_good, preset->loss_in_bad};
    default:
        return (struct loss_states){1, 1, config->share, config->share};
    }
}

static double share_bad(const struct loss_states *states)
{
    return states->bad_ns / (states->good_ns + states->bad_ns);
}

double loss_mean(const struct loss_config *config)
{
    struct loss_states states = loss_states_of(config);

    if (config->kind == LOSS_INDEPENDENT)
        return config->share;
    return states.loss_in_good + share_bad(&states) * (states.loss_in_bad - states.loss_in_good);
}

bool loss_is_bursty(const struct loss_config *config)
{
    struct loss_states states = loss_states_of(config);

    return states.loss_in_good < states.loss_in_bad || states.loss_in_good > states.loss_in_bad;
}

/* The end of the present sojourn; it begins at `from`. A stay that would outlast any run is cut. */
static void chain_stay(struct loss_chain *chain, uint64_t word, sim_time from)
{
    double mean = chain->bad ? chain->states.bad_ns : chain->states.good_ns;
    double stay = -mean * log(rng_unit(word));

    chain->until = stay < (double)(SIM_NEVER / 4) ? from + (sim_dur)stay + 1 : SIM_NEVER;
}

void loss_chain_begin(struct loss_chain *chain, const struct loss_config *config,
                      const struct rng_stream *stream, uint64_t entity, sim_time now)
{
    struct rng_block block = rng_block_at(stream, entity, 0);

    *chain = (struct loss_chain){.states = loss_states_of(config), .entity = entity};
    chain->bad = rng_unit(block.word[0]) < share_bad(&chain->states);
    chain_stay(chain, block.word[1], now);
}

double loss_chain_at(struct loss_chain *chain, const struct rng_stream *stream, sim_time now)
{
    while (chain->until <= now) {
        struct rng_block block = rng_block_at(stream, chain->entity, ++chain->sojourn);

        chain->bad = !chain->bad;
        chain_stay(chain, block.word[1], chain->until);
    }
    return chain->bad ? chain->states.loss_in_bad : chain->states.loss_in_good;
}

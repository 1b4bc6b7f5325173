// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which share of packets is lost at an instant: always the same share, or Gilbert-Elliott bursts
 * driven in time.
 *
 * The path is in one of two states, good or bad; it stays in each for an exponential time and loses
 * a share of the packets sent meanwhile. The chain runs in time and not by packet, so that two
 * links of one path, or two runs with different traffic, meet the same bursts.
 *
 * The whole behaviour is a function of (stream, entity): sojourn number k draws from block(entity,
 * k). A chain is asked at instants that never go back and steps over the sojourns that have passed:
 * no events.
 */
#ifndef LOSS_PROCESS_H
#define LOSS_PROCESS_H

#include "field.h"
#include "rng_stream.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stdint.h>

enum loss_kind { LOSS_INDEPENDENT, LOSS_GILBERT_ELLIOTT, LOSS_PRESET };

/* As an author gives it: `loss: 30%`, `loss: {gilbert-elliott: {...}}`, `loss: {preset: brownout}`.
 */
struct loss_config {
    int kind;     /* enum loss_kind */
    double share; /* independent */
    sim_dur good_ns, bad_ns;
    double loss_in_good, loss_in_bad;
    int preset;
};
extern const char *const loss_kinds[];
extern const char *const loss_presets[];

/* clang-format off */
/* The rows of a table whose config has a `struct loss_config` as `member`. */
#define LOSS_FIELDS(member, initial, meaning) \
    VARIANT("loss", member.kind, loss_kinds, "independent", meaning, "facts D.5"), \
    SHARE("loss.independent", member.share, "0", initial, "100%", "packets lost, each independently of the others", "facts D.2"), \
    DURATION("loss.gilbert-elliott.good", member.good_ns, "1ms", "2s", "365d", "mean stay in the good state", "facts D.5"), \
    DURATION("loss.gilbert-elliott.bad", member.bad_ns, "1ms", "200ms", "365d", "mean stay in the bad state", "facts D.5"), \
    SHARE("loss.gilbert-elliott.loss_in_good", member.loss_in_good, "0", "0.01%", "100%", "packets lost while it is good", "facts D.5"), \
    SHARE("loss.gilbert-elliott.loss_in_bad", member.loss_in_bad, "0", "50%", "100%", "packets lost while it is bad", "facts D.5"), \
    CHOICE("loss.preset", member.preset, loss_presets, "brownout", "bursts of a known kind: their stays and losses are listed on the model's page", "facts D.5")
/* clang-format on */

/* What a config comes to; with independent losses both states are alike and last for ever. */
struct loss_states {
    double good_ns, bad_ns; /* mean stays */
    double loss_in_good, loss_in_bad;
};
struct loss_states loss_states_of(const struct loss_config *config);

/* Share lost in the long run. */
double loss_mean(const struct loss_config *config);
/* Does the share change with time? */
bool loss_is_bursty(const struct loss_config *config);

struct loss_chain {
    struct loss_states states;
    uint64_t entity;
    uint64_t sojourn; /* number of the present one */
    sim_time until;   /* its end */
    bool bad;
};
/* Begin at `now` in the long-run law of the states. */
void loss_chain_begin(struct loss_chain *chain, const struct loss_config *config,
                      const struct rng_stream *stream, uint64_t entity, sim_time now);
/* Share lost at `now`, which holds until chain->until. Amortised O(1) a sojourn. */
double loss_chain_at(struct loss_chain *chain, const struct rng_stream *stream, sim_time now);

#endif

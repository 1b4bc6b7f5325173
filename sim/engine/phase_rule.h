// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Start of something periodic within its period: a health check, an alarm's period, a cron job.
 *
 * A fault meets a real periodic process at a random moment of its period, so the phase is uniform
 * over the period, drawn for each replication. A given phase fixes it. By default the setting of
 * the whole scenario applies (top-level key `phase`).
 */
#ifndef PHASE_RULE_H
#define PHASE_RULE_H

#include "field.h"
#include "sim.h"

enum phase_choice { PHASE_IS_GIVEN, PHASE_IS_RANDOM, PHASE_OF_SCENARIO };
extern const char *const phase_choices[];          /* of a model: given, random, scenario */
extern const char *const scenario_phase_choices[]; /* of the scenario: given, random */

struct phase_rule {
    int kind; /* enum phase_choice */
    sim_dur given_ns;
};

/* Rows of a parameter table; `what` begins the meaning: "phase of the health checks". */
/* clang-format off */
#define PHASE_FIELDS(name, member, what) \
    VARIANT(name, member.kind, phase_choices, "scenario", what ": 'random' (uniform over the period), a given time, or 'scenario' (as the top-level 'phase')", "reports R19"), \
    DURATION(name ".given", member.given_ns, "0s", "0s", "365d", what ": time of the first start, modulo the period", "assumption")
/* clang-format on */

/* Does the rule, with that of the scenario, draw the phase? */
bool phase_is_random(const struct phase_rule *rule, const struct sim *sim);
/*
 * The phase in [0, period): given, or drawn from the instance's stream "phase" by `entity`.
 * period > 0. Pure.
 */
sim_dur phase_start_ns(const struct phase_rule *rule, const struct sim *sim, const char *instance,
                       uint64_t entity, sim_dur period);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
#include "phase_rule.h"

#include "bug.h"

const char *const phase_choices[] = {"given", "random", "scenario", NULL};
const char *const scenario_phase_choices[] = {"given", "random", NULL};

static struct phase_rule rule_in_force(const struct phase_rule *rule, const struct sim *sim)
{
    const struct sim_options *options = &sim->options;

    if (rule->kind != PHASE_OF_SCENARIO)
        return *rule;
    return (struct phase_rule){options->random_phases ? PHASE_IS_RANDOM : PHASE_IS_GIVEN,
                               options->phase_ns};
}

bool phase_is_random(const struct phase_rule *rule, const struct sim *sim)
{
    return rule_in_force(rule, sim).kind == PHASE_IS_RANDOM;
}

sim_dur phase_start_ns(const struct phase_rule *rule, const struct sim *sim, const char *instance,
                       uint64_t entity, sim_dur period)
{
    struct phase_rule in_force = rule_in_force(rule, sim);
    struct rng_stream stream;

    invariant(period > 0);
    if (in_force.kind == PHASE_IS_GIVEN)
        return in_force.given_ns % period;
    stream = sim_stream(sim, instance, "phase");
    return (sim_dur)(rng_unit(rng_block_at(&stream, entity, 0).word[0]) * (double)period);
}

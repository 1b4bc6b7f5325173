// SPDX-License-Identifier: GPL-3.0-or-later
#include "rto_estimator.h"

#include <math.h>

// clang-format off
const struct rto_rules rto_rules_rfc6298 = {
    .initial_ns = SIM_S, .granularity_ns = 0, .variance_min_ns = 0, .rto_min_ns = SIM_S, .rto_max_ns = 60 * SIM_S,
};
const struct rto_rules rto_rules_linux = {
    .initial_ns = SIM_S, .granularity_ns = SIM_MS, .variance_min_ns = 200 * SIM_MS, .rto_min_ns = 0, .rto_max_ns = 120 * SIM_S,
};
// clang-format on

void rto_init(struct rto_estimator *rto, const struct rto_rules *rules)
{
    *rto = (struct rto_estimator){.rules = rules};
}

void rto_sample(struct rto_estimator *rto, sim_dur rtt_ns)
{
    double rtt = (double)rtt_ns;

    if (!rto->has_sample) {
        rto->srtt_ns = rtt;
        rto->rttvar_ns = rtt / 2;
    } else { /* the deviation is from the old SRTT: so RTTVAR goes first */
        rto->rttvar_ns += (fabs(rto->srtt_ns - rtt) - rto->rttvar_ns) / 4;
        rto->srtt_ns += (rtt - rto->srtt_ns) / 8;
    }
    rto->has_sample = true;
    rto->doublings = 0;
}

void rto_back_off(struct rto_estimator *rto)
{
    rto->doublings++;
}

sim_dur rto_timeout(const struct rto_estimator *rto)
{
    const struct rto_rules *rules = rto->rules;
    double spread = 4 * rto->rttvar_ns;
    double timeout = (double)rules->initial_ns;

    if (rto->has_sample) {
        if (spread < (double)rules->granularity_ns)
            spread = (double)rules->granularity_ns;
        if (spread < (double)rules->variance_min_ns)
            spread = (double)rules->variance_min_ns;
        timeout = rto->srtt_ns + spread;
    }
    if (timeout < (double)rules->rto_min_ns)
        timeout = (double)rules->rto_min_ns;
    for (unsigned i = 0; i < rto->doublings && timeout < (double)rules->rto_max_ns; i++)
        timeout *= 2;
    return timeout < (double)rules->rto_max_ns ? (sim_dur)timeout : rules->rto_max_ns;
}

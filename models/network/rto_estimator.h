// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * TCP's retransmission timeout from measured round trips.
 *
 * RFC 6298, section 2: the first sample R sets SRTT = R, RTTVAR = R/2; each later one, in this
 * order, RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R| and SRTT = 7/8 SRTT + 1/8 R. Then RTO = SRTT + max(G,
 * 4 RTTVAR). Before any sample it is 1 s (rule 2.1). The RFC raises an RTO below 1 s to 1 s (rule
 * 2.4); Linux instead lets 4 RTTVAR be no less than 200 ms (net/ipv4/tcp_input.c, facts D.4): so
 * both floors are settings, and 0 means none.
 *
 * Lengths are ns; a value struct without memory of its own. Samples of retransmitted segments must
 * not be given (Karn, rule 3).
 */
#ifndef RTO_ESTIMATOR_H
#define RTO_ESTIMATOR_H

#include "sim_time.h"

#include <stdbool.h>

struct rto_rules {
    sim_dur initial_ns;      /* before the first sample */
    sim_dur granularity_ns;  /* G, of the clock */
    sim_dur variance_min_ns; /* least 4 RTTVAR; Linux 200 ms */
    sim_dur rto_min_ns;      /* least RTO; RFC 1 s */
    sim_dur rto_max_ns;      /* greatest, backed off or not */
};
extern const struct rto_rules rto_rules_rfc6298;
extern const struct rto_rules rto_rules_linux;

struct rto_estimator {
    const struct rto_rules *rules;
    double srtt_ns, rttvar_ns;
    unsigned doublings; /* since the last sample */
    bool has_sample;
};

void rto_init(struct rto_estimator *rto, const struct rto_rules *rules);
/* A round trip of a segment that was sent once. Ends the backing off. */
void rto_sample(struct rto_estimator *rto, sim_dur rtt_ns);
/* The timer fired: double (rule 5.5). */
void rto_back_off(struct rto_estimator *rto);
sim_dur rto_timeout(const struct rto_estimator *rto);

#endif

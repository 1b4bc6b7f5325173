// SPDX-License-Identifier: GPL-3.0-or-later
/* The timer of a sender: round trip, timeout, tail loss probe, and when the kernel abandons it. */
#include "tcp_sender_internal.h"

#define PROBE_FACTOR 2    /* round trips until a tail loss probe: RFC 8985, 7.2 */
#define TICK (4 * SIM_MS) /* of the kernel: HZ 250 */

sim_dur sender_rtt(const struct wan_link *link, const struct sender *sender)
{
    sim_dur mean = link_mean_delay(link) + link->reverse->mean_delay(link->reverse->self);

    return sender->measured_rtt > mean ? sender->measured_rtt : mean;
}

/* TCP's timeout; the measured round trip counts for its waits in queues only. */
sim_dur sender_rto(const struct wan_link *link, const struct sender *sender)
{
    return sender_rtt(link, sender) + link->config->rto_min_ns;
}

static sim_dur doubled(sim_dur wait, uint32_t times, sim_dur limit)
{
    while (times-- > 0 && wait < limit)
        wait *= 2;
    return wait < limit ? wait : limit;
}

/* How long a handshake waits before its next retransmission. */
static sim_dur handshake_wait(const struct wan_link_config *config, uint32_t timeouts)
{
    return doubled(config->syn_rto_ns,
                   timeouts > config->syn_linear ? timeouts - config->syn_linear : 0,
                   config->rto_max_ns);
}

/* Linux, net/ipv4/tcp_timer.c, tcp_model_timeout() */
sim_dur tcp_retries2_ns(uint32_t retries2, sim_dur rto_min_ns, sim_dur rto_max_ns)
{
    sim_dur sum = 0, wait = rto_min_ns;

    for (uint32_t i = 0; i <= retries2; i++) {
        sum += wait < rto_max_ns ? wait : rto_max_ns;
        if (wait < rto_max_ns)
            wait *= 2;
    }
    return sum;
}

/* How long after its first retransmission the flow is abandoned. */
static sim_dur sender_limit(const struct wan_link *link, const struct sender *sender)
{
    const struct wan_link_config *config = link->config;

    if (!link->flows[sender->flow].open)
        return config->orphan_give_up_ns;
    if (link->extras[sender->flow].user_timeout_ns > 0)
        return link->extras[sender->flow].user_timeout_ns;
    if (config->give_up_ns > 0)
        return config->give_up_ns;
    return tcp_retries2_ns(config->retries2, config->rto_min_ns, config->rto_max_ns);
}

/* Is it time for the kernel to stop trying? Asked when the timer fires. */
bool sender_gives_up(const struct wan_link *link, const struct sender *sender)
{
    const struct wan_link_config *config = link->config;

    if (!tcp_flow_can_break(link, sender->flow))
        return false;
    if (sender->handshake)
        return sender->timeouts >= config->syn_retries + config->syn_linear;
    return sender->resent != SIM_NEVER &&
           sim_now(link->sim) - sender->resent >= sender_limit(link, sender);
}

/* Restart the timer: after progress, and after each retransmission by it. A user timeout cuts
 * the wait that would outlast it. */
void sender_arm(const struct wan_link *link, struct sender *sender)
{
    const struct wan_link_config *config = link->config;
    sim_time now = sim_now(link->sim);
    sim_dur user = link->extras[sender->flow].user_timeout_ns;

    sender->probing = false;
    if (sender->handshake) {
        sender->timer = now + handshake_wait(config, sender->timeouts);
        return;
    }
    sender->timer = now + doubled(sender_rto(link, sender), sender->backoff, config->rto_max_ns);
    if (user > 0 && sender->resent != SIM_NEVER && sender->resent + user < sender->timer)
        sender->timer = sender->resent + user > now ? sender->resent + user : now;
}

/*
 * In the open state the probe comes first: 2 RTT after the last new segment. It is no later than R
 * from now after an acknowledgement, and after a new segment than R after the oldest; but where new
 * ones come more often than the kernel's timer ticks, each starts it again before it can fire
 * (Linux, tcp_schedule_loss_probe(); 250 ticks a second).
 */
void sender_arm_probe(const struct wan_link *link, struct sender *sender, bool acknowledged)
{
    sim_time now = sim_now(link->sim), probe, limit = now + sender_rto(link, sender);

    if (sender->handshake || sender->probed || sender->state != SENDER_OPEN ||
        sender->first == NO_INDEX || !link->config->tail_loss_probe) {
        if (sender->timer == SIM_NEVER)
            sender_arm(link, sender);
        return;
    }
    probe = now + PROBE_FACTOR * sender_rtt(link, sender);
    if (!acknowledged) {
        limit = link->spans[sender->first].sent + sender_rto(link, sender);
        if (limit <= now)
            limit = SIM_NEVER;
        else if (limit < now + TICK)
            limit = now + TICK;
    }
    if (sender->pipe == 1 || probe > limit)
        probe = limit;
    sender->timer = probe;
    sender->probing = true;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The path of a link: what its configuration and the active faults make of a transmission.
 *
 * Whether a segment is lost is decided when it is sent, by the link's state then: what is in flight
 * when a blackhole begins arrives. link_transmit() in wan_link_internal.h is the part that each
 * message passes; what only some scenarios use stands here and costs nothing where they do not:
 * bursts of loss are looked up only when the share that was looked up last has expired, a path
 * class only when the stay on the last one is over.
 */
#include "wan_link_internal.h"

#include <math.h>

/* --- state ----------------------------------------------------------------------------------- */

RARE void link_path_look_up_loss(struct wan_link *link)
{
    sim_time now = sim_now(link->sim);
    double keep = 1 - link->steady_loss;

    link->loss_until = SIM_NEVER;
    if (loss_is_bursty(&link->config->loss)) {
        keep *= 1 - loss_chain_at(&link->own_chain, &link->burst_stream, now);
        link->loss_until = link->own_chain.until;
    }
    for (uint32_t i = 0; i < link->impairment_count; i++) {
        if (!link->impairments[i].bursts)
            continue;
        keep *= 1 - loss_chain_at(&link->chains[i], &link->burst_stream, now);
        if (link->chains[i].until < link->loss_until)
            link->loss_until = link->chains[i].until;
    }
    if (link->loss_until != SIM_NEVER)
        link->loss = 1 - keep;
}

void link_path_refresh(struct wan_link *link)
{
    const struct wan_link_config *config = link->config;
    double own = loss_is_bursty(&config->loss) ? 0 : loss_mean(&config->loss);
    double keep = 1 - own;
    double rtt = 0, jitter = 0;

    link->extra_delay_ns = link->gateway_ns;
    link->blackhole = config->kind == KIND_NONE;
    link->reset = link->hold = false;
    for (uint32_t i = 0; i < link->impairment_count; i++) {
        keep *= 1 - link->impairments[i].loss;
        link->extra_delay_ns += link->impairments[i].delay;
        link->reset = link->reset || link->impairments[i].reset;
        link->hold = link->hold || link->impairments[i].hold;
        link->blackhole = link->blackhole || link->impairments[i].blackhole || link->reset;
    }
    link->careful = link->reset || link->hold || config->idle_after_ns > 0;
    link->narrow = config->bandwidth_bit_per_s > 0 || link->attachment;
    link->steady_loss = 1 - keep;
    if (link->impairment_count == 0)
        link->steady_loss = own; /* exactly, not 1 - (1 - p) */
    link->loss = link->steady_loss;
    link_path_look_up_loss(link);
    link->half_rtt_ns = dist_is_constant(link->rtt, &rtt) ? rtt / 2 : 0;
    link->draws = !dist_is_constant(link->rtt, &rtt) ||
                  !dist_is_constant(config->jitter, &jitter) || config->spike_share > 0 ||
                  link->loss > 0 || link->loss_until != SIM_NEVER || config->paths != PATHS_NONE;
    link->constant_ns = (sim_dur)(rtt / 2 + jitter) + link->extra_delay_ns;
}

void link_path_begin_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;
    uint32_t index = link->impairment_count++;

    invariant(index < IMPAIRMENTS_MAX);
    link->impairments[index] = *impairment;
    /* Entity 0 of the bursts is the link's own chain. */
    link->impairments_begun++;
    if (impairment->bursts)
        loss_chain_begin(&link->chains[index], impairment->bursts, &link->burst_stream,
                         link->impairments_begun, sim_now(link->sim));
    link_path_refresh(link);
    if (impairment->reset)
        tcp_flows_reset(link);
}

static bool same_impairment(const struct link_impairment *a, const struct link_impairment *b)
{
    return !(a->loss < b->loss) && !(a->loss > b->loss) && a->delay == b->delay &&
           a->blackhole == b->blackhole && a->reset == b->reset && a->hold == b->hold &&
           a->bursts == b->bursts;
}

void link_path_end_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;

    for (uint32_t i = 0; i < link->impairment_count; i++) {
        if (same_impairment(&link->impairments[i], impairment)) {
            link->impairments[i] = link->impairments[--link->impairment_count];
            link->chains[i] = link->chains[link->impairment_count];
            link_path_refresh(link);
            if (impairment->hold && !link->hold)
                tcp_flows_let_go(link);
            return;
        }
    }
    BUG("a fault ends on a link where it did not begin");
}

/* --- one transmission ------------------------------------------------------------------------ */

sim_dur link_path_backlog(const struct wan_link *link)
{
    sim_time now = sim_now(link->sim);

    return link->busy_until > now ? link->busy_until - now : 0;
}

double link_path_room_bytes(const struct wan_link *link)
{
    double rate = link->config->bandwidth_bit_per_s;

    if (!(rate > 0))
        return HUGE_VAL;
    return (double)link->config->buffer_bytes -
           (double)link_path_backlog(link) * rate / (8.0 * (double)SIM_S);
}

OUT_OF_LINE bool link_path_queue(struct wan_link *link, uint32_t bytes, sim_dur *wait)
{
    double rate = link->config->bandwidth_bit_per_s;
    sim_time now = sim_now(link->sim);

    if (rate > 0) {
        if (bytes > link_path_room_bytes(link))
            return false;
        link->busy_until =
            now + link_path_backlog(link) + (sim_dur)((double)bytes * 8.0 * (double)SIM_S / rate);
        *wait = link->busy_until - now;
    }
    return !link->attachment || link->attachment->pass(link->attachment->self, bytes, wait);
}

/* Drawn by the flow and the number of the draw. */
OUT_OF_LINE double link_path_length(struct wan_link *link, uint32_t flow_index)
{
    const struct wan_link_config *config = link->config;
    struct flow_extra *extra = &link->extras[flow_index];
    sim_time now = sim_now(link->sim);
    struct rng_block block;
    double u;

    if (now < extra->path_until)
        return extra->path;
    /* A stay is exponential and draws are independent: those that passed unseen may be skipped. */
    block = rng_block_at(&link->path_stream, extra->serial, extra->path_draws++);
    u = rng_unit(block.word[0]);
    extra->path = 1;
    if (u < config->longest_share)
        extra->path = config->longest;
    else if (u < config->longest_share + config->longer_share)
        extra->path = config->longer;
    extra->path_until =
        now + 1 + (sim_dur)(-(double)config->path_ns * log(rng_unit(block.word[1])));
    return extra->path;
}

OUT_OF_LINE double link_path_half_rtt(const struct wan_link *link, uint64_t word)
{
    return dist_sample(link->rtt, word) / 2;
}

OUT_OF_LINE sim_dur link_path_spike(const struct wan_link *link, uint64_t word)
{
    return dist_sample_ns(link->config->spike, rng_mix(word));
}

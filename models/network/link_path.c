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

static bool has_bit(uint64_t mask, uint32_t i)
{
    return mask >> i & 1;
}

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
        if (!link->impairments[i].bursts || !has_bit(link->mask, i))
            continue;
        keep *= 1 - loss_chain_at(&link->chains[i], &link->burst_stream, now);
        if (link->chains[i].until < link->loss_until)
            link->loss_until = link->chains[i].until;
    }
    if (link->loss_until != SIM_NEVER)
        link->loss = 1 - keep;
}

/* What the faults of the mask add; returns whether one adds a random delay. */
static bool add_impairments(struct wan_link *link)
{
    double own = loss_is_bursty(&link->config->loss) ? 0 : loss_mean(&link->config->loss);
    double keep, jitter = 0;
    bool random = false;

    if (link->route_count > 0) {
        const struct link_route *route = &link->routes[link->route];

        own = 1 - (1 - own) * (1 - route->loss);
        jitter = route->jitter ? dist_mean(route->jitter) : 0;
    }
    keep = 1 - own;

    for (uint32_t i = 0; i < link->impairment_count; i++) {
        const struct link_impairment *impairment = &link->impairments[i];

        if (!has_bit(link->mask, i))
            continue;
        keep *= 1 - impairment->loss;
        link->extra_delay_ns += impairment->delay;
        jitter += impairment->jitter ? dist_mean(impairment->jitter) : 0;
        random = random || impairment->jitter;
        link->reset = link->reset || impairment->reset;
        link->hold = link->hold || impairment->hold;
        link->blackhole = link->blackhole || impairment->blackhole || link->reset;
        link->narrow = link->narrow || impairment->bandwidth_bit_per_s > 0;
    }
    link->extra_mean_ns = link->extra_delay_ns + (sim_dur)jitter;
    link->steady_loss = 1 - keep;
    if (link->mask == 0)
        link->steady_loss = own; /* exactly, not 1 - (1 - p) */
    return random;
}

/* The bandwidth and the delay of the route in use; of two bandwidths the smaller one. */
static void load_route(struct wan_link *link, const struct link_route *route)
{
    double own = link->config->bandwidth_bit_per_s, its = route->bandwidth_bit_per_s;

    link->extra_delay_ns += route->delay_ns;
    if (its > 0 && (!(own > 0) || its < own))
        link->rate_bit_per_s = its;
}

static void load_state(struct wan_link *link, uint64_t mask)
{
    const struct wan_link_config *config = link->config;
    double rtt = 0, jitter = 0;
    bool random;

    link->mask = mask;
    link->extra_delay_ns = link->gateway_ns;
    link->blackhole = config->kind == KIND_NONE || link->unrouted;
    link->rate_bit_per_s = config->bandwidth_bit_per_s;
    link->reset = link->hold = false;
    if (link->route_count > 0)
        load_route(link, &link->routes[link->route]);
    link->narrow = link->rate_bit_per_s > 0 || link->attachment;
    random = add_impairments(link) || (link->route_count > 0 && link->routes[link->route].jitter);
    link->careful =
        link->reset || link->hold || config->idle_after_ns > 0 || link->selective || link->unheard;
    link->loss = link->steady_loss;
    link_path_look_up_loss(link);
    link->half_rtt_ns = 0;
    if (dist_is_constant(link->rtt, &rtt) && config->paths == PATHS_NONE && !random)
        link->half_rtt_ns = rtt / 2;
    link->draws = !(link->half_rtt_ns > 0) || !dist_is_constant(config->jitter, &jitter) ||
                  config->spike_share > 0 || link->loss > 0 || link->loss_until != SIM_NEVER;
    link->constant_ns = (sim_dur)(rtt / 2 + jitter) + link->extra_delay_ns;
}

/* Does a fault hit the route in use? */
static bool is_on_route(const struct wan_link *link, const struct link_impairment *impairment)
{
    return impairment->route == 0 || impairment->route == link->route + 1;
}

static bool is_selective(const struct link_impairment *impairment)
{
    return impairment->traffic != TRAFFIC_BOTH || impairment->spared_share > 0;
}

static void note_darkness(struct wan_link *link)
{
    bool was_dark = link->dark.from != SIM_NEVER && link->dark.until == SIM_NEVER;
    bool is_dark = link->blackhole || !(link->steady_loss < 1);

    if (is_dark == was_dark)
        return;
    if (is_dark)
        link->dark = (struct darkness){sim_now(link->sim), SIM_NEVER};
    else
        link->dark.until = sim_now(link->sim);
    if (link->reverse)
        link->reverse->darken(link->reverse->self, is_dark);
}

void link_path_darken(void *self, bool dark)
{
    struct wan_link *link = self;

    link->unheard = dark;
    load_state(link, link->mask);
}

void link_path_refresh(struct wan_link *link)
{
    link->selective = false;
    link->common = 0;
    for (uint32_t i = 0; i < link->impairment_count; i++)
        if (!is_on_route(link, &link->impairments[i]))
            continue;
        else if (is_selective(&link->impairments[i]))
            link->selective = true;
        else
            link->common |= UINT64_C(1) << i;
    load_state(link, link->common);
    note_darkness(link);
    link->common_mean_ns = link_mean_delay(link);
}

/* Drawn by fault and connection: the flows of both directions are hit alike. */
static bool hits(const struct link_impairment *impairment, const struct flow_extra *extra)
{
    if (impairment->traffic != TRAFFIC_BOTH && impairment->traffic != extra->traffic)
        return false;
    return !(impairment->spared_share > 0) ||
           rng_unit(rng_mix(impairment->key ^ rng_mix(extra->connection))) >=
               impairment->spared_share;
}

RARE void link_path_select(struct wan_link *link, uint32_t flow_index)
{
    uint64_t mask = link->common;

    for (uint32_t i = 0; i < link->impairment_count; i++)
        if (is_selective(&link->impairments[i]) && is_on_route(link, &link->impairments[i]) &&
            hits(&link->impairments[i], &link->extras[flow_index]))
            mask |= UINT64_C(1) << i;
    if (mask != link->mask)
        load_state(link, mask);
}

/* The ends of a company's link withdraw a route that carries nothing in one direction. */
static void note_route_fault(struct wan_link *link, const struct link_impairment *impairment,
                             bool begin)
{
    if (link->route_count == 0 || is_selective(impairment))
        return;
    link_routes_fault(link, impairment->route, begin);
    link->reverse_fault->route_fault(link->reverse_fault->self, impairment->route, begin);
}

/* What others send, by the configuration and the faults. */
static double cross_rate(const struct wan_link *link)
{
    double rate = link->config->cross.rate_bit_per_s;

    for (uint32_t i = 0; i < link->impairment_count; i++)
        rate += link->impairments[i].cross_bit_per_s;
    return rate;
}

static void advance_cross(struct wan_link *link)
{
    const struct cross_queue queue = {link->rate_bit_per_s, (double)link->config->buffer_bytes,
                                      &link->busy_until};

    cross_traffic_advance(&link->cross, &link->config->cross, &link->cross_stream, &queue,
                          sim_now(link->sim));
}

static void change_cross(struct wan_link *link)
{
    double rate = cross_rate(link);

    if (!(rate < link->cross.rate_bit_per_s) && !(rate > link->cross.rate_bit_per_s))
        return;
    advance_cross(link);
    cross_traffic_set(&link->cross, &link->config->cross, &link->cross_stream, rate,
                      sim_now(link->sim));
}

void link_path_begin_cross(struct wan_link *link)
{
    change_cross(link);
}

void link_path_begin_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;
    uint32_t index = link->impairment_count++;

    invariant(index < IMPAIRMENTS_MAX);
    link->impairments[index] = *impairment;
    /* Entity 0 of the bursts is the link's own chain. */
    link->impairments_begun++;
    link->busy[index] = 0;
    if (impairment->bursts)
        loss_chain_begin(&link->chains[index], impairment->bursts, &link->burst_stream,
                         link->impairments_begun, sim_now(link->sim));
    change_cross(link);
    link_path_refresh(link);
    if (impairment->reset)
        tcp_flows_reset(link);
    if (impairment->blackhole)
        note_route_fault(link, impairment, true);
}

static bool same_impairment(const struct link_impairment *a, const struct link_impairment *b)
{
    return !(a->loss < b->loss) && !(a->loss > b->loss) && a->delay == b->delay &&
           a->blackhole == b->blackhole && a->reset == b->reset && a->hold == b->hold &&
           a->bursts == b->bursts && a->jitter == b->jitter && a->traffic == b->traffic &&
           a->key == b->key && a->route == b->route && !(a->cross_bit_per_s < b->cross_bit_per_s) &&
           !(a->cross_bit_per_s > b->cross_bit_per_s) && !(a->spared_share < b->spared_share) &&
           !(a->spared_share > b->spared_share) &&
           !(a->bandwidth_bit_per_s < b->bandwidth_bit_per_s) &&
           !(a->bandwidth_bit_per_s > b->bandwidth_bit_per_s);
}

void link_path_end_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;

    for (uint32_t i = 0; i < link->impairment_count; i++) {
        if (same_impairment(&link->impairments[i], impairment)) {
            link->impairments[i] = link->impairments[--link->impairment_count];
            link->chains[i] = link->chains[link->impairment_count];
            link->busy[i] = link->busy[link->impairment_count];
            change_cross(link);
            link_path_refresh(link);
            if (impairment->hold)
                tcp_flows_let_go(link);
            if (impairment->blackhole)
                note_route_fault(link, impairment, false);
            return;
        }
    }
    BUG("a fault ends on a link where it did not begin");
}

/* --- one transmission ------------------------------------------------------------------------ */

/* A queue that is served at `rate`, in bit/s, and how long it is busy with what it has. */
static sim_dur queued(const struct wan_link *link, sim_time busy_until)
{
    sim_time now = sim_now(link->sim);

    return busy_until > now ? busy_until - now : 0;
}

static double room_bytes(const struct wan_link *link, double rate, sim_time busy_until)
{
    return (double)link->config->buffer_bytes -
           (double)queued(link, busy_until) * rate / (8.0 * (double)SIM_S);
}

static bool enter_queue(const struct wan_link *link, double rate, sim_time *busy_until,
                        uint32_t bytes, sim_dur *wait)
{
    sim_dur served = (sim_dur)((double)bytes * 8.0 * (double)SIM_S / rate);

    if (bytes > room_bytes(link, rate, *busy_until))
        return false;
    *wait += queued(link, *busy_until) + served;
    *busy_until = sim_now(link->sim) + queued(link, *busy_until) + served;
    return true;
}

/* Is impairment `i` a bottleneck now? */
static bool is_bottleneck(const struct wan_link *link, uint32_t i)
{
    return has_bit(link->mask, i) && link->impairments[i].bandwidth_bit_per_s > 0;
}

sim_dur link_path_backlog(struct wan_link *link)
{
    sim_dur longest;

    if (link->cross.rate_bit_per_s > 0)
        advance_cross(link);
    longest = queued(link, link->busy_until);

    for (uint32_t i = 0; i < link->impairment_count; i++)
        if (is_bottleneck(link, i) && queued(link, link->busy[i]) > longest)
            longest = queued(link, link->busy[i]);
    return longest;
}

double link_path_room_bytes(struct wan_link *link)
{
    double rate = link->rate_bit_per_s, room = HUGE_VAL;

    if (link->cross.rate_bit_per_s > 0)
        advance_cross(link);
    if (rate > 0)
        room = room_bytes(link, rate, link->busy_until);
    for (uint32_t i = 0; i < link->impairment_count; i++)
        if (is_bottleneck(link, i))
            room = fmin(room,
                        room_bytes(link, link->impairments[i].bandwidth_bit_per_s, link->busy[i]));
    return room;
}

/* What the encryption of the route in use adds to the packets of a transmission. */
static uint32_t overhead_bytes(const struct wan_link *link, uint32_t bytes)
{
    uint32_t segment = (uint32_t)link->config->segment_bytes;

    return (bytes + segment - 1) / segment * link->routes[link->route].overhead_bytes;
}

OUT_OF_LINE bool link_path_queue(struct wan_link *link, uint32_t bytes, sim_dur *wait)
{
    double rate = link->rate_bit_per_s;

    if (link->cross.rate_bit_per_s > 0)
        advance_cross(link);
    if (link->route_count > 0)
        bytes += overhead_bytes(link, bytes);
    if (rate > 0 && !enter_queue(link, rate, &link->busy_until, bytes, wait))
        return false;
    for (uint32_t i = 0; i < link->impairment_count; i++)
        if (is_bottleneck(link, i) && !enter_queue(link, link->impairments[i].bandwidth_bit_per_s,
                                                   &link->busy[i], bytes, wait))
            return false;
    return !link->attachment || link->attachment->pass(link->attachment->self, bytes, wait);
}

#define ROUTE_DRAW UINT64_C(0x726f757465) /* apart from the draws of faults */

/* Drawn by the flow and the number of the draw. */
static double path_length(struct wan_link *link, uint32_t flow_index)
{
    const struct wan_link_config *config = link->config;
    struct flow_extra *extra = &link->extras[flow_index];
    sim_time now = sim_now(link->sim);
    struct rng_block block;
    double u;

    if (now < extra->path_until)
        return extra->path_factor;
    /* A stay is exponential and draws are independent: those that passed unseen may be skipped. */
    block = rng_block_at(&link->path_stream, extra->serial, extra->path_draws++);
    u = rng_unit(block.word[0]);
    extra->path_factor = 1;
    if (u < config->longest_share)
        extra->path_factor = config->longest_factor;
    else if (u < config->longest_share + config->longer_share)
        extra->path_factor = config->longer_factor;
    extra->path_until =
        now + 1 + (sim_dur)(-(double)config->path_ns * log(rng_unit(block.word[1])));
    return extra->path_factor;
}

OUT_OF_LINE double link_path_half_rtt_ns(struct wan_link *link, uint32_t flow_index, uint64_t word)
{
    double half = dist_sample(link->rtt, word) / 2;

    if (link->config->paths != PATHS_NONE)
        half *= path_length(link, flow_index);
    if (link->route_count > 0 && link->routes[link->route].jitter)
        half += dist_sample(link->routes[link->route].jitter, rng_mix(word ^ ROUTE_DRAW));
    for (uint32_t i = 0; i < link->impairment_count; i++)
        if (has_bit(link->mask, i) && link->impairments[i].jitter)
            half += dist_sample(link->impairments[i].jitter,
                                rng_mix(word ^ rng_mix(link->impairments[i].key)));
    return half;
}

OUT_OF_LINE sim_dur link_path_spike(const struct wan_link *link, uint64_t word)
{
    return dist_sample_ns(link->config->spike, rng_mix(word));
}

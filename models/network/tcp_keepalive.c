// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Keep-alive of a connection by the kernel at one of its ends (Linux, tcp_keepalive_timer()).
 *
 *   heard   when something came back last: the acknowledgement of what was sent, a message of the
 *           other flow, the answer to a probe
 *   idle    after `heard` without anything outstanding: the first probe, then one each `interval`
 *   dead    when `count` probes in a row have no answer, at the time of the next; where the socket
 *           has a user timeout, at the first of these times at which `heard` is that long ago
 *
 * While something is outstanding the retransmissions decide (tcp_sender.c): then it asks again
 * after `idle`. A message costs nothing for it: what was heard is read from the flows when the
 * timer fires.
 */
#include "wan_link_internal.h"

#define PROBE_BYTES 52 /* IP and TCP headers with timestamps */

static uint32_t generation_of(const struct flow_extra *extra)
{
    return (uint32_t)extra->serial & SIM_GENERATION_MASK;
}

static bool keepalive_live(const void *self, uint32_t flow_index, uint32_t generation)
{
    const struct wan_link *link = self;
    const struct flow *flow = &link->flows[flow_index];

    return flow->open && !flow->broken && link->extras[flow_index].keepalive &&
           generation_of(&link->extras[flow_index]) == generation;
}

static void keepalive_at(struct wan_link *link, uint32_t flow_index, sim_time when)
{
    link->extras[flow_index].timed = true;
    sim_at(link->sim, when, link->keepalive_kind, flow_index,
           generation_of(&link->extras[flow_index]));
}

void tcp_keepalive_end(struct wan_link *link, uint32_t flow_index)
{
    if (!link->extras[flow_index].timed)
        return;
    link->extras[flow_index].timed = false;
    sim_cancelled(link->sim);
}

void tcp_keepalive_begin(void *self, uint32_t flow_index, const struct keepalive *keepalive)
{
    struct wan_link *link = self;
    struct flow_extra *extra = &link->extras[flow_index];

    if (!keepalive) {
        tcp_keepalive_end(link, flow_index);
        extra->keepalive = NULL;
        return;
    }
    invariant_debug(extra->watch_kind != 0 && keepalive->idle_ns > 0);
    invariant_debug(extra->back != NO_INDEX);
    extra->keepalive = keepalive;
    extra->answered = sim_now(link->sim);
    keepalive_at(link, flow_index, extra->answered + keepalive->idle_ns);
}

sim_time tcp_flow_latest(const void *self, uint32_t flow_index)
{
    return ((const struct wan_link *)self)->flows[flow_index].release;
}

/* Of messages that are under way: when it will be. */
static sim_time latest_heard(const struct wan_link *link, uint32_t flow_index)
{
    const struct flow_extra *extra = &link->extras[flow_index];
    const struct link_port *reverse = link->reverse;
    sim_time heard = extra->answered, sent = link->flows[flow_index].release;
    sim_time received = reverse->latest(reverse->self, extra->back);

    if (sent > 0 && sent + reverse->mean_delay(reverse->self) > heard)
        heard = sent + reverse->mean_delay(reverse->self);
    return received > heard ? received : heard;
}

static void send_probe(struct wan_link *link, uint32_t flow_index)
{
    struct flow_extra *extra = &link->extras[flow_index];
    struct message probe = {.kind = link->probe_kind,
                            .entity = flow_index,
                            .generation = generation_of(extra),
                            .bytes = PROBE_BYTES,
                            .identity = rng_mix(extra->serial ^ UINT64_C(1) << 62),
                            .index = extra->probes_sent++,
                            .packet = true};

    extra->unanswered++;
    tcp_flow_send(link, flow_index, &probe);
}

static void keepalive_on_timer(void *self, struct sim *sim, uint32_t flow_index,
                               uint32_t generation)
{
    struct wan_link *link = self;
    struct flow_extra *extra = &link->extras[flow_index];
    const struct keepalive *keepalive = extra->keepalive;
    sim_time now = sim_now(sim), heard = latest_heard(link, flow_index);
    bool dead = extra->unanswered >= keepalive->count;

    (void)generation;
    extra->timed = false;
    if (link->flows[flow_index].sender != NO_INDEX) {
        keepalive_at(link, flow_index, now + keepalive->idle_ns);
        return;
    }
    if (heard + keepalive->idle_ns > now) {
        extra->unanswered = 0;
        keepalive_at(link, flow_index, heard + keepalive->idle_ns);
        return;
    }
    if (extra->user_timeout_ns > 0)
        dead = extra->unanswered > 0 && now - heard >= extra->user_timeout_ns;
    if (dead && keepalive->forgets)
        link->reverse->peer(link->reverse->self, extra->back, PEER_FORGOT);
    else if (dead)
        tcp_flow_break(link, flow_index, now, CONNECTION_SILENT);
    if (dead)
        return;
    send_probe(link, flow_index);
    if (keepalive_live(link, flow_index, generation_of(extra)))
        keepalive_at(link, flow_index, now + keepalive->interval_ns);
}

/* At the other end: its kernel answers. */
static void keepalive_on_probe(void *self, struct sim *sim, uint32_t flow_index,
                               uint32_t generation)
{
    struct wan_link *link = self;
    const struct flow_extra *extra = &link->extras[flow_index];
    struct message answer = {.kind = link->answer_kind,
                             .entity = flow_index,
                             .generation = generation,
                             .bytes = PROBE_BYTES,
                             .identity = rng_mix(extra->serial ^ UINT64_C(1) << 61),
                             .index = extra->probes_sent,
                             .packet = true};

    (void)sim;
    link->reverse->send(link->reverse->self, extra->back, &answer);
}

static void keepalive_on_answer(void *self, struct sim *sim, uint32_t flow_index,
                                uint32_t generation)
{
    struct flow_extra *extra = &((struct wan_link *)self)->extras[flow_index];

    (void)generation;
    extra->answered = sim_now(sim);
    extra->unanswered = 0;
}

static const struct event_kind keepalive_timer = {
    .name = "keepalive", .phase = PHASE_WORK, .fire = keepalive_on_timer, .live = keepalive_live};
static const struct event_kind keepalive_probe = {.name = "keepalive_probe",
                                                  .phase = PHASE_WORK,
                                                  .fire = keepalive_on_probe,
                                                  .live = keepalive_live};
static const struct event_kind keepalive_answer = {.name = "keepalive_answer",
                                                   .phase = PHASE_WORK,
                                                   .fire = keepalive_on_answer,
                                                   .live = keepalive_live};

void tcp_keepalive_init(struct wan_link *link, const char *instance)
{
    link->keepalive_kind = sim_kind_add(link->sim, &keepalive_timer, instance, link);
    link->probe_kind = sim_kind_add(link->sim, &keepalive_probe, instance, link);
    link->answer_kind = sim_kind_add(link->sim, &keepalive_answer, instance, link);
}

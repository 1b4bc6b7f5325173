// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One direction of a TCP connection, a flow: order, retransmission, giving up.
 *
 * A message is one segment. In the usual case sending costs one push: the delivery is scheduled at
 * once. Only a loss makes state: the lost message and all that is sent behind it on the same flow
 * wait in the flow's retransmit queue until a retransmission gets through, since TCP delivers in
 * order. There is one retransmission timer a flow, on the head of its queue:
 *
 *   lost        -> sent again after R = RTT + rto_min; with the tail loss probe again after R, then
 *                  2R, 4R ... (Linux, net/ipv4/tcp_output.c); without it after 2R, 4R ...; a
 *                  handshake after 1 s, 2 s, 4 s ...
 *   3 behind it -> sent again one way back after the third has arrived (fast retransmit)
 *   it arrives  -> all behind it up to the next lost one are delivered; the next one is sent again
 *                  when the acknowledgement has come back
 *   too long    -> the kernel gives up: a watched flow breaks (link.h)
 *
 * What few flows use (path classes, watches) stands in `extras`, beside the flows that every
 * message touches.
 */
#include "wan_link_internal.h"

#include <stdlib.h>

static void flow_deliver(struct wan_link *link, struct flow *flow, const struct message *message,
                         sim_time arrives)
{
    if (arrives > flow->release)
        flow->release = arrives;
    sim_at(link->sim, flow->release, message->kind, message->entity, message->generation);
}

/* --- rows ------------------------------------------------------------------------------------ */

static uint32_t queued_alloc(struct wan_link *link)
{
    uint32_t index = link->queued_free;

    if (index != NO_INDEX) {
        link->queued_free = link->queued[index].next;
        return index;
    }
    MEM_GROW(link->queued, link->queued_capacity, link->queued_count + 1);
    index = (uint32_t)link->queued_count++;
    invariant(index < FLOW_NONE);
    link->queued[index].generation = 0;
    sim_kind_rows(link->sim, link->retransmit_kind, link->queued, sizeof *link->queued);
    return index;
}

static void queued_release(struct wan_link *link, uint32_t index)
{
    link->queued[index].generation++;
    link->queued[index].next = link->queued_free;
    link->queued_free = index;
}

static void flow_free(struct wan_link *link, uint32_t flow_index)
{
    link->flows[flow_index].tail = link->flow_free & FLOW_NONE;
    link->flow_free = flow_index;
}

/* --- broken connections ---------------------------------------------------------------------- */

/* At `when` the owners of the flow's messages and the flow's own learn that nothing more comes. */
RARE static void flow_break(struct wan_link *link, uint32_t flow_index, sim_time when,
                            enum connection_event how)
{
    struct flow *flow = &link->flows[flow_index];
    struct flow_extra *extra = &link->extras[flow_index];

    flow->broken = true;
    extra->state = how;
    while (flow->head != NO_INDEX) {
        uint32_t index = flow->head;
        const struct message *message = &link->queued[index].message;

        flow->head = link->queued[index].next;
        if (message->lost)
            sim_at(link->sim, when, message->lost, message->entity, message->generation);
        queued_release(link, index);
    }
    if (flow->open) {
        probe_count(link->probes, link->broken[how - CONNECTION_RST]);
        sim_at(link->sim, when, extra->watch_kind, extra->watch_entity, extra->watch_generation);
    } else {
        flow_free(link, flow_index);
    }
}

static bool flow_can_break(const struct wan_link *link, uint32_t flow_index)
{
    return link->extras[flow_index].watch_kind != 0 && !link->flows[flow_index].broken;
}

/* The receiver's host answers with a RST. */
static bool flow_is_forgotten(const struct wan_link *link, uint32_t flow_index)
{
    return link->extras[flow_index].peer == PEER_FORGOT && flow_can_break(link, flow_index);
}

void tcp_flows_reset(struct wan_link *link)
{
    for (uint32_t i = 0; i < link->flow_count; i++) {
        bool timer = link->flows[i].head != NO_INDEX;

        if (!flow_can_break(link, i) || !(link->flows[i].open || timer))
            continue;
        flow_break(link, i, sim_now(link->sim), CONNECTION_RST);
        if (timer)
            sim_cancelled(link->sim);
    }
}

/* Sent on a flow that is broken, or into a reset, which comes back after a round trip. */
RARE static void flow_send_in_vain(struct wan_link *link, uint32_t flow_index,
                                   const struct message *message)
{
    sim_time answer = sim_now(link->sim) + link->mean_base_ns + link->extra_delay_ns +
                      link->reverse->mean_delay(link->reverse->self);

    probe_count(link->probes, link->messages);
    probe_count(link->probes, link->transmissions);
    probe_count(link->probes, link->losses);
    if (!link->flows[flow_index].broken) {
        bool timer = link->flows[flow_index].head != NO_INDEX;

        flow_break(link, flow_index, answer, CONNECTION_RST);
        if (timer)
            sim_cancelled(link->sim);
    }
    if (message->lost)
        sim_at(link->sim, answer, message->lost, message->entity, message->generation);
}

/* A retransmission has reached a host that does not know the connection: its RST comes back. */
RARE static void flow_meets_reset(struct wan_link *link, uint32_t flow_index, sim_time arrives)
{
    flow_break(link, flow_index, arrives + link->reverse->mean_delay(link->reverse->self),
               CONNECTION_RST);
}

/* Is it time for the kernel to stop trying? Asked when the timer fires. */
static bool flow_gives_up(const struct wan_link *link, const struct queued_message *queued)
{
    const struct wan_link_config *config = link->config;
    sim_dur limit = link->flows[queued->flow].open ? config->give_up_ns : config->orphan_give_up_ns;

    if (!flow_can_break(link, queued->flow))
        return false;
    if (queued->message.handshake)
        return queued->losses > config->syn_retries;
    return sim_now(link->sim) - link->extras[queued->flow].window.since >= limit;
}

/* --- retransmission -------------------------------------------------------------------------- */

/* How long the sender waits before transmission number losses + 1 of a message. */
static sim_dur flow_rto(const struct wan_link *link, const struct queued_message *queued)
{
    const struct wan_link_config *config = link->config;
    bool handshake = queued->message.handshake;
    sim_dur rto = handshake
                      ? config->syn_rto_ns
                      : link_mean_delay(link) + link->reverse->mean_delay(link->reverse->self) +
                            config->rto_min_ns;
    uint32_t doublings = queued->losses > 0 ? queued->losses - 1u : 0;

    if (config->tail_loss_probe && !handshake && doublings > 0)
        doublings--;
    while (doublings-- > 0 && rto < config->rto_max_ns)
        rto *= 2;
    return rto < config->rto_max_ns ? rto : config->rto_max_ns;
}

RARE static void flow_schedule(struct wan_link *link, uint32_t index, sim_time when)
{
    struct queued_message *queued = &link->queued[index];

    link->extras[queued->flow].window.due = when;
    sim_at(link->sim, when, link->retransmit_kind, index, ++queued->generation);
}

/* The flow's queue has a new head, of which the sender knows from `since` on. */
static void flow_progress(struct wan_link *link, uint32_t flow_index, sim_time since)
{
    struct flow_window *window = &link->extras[flow_index].window;

    window->since = since;
    window->behind = 0;
}

/* Append a message to the flow's retransmit queue: lost, or behind a lost one. */
RARE static void flow_queue(struct wan_link *link, uint32_t flow_index,
                            const struct message *message, sim_time arrives)
{
    uint32_t index = queued_alloc(link);
    struct queued_message *queued = &link->queued[index];
    struct flow *flow = &link->flows[flow_index];

    queued->message = *message;
    queued->arrives = arrives;
    queued->next = NO_INDEX;
    queued->flow = flow_index;
    queued->losses = arrives == SIM_NEVER;
    if (flow->head == NO_INDEX) {
        flow->head = index;
        flow_progress(link, flow_index, sim_now(link->sim));
    } else {
        link->queued[flow->tail].next = index;
    }
    flow->tail = index & FLOW_NONE;
}

/* Three later messages have shown the receiver what is missing: send it again as soon as the
 * sender knows. */
RARE static void flow_count_behind(struct wan_link *link, uint32_t flow_index, sim_time arrives)
{
    uint32_t head = link->flows[flow_index].head;
    struct flow_window *window = &link->extras[flow_index].window;

    if (link->queued[head].losses == 1 && ++window->behind == 3) {
        sim_time known = arrives + link->reverse->mean_delay(link->reverse->self);

        if (known >= window->due)
            return; /* the timer is faster */
        flow_schedule(link, head, known);
        sim_cancelled(link->sim);
    }
}

/* The head got through at `arrives`: deliver all up to the next lost one. */
static void flow_release(struct wan_link *link, uint32_t flow_index, sim_time arrives)
{
    struct flow *flow = &link->flows[flow_index];

    link->queued[flow->head].arrives = arrives;
    while (flow->head != NO_INDEX && link->queued[flow->head].arrives != SIM_NEVER) {
        uint32_t index = flow->head;

        flow_deliver(link, flow, &link->queued[index].message, link->queued[index].arrives);
        flow->head = link->queued[index].next;
        queued_release(link, index);
    }
    if (flow->head != NO_INDEX) {
        sim_time known = flow->release + link->reverse->mean_delay(link->reverse->self);

        flow_progress(link, flow_index, known);
        flow_schedule(link, flow->head, known);
    } else if (!flow->open) {
        flow_free(link, flow_index);
    }
}

static void tcp_flow_on_retransmit(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    struct wan_link *link = self;
    struct queued_message *queued = &link->queued[entity];
    sim_time arrives;

    (void)generation;
    if (flow_gives_up(link, queued)) {
        flow_break(link, queued->flow, sim_now(sim), CONNECTION_SILENT);
        return;
    }
    arrives = link_transmit(link, queued->flow, &queued->message, queued->losses);
    if (link->flows[queued->flow].away) {
        if (arrives != SIM_NEVER && flow_is_forgotten(link, queued->flow)) {
            flow_meets_reset(link, queued->flow, arrives);
            return;
        }
        arrives = SIM_NEVER;
    }
    if (arrives != SIM_NEVER) {
        flow_release(link, queued->flow, arrives);
        return;
    }
    probe_count(link->probes, link->losses);
    if (queued->losses < UINT16_MAX)
        queued->losses++;
    flow_schedule(link, entity, sim_now(sim) + flow_rto(link, queued));
}

static bool tcp_flow_retransmit_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct wan_link *link = self;

    return (link->queued[entity].generation & SIM_GENERATION_MASK) == generation;
}

const struct event_kind tcp_flow_retransmit = {
    .name = "retransmit",
    .phase = PHASE_WORK,
    .fire = tcp_flow_on_retransmit,
    .live = tcp_flow_retransmit_live,
    .carries_cause = true, /* that of its message */
};

/* --- the port -------------------------------------------------------------------------------- */

void tcp_flows_init(struct wan_link *link)
{
    link->flow_free = FLOW_NONE;
    link->queued_free = NO_INDEX;
}

void tcp_flows_release(struct wan_link *link)
{
    free(link->flows);
    free(link->extras);
    free(link->queued);
}

uint32_t tcp_flow_open(void *self)
{
    struct wan_link *link = self;
    uint32_t index = link->flow_free;

    if (index != FLOW_NONE) {
        link->flow_free = link->flows[index].tail;
    } else {
        MEM_GROW(link->flows, link->flow_capacity, link->flow_count + 1);
        MEM_GROW(link->extras, link->extra_capacity, link->flow_count + 1);
        index = (uint32_t)link->flow_count++;
        invariant(index < FLOW_NONE);
    }
    link->flows[index] = (struct flow){.head = NO_INDEX, .open = true};
    link->extras[index] = (struct flow_extra){.serial = link->flows_opened++};
    return index;
}

void tcp_flow_watch(void *self, uint32_t flow_index, kind_id kind, uint32_t entity,
                    uint32_t generation)
{
    struct wan_link *link = self;
    struct flow_extra *extra = &link->extras[flow_index];

    invariant_debug(link->flows[flow_index].open);
    extra->watch_kind = kind;
    extra->watch_entity = entity;
    extra->watch_generation = generation;
}

enum connection_event tcp_flow_state(const void *self, uint32_t flow_index)
{
    return ((const struct wan_link *)self)->extras[flow_index].state;
}

void tcp_flow_peer(void *self, uint32_t flow_index, enum peer_state peer)
{
    struct wan_link *link = self;

    link->flows[flow_index].away = peer != PEER_HERE;
    link->extras[flow_index].peer = peer;
}

void tcp_flow_close(void *self, uint32_t flow_index)
{
    struct wan_link *link = self;
    struct flow *flow = &link->flows[flow_index];

    invariant(flow->open);
    flow->open = false;
    if (flow->head == NO_INDEX)
        flow_free(link, flow_index);
}

void tcp_flow_abort(void *self, uint32_t flow_index)
{
    struct wan_link *link = self;
    struct flow *flow = &link->flows[flow_index];
    bool timer = flow->head != NO_INDEX; /* only the head has one */

    while (flow->head != NO_INDEX) {
        uint32_t index = flow->head;

        flow->head = link->queued[index].next;
        queued_release(link, index);
    }
    if (timer)
        sim_cancelled(link->sim);
    tcp_flow_close(link, flow_index);
}

void tcp_flow_prefetch(const void *self, uint32_t flow_index, uint32_t second)
{
    (void)second;
    mem_prefetch(&((const struct wan_link *)self)->flows[flow_index], sizeof(struct flow));
}

/* The message was lost; it was sent at `sent`. */
RARE static void flow_lose(struct wan_link *link, uint32_t flow_index,
                           const struct message *message, sim_time sent)
{
    uint32_t head;

    flow_queue(link, flow_index, message, SIM_NEVER);
    head = link->flows[flow_index].head;
    if (message->handshake)
        link->queued[link->flows[flow_index].tail].losses =
            (uint16_t)(1 + link->extras[flow_index].syns_dropped);
    if (head == link->flows[flow_index].tail)
        flow_schedule(link, head, sent + flow_rto(link, &link->queued[head]));
}

void tcp_flow_dropped(void *self, uint32_t flow_index, const struct message *message)
{
    struct wan_link *link = self;

    probe_count(link->probes, link->losses);
    flow_lose(link, flow_index, message, sim_now(link->sim) - link_mean_delay(link));
    if (message->handshake)
        link->extras[flow_index].syns_dropped++;
}

/* A message on a flow that is broken, into a reset, or to a host that is down or forgot it. */
RARE static void flow_send_astray(struct wan_link *link, uint32_t flow_index,
                                  const struct message *message)
{
    if (link->flows[flow_index].broken || (link->reset && flow_can_break(link, flow_index)) ||
        (flow_is_forgotten(link, flow_index) && !link->blackhole)) {
        flow_send_in_vain(link, flow_index, message);
        return;
    }
    probe_count(link->probes, link->messages);
    probe_count(link->probes, link->transmissions);
    probe_count(link->probes, link->losses);
    flow_lose(link, flow_index, message, sim_now(link->sim));
}

HOT_HANDLER void tcp_flow_send(void *self, uint32_t flow_index, const struct message *message)
{
    struct wan_link *link = self;
    struct flow *flow = &link->flows[flow_index];
    sim_time arrives;

    invariant_debug(flow->open);
    if (flow->broken || flow->away || (link->reset && flow_can_break(link, flow_index))) {
        flow_send_astray(link, flow_index, message);
        return;
    }
    arrives = link_transmit(link, flow_index, message, 0);
    probe_count(link->probes, link->messages);
    if (arrives == SIM_NEVER)
        probe_count(link->probes, link->losses);
    if (flow->head == NO_INDEX && arrives != SIM_NEVER) {
        flow_deliver(link, flow, message, arrives);
        return;
    }
    if (flow->head == NO_INDEX) {
        flow_lose(link, flow_index, message, sim_now(link->sim));
        return;
    }
    flow_queue(link, flow_index, message, arrives);
    if (arrives != SIM_NEVER)
        flow_count_behind(link, flow_index, arrives);
}

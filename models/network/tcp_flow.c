// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One direction of a TCP connection, a flow: what is sent while nothing is lost, closing, breaking,
 * what a fault holds, what a box on the path forgets.
 *
 * In the usual case sending costs one push: the delivery is scheduled at once, in order. Only a
 * flow that lost something, or that sends more than an initial window at once, has a sender
 * (tcp_sender.c) that counts what is outstanding; all that is sent meanwhile goes through it.
 *
 * What few flows use (path classes, watches, windows) stands in `extras`, beside the flows that
 * every message touches.
 */
#include "wan_link_internal.h"

#include <stdlib.h>

static void flow_free(struct wan_link *link, uint32_t flow_index)
{
    link->flows[flow_index].next_free = link->flow_free & FLOW_NONE;
    link->flow_free = flow_index;
}

/* A closed flow is freed once nothing of it is left. */
static void flow_free_unless_used(struct wan_link *link, uint32_t flow_index)
{
    if (link->flows[flow_index].sender == NO_INDEX && link->extras[flow_index].held == 0)
        flow_free(link, flow_index);
}

void tcp_flow_is_through(struct wan_link *link, uint32_t flow_index)
{
    if (!link->flows[flow_index].open)
        flow_free_unless_used(link, flow_index);
}

/* --- broken connections ---------------------------------------------------------------------- */

bool tcp_flow_can_break(const struct wan_link *link, uint32_t flow_index)
{
    return link->extras[flow_index].watch_kind != 0 && !link->flows[flow_index].broken;
}

RARE void tcp_flow_break(struct wan_link *link, uint32_t flow_index, sim_time when,
                         enum connection_event how)
{
    struct flow *flow = &link->flows[flow_index];
    struct flow_extra *extra = &link->extras[flow_index];

    flow->broken = true;
    extra->state = how;
    tcp_keepalive_end(link, flow_index);
    tcp_sender_end(link, flow_index, when);
    if (flow->open) {
        probe_count(link->probes, link->broken[how - CONNECTION_RST]);
        sim_at(link->sim, when, extra->watch_kind, extra->watch_entity, extra->watch_generation);
    } else {
        flow_free_unless_used(link, flow_index);
    }
}

void tcp_flows_reset(struct wan_link *link)
{
    for (uint32_t i = 0; i < link->flow_count; i++) {
        if (!tcp_flow_can_break(link, i) ||
            !(link->flows[i].open || link->flows[i].sender != NO_INDEX))
            continue;
        if (link->selective)
            link_path_select(link, i);
        if (link->reset)
            tcp_flow_break(link, i, sim_now(link->sim), CONNECTION_RST);
    }
}

/* When a reset comes back for what is sent now. */
static sim_time reset_comes(const struct wan_link *link)
{
    return sim_now(link->sim) + link_mean_delay(link) +
           link->reverse->mean_delay(link->reverse->self);
}

/* Sent on a flow that is broken, or into a reset, which comes back after a round trip. */
RARE static void flow_send_in_vain(struct wan_link *link, uint32_t flow_index,
                                   const struct message *message)
{
    sim_time answer = reset_comes(link);

    probe_count(link->probes, link->messages);
    probe_count(link->probes, link->transmissions);
    probe_count(link->probes, link->losses);
    if (!link->flows[flow_index].broken)
        tcp_flow_break(link, flow_index, answer, CONNECTION_RST);
    if (message->lost)
        sim_at(link->sim, answer, message->lost, message->entity, message->generation);
}

/* --- what some links do to each message ------------------------------------------------------ */

/* A box with an idle timeout sees a packet of the flow. */
static void flow_pass_box(struct wan_link *link, uint32_t flow_index, bool handshake)
{
    struct flow_extra *extra = &link->extras[flow_index];
    sim_time now = sim_now(link->sim);

    if (link->config->idle_after_ns == 0)
        return;
    if (handshake)
        extra->expired = false;
    else if (now - extra->used > link->config->idle_after_ns)
        extra->expired = true;
    extra->used = now;
}

static void flow_hold(struct wan_link *link, uint32_t flow_index, const struct message *message)
{
    MEM_GROW(link->held, link->held_capacity, link->held_count + 1);
    link->held[link->held_count++] = (struct held_message){*message, flow_index};
    link->extras[flow_index].held++;
}

/* One packet for which nobody waits. */
static void flow_send_packet(struct wan_link *link, uint32_t flow_index,
                             const struct message *message)
{
    sim_time arrives = SIM_NEVER;

    flow_pass_box(link, flow_index, false);
    probe_count(link->probes, link->messages);
    if (!link->hold && !flow_is_cut(link, flow_index))
        arrives = link_transmit(link, flow_index, message->identity, (uint64_t)message->index << 16,
                                message->bytes);
    if ((link->extras[flow_index].expired && link->config->idle_then == IDLE_RESET &&
         tcp_flow_can_break(link, flow_index)) ||
        (message->kind == link->probe_kind && tcp_flow_is_forgotten(link, flow_index) &&
         !link->blackhole))
        tcp_flow_break(link, flow_index, reset_comes(link), CONNECTION_RST);
    if (arrives == SIM_NEVER)
        probe_count(link->probes, link->losses);
    else
        sim_at(link->sim, arrives, message->kind, message->entity, message->generation);
}

/* What is sent now waits behind something lost: it does not leave before that is sent again. */
static bool flow_waits(const struct wan_link *link, uint32_t flow_index)
{
    uint32_t sender = link->flows[flow_index].sender;

    return sender != NO_INDEX && tcp_sender_waits(link, sender);
}

/* A single packet, a reset, a hold, an idle timeout, a host that is not there, a flow that meets
 * other faults: is that the end of the message's sending? */
RARE static bool flow_intercepts(struct wan_link *link, uint32_t flow_index,
                                 const struct message *message)
{
    bool resets;

    if (link->selective)
        link_path_select(link, flow_index);
    resets = link->reset;
    if (message->packet) {
        flow_send_packet(link, flow_index, message);
        return true;
    }
    flow_pass_box(link, flow_index, message->handshake);
    if (link->extras[flow_index].expired)
        resets = resets || link->config->idle_then == IDLE_RESET;
    resets = resets || (tcp_flow_is_forgotten(link, flow_index) && !link->blackhole &&
                        !flow_waits(link, flow_index));
    if (link->flows[flow_index].broken || (resets && tcp_flow_can_break(link, flow_index))) {
        flow_send_in_vain(link, flow_index, message);
        return true;
    }
    if (link->hold) {
        flow_hold(link, flow_index, message);
        return true;
    }
    if (flow_is_cut(link, flow_index) && link->flows[flow_index].sender == NO_INDEX) {
        probe_count(link->probes, link->messages);
        probe_count(link->probes, link->transmissions);
        probe_count(link->probes, link->losses);
        tcp_sender_begin_lost(link, flow_index, message);
        return true;
    }
    if (link->unheard && !link->blackhole && !message->handshake &&
        link->flows[flow_index].sender == NO_INDEX)
        tcp_sender_begin_unheard(link, flow_index);
    return false;
}

/* --- the port -------------------------------------------------------------------------------- */

void tcp_flows_init(struct wan_link *link)
{
    link->flow_free = FLOW_NONE;
    tcp_senders_init(link);
}

void tcp_flows_release(struct wan_link *link)
{
    free(link->flows);
    free(link->extras);
    free(link->held);
    tcp_senders_release(link);
}

uint32_t tcp_flow_open(void *self)
{
    struct wan_link *link = self;
    uint32_t index = link->flow_free;

    if (index != FLOW_NONE) {
        link->flow_free = link->flows[index].next_free;
    } else {
        MEM_GROW(link->flows, link->flow_capacity, link->flow_count + 1);
        MEM_GROW(link->extras, link->extra_capacity, link->flow_count + 1);
        index = (uint32_t)link->flow_count++;
        invariant(index < FLOW_NONE);
    }
    link->flows[index] = (struct flow){.sender = NO_INDEX, .open = true};
    link->extras[index] = (struct flow_extra){.serial = link->flows_opened,
                                              .connection = link->flows_opened,
                                              .traffic = TRAFFIC_APPLICATION,
                                              .back = NO_INDEX,
                                              .used = sim_now(link->sim)};
    link->flows_opened++;
    return index;
}

void tcp_flow_mark(void *self, uint32_t flow_index, enum traffic traffic, uint64_t connection)
{
    struct wan_link *link = self;

    invariant_debug(traffic != TRAFFIC_BOTH);
    link->extras[flow_index].traffic = traffic;
    link->flows[flow_index].replicates = traffic == TRAFFIC_REPLICATION;
    link->replicates = link->replicates || traffic == TRAFFIC_REPLICATION;
    link->extras[flow_index].connection = connection;
}

void tcp_flow_pair(void *self, uint32_t flow_index, uint32_t back)
{
    ((struct wan_link *)self)->extras[flow_index].back = back;
}

void tcp_flow_watch(void *self, uint32_t flow_index, sim_dur user_timeout_ns, kind_id kind,
                    uint32_t entity, uint32_t generation)
{
    struct wan_link *link = self;
    struct flow_extra *extra = &link->extras[flow_index];

    invariant_debug(link->flows[flow_index].open);
    extra->user_timeout_ns = user_timeout_ns;
    extra->watch_kind = kind;
    extra->watch_entity = entity;
    extra->watch_generation = generation;
}

enum connection_event tcp_flow_state(const void *self, uint32_t flow_index)
{
    return ((const struct wan_link *)self)->extras[flow_index].state;
}

void tcp_flow_count(void *self, uint32_t flow_index)
{
    struct wan_link *link = self;

    if (link->flows[flow_index].sender == NO_INDEX && !link->flows[flow_index].broken)
        tcp_sender_begin_bulk(link, flow_index);
}

bool tcp_flow_is_forgotten(const struct wan_link *link, uint32_t flow_index)
{
    return link->extras[flow_index].peer == PEER_FORGOT && tcp_flow_can_break(link, flow_index);
}

void tcp_flow_dropped(void *self, uint32_t flow_index, const struct message *message)
{
    struct wan_link *link = self;
    struct flow_extra *extra = &link->extras[flow_index];

    probe_count(link->probes, link->losses);
    if (message->handshake && link->flows[flow_index].sender != NO_INDEX)
        tcp_sender_end(link, flow_index, SIM_NEVER); /* it waits for the answer to this SYN */
    if (link->flows[flow_index].sender != NO_INDEX)
        tcp_sender_push(link, flow_index, message);
    else
        tcp_sender_begin_dropped(link, flow_index, message, extra->syns_dropped);
    extra->syns_dropped += message->handshake;
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
    tcp_keepalive_end(link, flow_index);
    if (flow->sender != NO_INDEX && link->senders[flow->sender].handshake)
        tcp_sender_end(link, flow_index, SIM_NEVER); /* without a socket there is no SYN */
    else if (flow->sender != NO_INDEX)
        tcp_sender_close(link, flow_index);
    flow_free_unless_used(link, flow_index);
}

void tcp_flow_abort(void *self, uint32_t flow_index)
{
    tcp_sender_end(self, flow_index, SIM_NEVER);
    tcp_flow_close(self, flow_index);
}

void tcp_flow_prefetch(const void *self, uint32_t flow_index, uint32_t second)
{
    (void)second;
    mem_prefetch(&((const struct wan_link *)self)->flows[flow_index], sizeof(struct flow));
}

/* A message of several segments, or behind something that is not delivered yet. */
OUT_OF_LINE static void flow_send_counted(struct wan_link *link, uint32_t flow_index,
                                          const struct message *message)
{
    struct flow *flow = &link->flows[flow_index];
    sim_time arrives;

    probe_count(link->probes, link->messages);
    if (flow->sender != NO_INDEX)
        tcp_sender_push(link, flow_index, message);
    else if (!tcp_sender_push_segments(link, flow_index, message, &arrives))
        flow_deliver(link, flow, message, arrives);
}

static inline void flow_send(struct wan_link *link, uint32_t flow_index,
                             const struct message *message)
{
    struct flow *flow = &link->flows[flow_index];
    sim_time arrives;

    if (flow->sender != NO_INDEX || message->bytes > link->config->segment_bytes) {
        flow_send_counted(link, flow_index, message);
        return;
    }
    arrives = link_transmit(link, flow_index, message->identity, (uint64_t)message->index << 16,
                            message->bytes);
    probe_count(link->probes, link->messages);
    if (arrives != SIM_NEVER) {
        flow_deliver(link, flow, message, arrives);
        return;
    }
    probe_count(link->probes, link->losses);
    tcp_sender_begin_lost(link, flow_index, message);
}

HOT_HANDLER void tcp_flow_send(void *self, uint32_t flow_index, const struct message *message)
{
    struct wan_link *link = self;

    invariant_debug(link->flows[flow_index].open);
    if ((link->flows[flow_index].broken || link->flows[flow_index].away || link->careful ||
         message->packet) &&
        flow_intercepts(link, flow_index, message))
        return;
    flow_send(link, flow_index, message);
}

void tcp_flows_let_go(struct wan_link *link)
{
    size_t kept = 0;

    for (size_t i = 0; i < link->held_count; i++) {
        const struct held_message *held = &link->held[i];

        if (link->selective)
            link_path_select(link, held->flow);
        if (link->hold) {
            link->held[kept++] = *held;
            continue;
        }
        if (link->flows[held->flow].broken) {
            if (held->message.lost)
                sim_at(link->sim, sim_now(link->sim), held->message.lost, held->message.entity,
                       held->message.generation);
        } else {
            flow_send(link, held->flow, &held->message);
        }
        link->extras[held->flow].held--;
        tcp_flow_is_through(link, held->flow);
    }
    link->held_count = kept;
}

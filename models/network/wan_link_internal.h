// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the files of a link share: wan_link.c (parameters, metrics, the model), link_path.c (faults,
 * delay, loss, bandwidth: whether and when a transmission arrives), tcp_flow.c (order,
 * retransmission and loss of a connection, one direction of it).
 */
#ifndef WAN_LINK_INTERNAL_H
#define WAN_LINK_INTERNAL_H

#include "bug.h"
#include "link.h"
#include "loss_process.h"
#include "mem.h"
#include "model.h"
#include "prefetch.h"
#include "refs.h"

enum { KIND_PEERING, KIND_GATEWAY, KIND_NONE };
enum { PATHS_NONE, PATHS_CLASSES };

struct wan_link_config {
    int kind, paths;
    int32_t via;
    struct dist *rtt, *jitter, *spike;
    struct loss_config loss;
    double spike_share, bandwidth_bit_per_s;
    double longer_share, longer, longest_share, longest;
    int64_t buffer_bytes;
    sim_dur path_ns, rto_min_ns, rto_max_ns, syn_rto_ns, give_up_ns, orphan_give_up_ns;
    uint32_t syn_retries;
    bool tail_loss_probe;
};

#define BREAKERS 2 /* CONNECTION_RST and CONNECTION_SILENT, in this order */

/* One direction of one connection: four stand on a cache line, as each message reads one. */
__extension__ struct flow {
    sim_time release;   /* no later message is delivered before */
    uint32_t head;      /* of the retransmit queue: a lost message; NO_INDEX: nothing is lost */
    uint32_t tail : 29; /* the last of them. Of a free flow: the next free one, or FLOW_NONE */
    uint32_t open : 1;
    uint32_t away : 1;   /* the receiver is down, or does not know the connection */
    uint32_t broken : 1; /* what is sent on it is lost */
};
_Static_assert(sizeof(struct flow) == 16, "see above");
#define FLOW_NONE ((UINT32_C(1) << 29) - 1)

/* What the sender knows of its retransmit queue; means nothing where that is empty. */
struct flow_window {
    sim_time since;  /* has tried to get the head through: its loss, or the last progress */
    sim_time due;    /* of the retransmission timer */
    uint32_t behind; /* messages behind the head that have arrived */
};

/* Of a flow, what only some of them need. */
struct flow_extra {
    uint64_t serial; /* of the flow among all ever opened: keys its draws */
    struct flow_window window;
    sim_time path_until;
    double path; /* how many times as long as the shortest */
    uint32_t path_draws;
    kind_id watch_kind; /* 0: not watched */
    uint32_t watch_entity, watch_generation;
    enum connection_event state; /* CONNECTION_ESTABLISHED: not broken */
    enum peer_state peer;
    uint16_t syns_dropped; /* by the receiver's kernel: they arrived */
};

/* A message of a retransmit queue: it was lost, or waits behind one that was. */
struct queued_message {
    struct message message;
    sim_time arrives; /* when its last transmission arrives; SIM_NEVER: lost */
    uint32_t next;
    uint32_t flow;
    uint32_t generation; /* of the retransmission timer */
    uint16_t losses;     /* of this message so far */
};

#define IMPAIRMENTS_MAX 64

struct wan_link {
    const struct wan_link_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream stream;
    struct link_port port;
    struct prefetch_port flows_hint;
    struct link_fault_port fault_port;
    struct dist *rtt_known; /* from the table of regions, where the scenario gives none */
    const struct dist *rtt;
    double half_rtt_ns; /* where it is always the same; else 0 */
    const struct link_port *reverse;
    int region, peer; /* from, to */

    /* what holds now: the configuration and every active fault */
    double loss;         /* until loss_until; then it must be looked up again */
    double steady_loss;  /* the part of it that does not change by itself */
    sim_time loss_until; /* SIM_NEVER: nothing comes in bursts */
    sim_dur extra_delay_ns;
    bool blackhole;
    bool reset;
    bool draws;          /* anything random at all? */
    sim_dur constant_ns; /* the whole delay, where nothing is random */
    sim_dur mean_base_ns;
    sim_time busy_until;
    struct link_impairment impairments[IMPAIRMENTS_MAX];
    struct loss_chain chains[IMPAIRMENTS_MAX]; /* of those with bursts */
    uint32_t impairment_count;
    uint64_t impairments_begun;
    struct loss_chain own_chain;
    struct rng_stream burst_stream, path_stream;
    struct gateway_port *attachment; /* to the transit gateway, where the link is of that kind */
    sim_dur gateway_ns;              /* delay of all gateways on the way */

    struct flow *flows;
    struct flow_extra *extras; /* by flow */
    size_t flow_count, flow_capacity, extra_capacity;
    uint64_t flows_opened;
    uint32_t flow_free;
    struct queued_message *queued; /* rows of all retransmit queues */
    size_t queued_count, queued_capacity;
    uint32_t queued_free;

    kind_id retransmit_kind;
    probe_id messages, transmissions, losses, broken[BREAKERS];
};

/* --- link_path.c ----------------------------------------------------------------------------- */

/* Compute what follows from the configuration and the active faults. */
void link_path_refresh(struct wan_link *link);
/* struct link_fault_port */
void link_path_begin_fault(void *self, const struct link_impairment *impairment);
void link_path_end_fault(void *self, const struct link_impairment *impairment);

/* The share of packets lost now, and until when that holds. */
void link_path_look_up_loss(struct wan_link *link);
/* Wait for the path's bandwidth; false: the buffer is full, the packet is lost. */
bool link_path_queue(struct wan_link *link, uint32_t bytes, sim_dur *wait);
/* How many times as long as the shortest the flow's path is. */
double link_path_length(struct wan_link *link, uint32_t flow_index);
/* Half a round trip where it varies; delay of a burst of queueing. */
double link_path_half_rtt(const struct wan_link *link, uint64_t word);
sim_dur link_path_spike(const struct wan_link *link, uint64_t word);

/* Mean one-way delay now, faults included. */
static inline sim_dur link_mean_delay(const struct wan_link *link)
{
    return link->mean_base_ns + link->extra_delay_ns;
}

/* When a transmission begun now arrives, or SIM_NEVER. `tries` names it among those of its message.
 */
static inline sim_time link_transmit(struct wan_link *link, uint32_t flow_index,
                                     const struct message *message, uint32_t tries)
{
    const struct wan_link_config *config = link->config;
    sim_dur delay = link->constant_ns;
    sim_dur wait = 0;

    probe_count(link->probes, link->transmissions);
    if (link->draws) {
        struct rng_block block =
            rng_block_at(&link->stream, message->identity, (uint64_t)message->index << 16 | tries);

        double base;

        if (sim_now(link->sim) >= link->loss_until)
            link_path_look_up_loss(link);
        if (rng_unit(block.word[2]) < link->loss)
            return SIM_NEVER;
        base = link->half_rtt_ns;
        if (!(base > 0))
            base = link_path_half_rtt(link, block.word[0]);
        if (config->paths != PATHS_NONE)
            base *= link_path_length(link, flow_index);
        delay = (sim_dur)(base + dist_sample(config->jitter, block.word[1])) + link->extra_delay_ns;
        if (rng_unit(block.word[3]) < config->spike_share)
            delay += link_path_spike(link, block.word[3]);
    }
    if (link->blackhole)
        return SIM_NEVER;
    if (config->bandwidth_bit_per_s > 0 && !link_path_queue(link, message->bytes, &wait))
        return SIM_NEVER;
    if (link->attachment && !link->attachment->pass(link->attachment->self, message->bytes, &wait))
        return SIM_NEVER;
    return sim_now(link->sim) + wait + delay;
}

/* --- tcp_flow.c ------------------------------------------------------------------------------ */

extern const struct event_kind tcp_flow_retransmit;
void tcp_flows_init(struct wan_link *link);
void tcp_flows_release(struct wan_link *link);
/* A reset strikes: break all watched flows, the kernel's orphans included. */
void tcp_flows_reset(struct wan_link *link);
/* struct link_port */
uint32_t tcp_flow_open(void *self);
void tcp_flow_watch(void *self, uint32_t flow_index, kind_id kind, uint32_t entity,
                    uint32_t generation);
enum connection_event tcp_flow_state(const void *self, uint32_t flow_index);
void tcp_flow_dropped(void *self, uint32_t flow_index, const struct message *message);
void tcp_flow_peer(void *self, uint32_t flow_index, enum peer_state peer);
void tcp_flow_close(void *self, uint32_t flow_index);
void tcp_flow_abort(void *self, uint32_t flow_index);
void tcp_flow_send(void *self, uint32_t flow_index, const struct message *message);
/* struct prefetch_port */
void tcp_flow_prefetch(const void *self, uint32_t flow_index, uint32_t second);

#endif

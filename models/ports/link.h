// SPDX-License-Identifier: GPL-3.0-or-later
/* A directed link: what it carries, what impairs it, the gateway that links of a region share. */
#ifndef LINK_H
#define LINK_H

#include "connection.h"
#include "dist.h"
#include "model.h"
#include "refs.h"

#include <stdbool.h>
#include <stdint.h>

#define PACKET_BYTES                                                                               \
    60 /* of a packet without data, such as a SYN: IP and TCP headers with options */

/* What a link carries: when it is delivered, `kind` fires on (entity, generation). */
struct message {
    kind_id kind;
    kind_id lost; /* fires instead on (entity, generation) where the connection breaks first; 0: no
                     event */
    uint32_t entity;
    uint32_t generation;
    uint32_t bytes;
    uint64_t
        identity; /* (identity, index) is unique in the run: keys the draws of delay and loss */
    uint32_t index;
    bool handshake; /* a SYN, or its answer: its first retransmission waits 1 s, not the RTO */
    bool packet; /* outside the flow: neither ordered nor sent again. An RST, a keep-alive probe or
                    its answer; traffic to a box with an idle timeout */
};
/* SO_KEEPALIVE of a socket: see tcp_keepalive.c. */
struct keepalive {
    sim_dur idle_ns /* 0: off */, interval_ns;
    uint32_t count; /* at least 1 */
    bool forgets;   /* a dead peer is forgotten: it finds out by a RST when it sends. Else the flow
                       breaks, and its owner is notified */
};
/* What a connection carries. A fault may hit one class only. */
enum traffic { TRAFFIC_BOTH, TRAFFIC_APPLICATION, TRAFFIC_REPLICATION };
/* A time in which nothing sent on a link arrives; from SIM_NEVER: there was none, until SIM_NEVER:
 * it lasts. */
struct darkness {
    sim_time from, until;
};
static inline bool is_in_darkness(const struct darkness *dark, sim_time when)
{
    return when >= dark->from && when < dark->until;
}
/*
 * A flow is one direction of a TCP connection: messages sent on it are delivered in order. It is an
 * index into the link's table. A closed flow still delivers what was sent on it (the kernel's
 * orphans), then is freed.
 *
 * A flow that is watched may break: the network resets its connection, or the kernel stops
 * retransmitting. Then messages not delivered yet are lost, later ones are lost too, and an event
 * reports it to the owner, which must close the flow. A flow that is not watched never breaks: a
 * reset acts on it as a blackhole, and it is retransmitted without end.
 */
struct link_port {
    void *self;
    const struct darkness *dark; /* the latest, by faults that hit all */
    uint32_t (*open)(void *self);
    /* What a new flow belongs to: a class of traffic, not BOTH, and a connection, of which both
     * flows have the same number: it keys the draw where a fault hits a share of connections. Not
     * called: TRAFFIC_APPLICATION, and a connection of its own. */
    void (*mark)(void *self, uint32_t flow, enum traffic traffic, uint64_t connection);
    void (*close)(void *self, uint32_t flow);
    /* The sender's host is gone: its retransmit queue is lost; messages in flight arrive. */
    void (*abort)(void *self, uint32_t flow);
    void (*send)(void *self, uint32_t flow, const struct message *message);
    /* Mean one-way delay now, faults included: for RTO estimates and for defaults. */
    sim_dur (*mean_delay)(const void *self);
    /* Watch an open flow: `kind` fires once on (entity, generation) when it breaks while open. Its
     * sender stops retransmitting after `user_timeout_ns` (TCP_USER_TIMEOUT); 0: by
     * tcp.retries2.
     */
    void (*watch)(void *self, uint32_t flow, sim_dur user_timeout_ns, kind_id kind, uint32_t entity,
                  uint32_t generation);
    /* The connection's other flow, on the reverse link: what arrives on it acknowledges. Both are
     * closed together. Not called: acknowledgements come as packets of their own only. */
    void (*pair)(void *self, uint32_t flow, uint32_t back);
    /* The kernel that sends on a watched, open flow of a pair probes its connection from now on
     * while it is idle; keepalive NULL: no longer. */
    void (*keep_alive)(void *self, uint32_t flow, const struct keepalive *keepalive);
    /* When the latest message of an open flow that got through arrives, or did; 0: none yet. */
    sim_time (*latest)(const void *self, uint32_t flow);
    /* More than an initial window follows in small messages: its congestion window counts from now
     * on until all is acknowledged. What is larger than that by itself counts without a report.
     */
    void (*count)(void *self, uint32_t flow);
    /* The message has arrived where nobody takes it: the receiver's kernel dropped it (a full
     * accept queue), or its host is down. It is lost, and sent again at the sender's times. */
    void (*dropped)(void *self, uint32_t flow, const struct message *message);
    /* What the receiver's host knows of the flow's connection from now on. Only a watched flow can
     * be reset. */
    void (*peer)(void *self, uint32_t flow, enum peer_state peer);
    /* What became of an open flow: CONNECTION_RST or CONNECTION_SILENT where it has broken, else
     * CONNECTION_ESTABLISHED. */
    enum connection_event (*state)(const void *self, uint32_t flow);
    /* The link of the other direction carries nothing from now on, or carries again. */
    void (*darken)(void *self, bool dark);
};
/* What links through a region's transit gateway share. */
struct gateway_port {
    void *self;
    /* `bytes` enter it from the region's network now: adds to *wait; false: no room, lost. */
    bool (*pass)(void *self, uint32_t bytes, sim_dur *wait);
    sim_dur delay; /* one way, of this hop */
};
/* One fault's part in a link's state; parts of several faults add up: losses as independent causes,
 * delays as a sum, blackholes as a count, bandwidths as bottlenecks in a row. */
struct link_impairment {
    double loss;   /* share, independent per packet */
    sim_dur delay; /* added one way */
    const struct dist
        *jitter; /* added too, drawn for each message, ns; NULL: none. The caller's. */
    double bandwidth_bit_per_s; /* of a bottleneck with the link's `buffer`; 0: none */
    bool blackhole;             /* nothing sent now arrives; what is in flight does */
    bool reset; /* connections that are watched break: those there are, and those that send */
    bool hold;  /* what is sent now is kept on the path, acknowledged, and goes on at the end */
    const struct loss_config *bursts; /* additional losses in bursts; NULL: none. The caller's. */
    double cross_bit_per_s;           /* traffic of others in the link's own queue; rates add up */
    uint32_t route; /* of a link with several: which one it hits, from 1; 0: all */
    /* What it hits: a class of traffic, and of its connections all but the share `spared_share`. */
    enum traffic traffic;
    double spared_share;
    uint64_t
        key; /* of the fault's draws: with the same, the same connections are hit on any link */
};
struct link_fault_port {
    void *self;
    void (*begin)(void *self, const struct link_impairment *impairment);
    void (*end)(void *self,
                const struct link_impairment *impairment); /* the same values as in begin */
    /* Does the way pass the transit gateways of its ends, and then that of `via` between them (-1:
     * no other)? */
    bool through_gateways;
    int via;
    uint32_t routes; /* of a company's link; 0: it has none of its own */
    /* A blackhole begins or ends on a route of the reverse link: both ends withdraw it. */
    void (*route_fault)(void *self, uint32_t route, bool begin);
};

PORT_ACCESSORS(link, struct link_port)
PORT_ACCESSORS(link_fault, struct link_fault_port)
PORT_ACCESSORS(gateway, struct gateway_port)

#endif

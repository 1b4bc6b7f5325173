// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The two ends of a connection: a client's and a listener's, and what one end learns of the other.
 *
 * A connection is named by the ref (region of the client, index in its table) and a generation (its
 * low SIM_GENERATION_BITS count), which distinguishes a reused index from an old one.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Events of a connection: what raises each, and how the other end learns of it.
 *
 *   ESTABLISHED  raised by the listener when the SYN arrives, by the client when the handshake ends
 *   REFUSED      raised by the listener: no process listens (a RST answers the SYN), or the
 *                connection is beyond the limit (it replies REPLY_RESET, and the first such reply
 *                closes the client's end)
 *   FIN, RST     raised by the client, and by the listener whose process exited; RST also by a flow
 *                of the connection that broke (link.h)
 *   SILENT       raised by a flow that broke because the kernel gave up
 *
 * All pass through one function at each end: connection_event() of the client's pools, which
 * reports to the listener whatever ends a connection, and `event` of struct listener_port.
 */
enum connection_event {
    CONNECTION_ESTABLISHED, /* open */
    CONNECTION_REFUSED,     /* accepted and refused: beyond the limit */
    CONNECTION_FIN,         /* closed */
    CONNECTION_RST,         /* reset by the network */
    CONNECTION_SILENT       /* abandoned by a kernel: nothing came back */
};
static inline const char *connection_event_name(enum connection_event event)
{
    static const char *const names[] = {"established", "refused", "fin", "rst", "silent"};

    return names[event];
}

/* What a connection's other host knows of it. */
enum peer_state {
    PEER_HERE,  /* it answers */
    PEER_DOWN,  /* it is down: nothing sent to it arrives */
    PEER_FORGOT /* it runs, and does not know the connection (any more): it answers with a RST */
};

/* The listener's end, for the clients of any region. The kinds are those of messages. */
struct listener_port {
    void *self;
    enum peer_state peer; /* what a new connection meets: PEER_DOWN, or PEER_HERE (which includes a
                             host without the process: it refuses) */
    kind_id command_kind; /* entity: ref of the command, generation: its row's */
    kind_id handshake_kind; /* entity and generation: the connection's */
    /* An event at the client's end: the connection has ended, or (CONNECTION_ESTABLISHED) was open
     * from the start of the run. All others the listener sees open by their handshakes. */
    void (*event)(void *self, uint32_t connection, uint32_t generation,
                  enum connection_event event);
};

/* A client's connection as its listener needs to know it. */
struct connection_way {
    uint32_t out, in;  /* flows: to the listener, and back */
    uint16_t endpoint; /* the address */
    bool hello;        /* a handshake's present round is TLS's first */
    bool auth;         /* it is that of AUTH */
    bool syn;          /* it is TCP's own; the others are on an open connection */
};

/* The client's end: how a listener finds the way back. */
struct handshake_return {
    void *self;
    /* false: the connection is gone. */
    bool (*way)(void *self, uint32_t connection, uint32_t generation, struct connection_way *way);
    /* A FIN, a RST has arrived; entity: ref of the connection, generation: its own. */
    kind_id fin_kind, rst_kind;
    /* The host of an address is down; is up again (PEER_HERE), without its old connections; or its
     * process is gone (PEER_FORGOT). For all connections to it that there are. */
    void (*peer_changed)(void *self, uint32_t endpoint, enum peer_state peer);
    /* From now on (begin) nothing passes between an address and its clients, either way; then it
     * does again, and the connections are still there. */
    void (*cut)(void *self, uint32_t endpoint, bool begin);
};

PORT_ACCESSORS(listener, struct listener_port)
PORT_ACCESSORS(handshake_return, struct handshake_return)

#endif

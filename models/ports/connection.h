// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The two ends of a connection: a client's and a listener's, and what one end learns of the other.
 *
 * A connection is named by the ref (region of the client, index in its table) and a generation (its
 * low SIM_GENERATION_BITS count), which tells a reused index from an old one.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

enum connection_event {
    CONNECTION_NONE,        /* there is no connection */
    CONNECTION_ESTABLISHED, /* open */
    CONNECTION_REFUSED,     /* accepted and turned away: one too many */
    CONNECTION_FIN,         /* the peer has closed it */
    CONNECTION_RST,         /* the peer or the network has reset it */
    CONNECTION_SILENT,      /* the kernel gave up: nothing came back */
    CONNECTION_IDLE_DROPPED /* idle for too long, and dropped */
};

/* The listener's end, for the clients of any region. The kinds are those of messages. */
struct listener_port {
    void *self;
    kind_id command_kind;   /* entity: ref of the command, generation: its row's */
    kind_id handshake_kind; /* entity and generation: the connection's */
    /*
     * The client's end of a connection is open from the start of the run (CONNECTION_ESTABLISHED),
     * or was closed (CONNECTION_FIN). All others the listener sees open by their handshakes.
     * Returns what the connection is at the listener's end.
     */
    enum connection_event (*event)(void *self, uint32_t connection, uint32_t generation,
                                   enum connection_event event);
};

/* The client's end: how a listener finds the way back for a round of a handshake. */
struct handshake_return {
    void *self;
    /* NO_INDEX: gone. *syn: this round is TCP's own, the others are TLS's on an open connection. */
    uint32_t (*reply_flow)(void *self, uint32_t connection, uint32_t generation, bool *syn);
};

PORT_ACCESSORS(listener, struct listener_port)
PORT_ACCESSORS(handshake_return, struct handshake_return)

#endif

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

/*
 * Events of a connection: what raises each, and how the other end learns of it.
 *
 *   ESTABLISHED  raised by the listener when the SYN arrives, by the client when the handshake ends
 *   REFUSED      raised by the listener: it replies REPLY_RESET, and the first such reply closes
 *                the client's end
 *   FIN          raised by the client, which reports it to the listener
 *   RST, SILENT  raised by a flow of the connection that broke (link.h), reported to the client
 *
 * All pass through one function at each end: connection_event() of the client's pools, which
 * reports to the listener whatever ends a connection, and `event` of struct listener_port.
 */
enum connection_event {
    CONNECTION_ESTABLISHED, /* open */
    CONNECTION_REFUSED,     /* accepted and turned away: one too many */
    CONNECTION_FIN,         /* closed */
    CONNECTION_RST,         /* reset by the network */
    CONNECTION_SILENT       /* given up by a kernel: nothing came back */
};
static inline const char *connection_event_name(enum connection_event event)
{
    static const char *const names[] = {"established", "refused", "fin", "rst", "silent"};

    return names[event];
}

/* The listener's end, for the clients of any region. The kinds are those of messages. */
struct listener_port {
    void *self;
    kind_id command_kind;   /* entity: ref of the command, generation: its row's */
    kind_id handshake_kind; /* entity and generation: the connection's */
    /* An event at the client's end: the connection has ended, or (CONNECTION_ESTABLISHED) was open
     * from the start of the run. All others the listener sees open by their handshakes. */
    void (*event)(void *self, uint32_t connection, uint32_t generation,
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

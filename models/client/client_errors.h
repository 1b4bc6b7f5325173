// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Classes of errors, as client libraries distinguish them, and what a library does after each:
 * whether the command is tried again and how often, whether its connection is closed, and whether
 * addresses are asked for again.
 */
#ifndef CLIENT_ERRORS_H
#define CLIENT_ERRORS_H

#include "field.h"
#include "store_command.h"

enum client_error {
    ERROR_TIMEOUT,         /* no reply in time */
    ERROR_CONNECT_TIMEOUT, /* the connection did not open in time */
    ERROR_REFUSED,         /* the connection was refused: a RST answered the handshake */
    ERROR_LOST,            /* an open connection was closed or reset */
    ERROR_READONLY,        /* a write reached a replica */
    ERROR_LOADING,         /* the server is loading its data set */
    ERROR_CLUSTERDOWN,     /* too few nodes can be reached */
    ERROR_MOVED,           /* another node serves the key */
    ERROR_ASK,             /* another node serves the key, this once */
    ERROR_MAX_CLIENTS,     /* the server has too many connections */
    ERROR_POOL,            /* no connection of the pool became free */
    ERROR_CIRCUIT,         /* refused by the client itself: circuit breaker, throttling */
    ERROR_DENIED,          /* the server does not accept the credentials */
    ERROR_OOM,             /* the memory of the server is full */
    ERROR_OTHER,           /* any other error reply: throttled, conflict, of a failing node */
    CLIENT_ERRORS
};
extern const char *const client_error_names[]; /* as in the keys of `errors` */

struct error_rule {
    bool retry;
    bool first;        /* also before any command of the operation has been sent */
    bool close;        /* the connection that the error reply came on */
    bool refresh;      /* addresses are asked for again: name and topology */
    uint32_t attempts; /* of the operation, the first included; 0: as retry.attempts */
    sim_dur wait_ns;   /* the least wait before the retry */
};

/* The class of an error reply. */
enum client_error client_error_of(enum reply_kind kind);
static inline bool client_error_is_timeout(enum client_error error)
{
    return error == ERROR_TIMEOUT || error == ERROR_CONNECT_TIMEOUT;
}

#endif

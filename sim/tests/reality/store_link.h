// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One non-blocking connection to a server: hiredis for Redis, a parser of our own for memcached.
 *
 * Events are reported once: `opened` when TCP has connected, `answered` for each command in order,
 * `gone` when the connection ended for any reason but store_link_ops.close. After `gone` or close
 * the link must not be used. Commands without an answer are reported as ANSWER_BROKEN just before
 * `gone`, and not at all after close. A callback may send commands; only `answered` may close.
 */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include "server_address.h"
#include "reactor.h"

#include <stddef.h>

enum answer {
    ANSWER_OK,
    ANSWER_MISS,   /* a read that found nothing */
    ANSWER_ERROR,  /* the server refused the command */
    ANSWER_BROKEN, /* the connection ended before the answer */
};

struct store_link_events {
    void (*opened)(void *owner);
    void (*answered)(void *owner, void *command, enum answer answer);
    void (*gone)(void *owner);
};

/* Options of the socket; 0 leaves the kernel's default. */
struct socket_options {
    int64_t user_timeout_ns;   /* TCP_USER_TIMEOUT */
    int64_t keepalive_idle_ns; /* SO_KEEPALIVE: idle time before the first probe */
    int64_t keepalive_interval_ns;
    int64_t keepalive_count;
};

struct store_link;

struct store_link_ops {
    struct store_link *(*open)(struct reactor *reactor, const struct endpoint *endpoint,
                               const struct socket_options *options,
                               const struct store_link_events *events, void *owner);
    /* `words` are the command as Redis takes it; memcached knows SET key value and GET key. */
    void (*send)(struct store_link *link, size_t count, const char **words, const size_t *lengths,
                 void *command);
    void (*close)(struct store_link *link);
};

extern const struct store_link_ops redis_link, memcached_link;

/* Apply the options to a socket that is connecting. */
void socket_options_apply(const struct socket_options *options, int fd);

#endif

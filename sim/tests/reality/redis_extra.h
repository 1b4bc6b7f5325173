// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Commands to a Redis server beside the load: orders, samples and subscriptions. Non-blocking; one
 * connection for each call.
 */
#ifndef REDIS_EXTRA_H
#define REDIS_EXTRA_H

#include "server_address.h"
#include "reactor.h"

/* Send one command and close after its reply. An error reply or a broken connection ends the
 * program: the experiment would not be what its row says. */
void redis_order(struct reactor *reactor, const struct endpoint *endpoint, size_t count,
                 const char **words);

/* Each message of a pattern: its payload. A lost connection ends the program. */
void redis_subscribe(struct reactor *reactor, const struct endpoint *endpoint, const char *pattern,
                     void (*message)(void *owner, const char *payload), void *owner);

/* Ask for INFO replication each `period_ns`; `sample` gets the text. A lost connection ends the
 * program. */
void redis_sample(struct reactor *reactor, const struct endpoint *endpoint, int64_t period_ns,
                  void (*sample)(void *owner, const char *text), void *owner);

#endif

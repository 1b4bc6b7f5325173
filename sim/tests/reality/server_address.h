// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where a server listens: HOST:PORT or HOST:PORT@NAMESPACE, the latter inside a network namespace
 * of /run/netns. HOST is an IPv4 address.
 */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>

struct endpoint {
    char host[48];
    int port;
    int namespace_fd; /* -1: the namespace of the process */
};

/* Parse; returns false where the text is not an endpoint or there is no such namespace. */
bool endpoint_parse(const char *text, struct endpoint *endpoint);

/* Between the two calls sockets are made in the endpoint's namespace. */
void endpoint_enter(const struct endpoint *endpoint);
void endpoint_leave(const struct endpoint *endpoint);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Routing of users by the DNS: what a user's own cache, or else its resolver, answers. */
#ifndef USER_DNS_H
#define USER_DNS_H

#include "dns_record.h"
#include "edge.h"
#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct user_dns_port {
    void *self;
    /* The region of the answer for a new connection; -1: the name has no answer for this place. */
    int (*resolve)(void *self, const struct edge_client *client);
    /* What health checks, or the load balancers, say of a region. */
    void (*health)(void *self, int region, enum record_health source, bool healthy);
    /* As in struct dns_port. */
    void (*set_answering)(void *self, bool answers);
};

PORT_ACCESSORS(user_dns, struct user_dns_port)

#endif

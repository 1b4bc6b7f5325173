// SPDX-License-Identifier: GPL-3.0-or-later
/* Faults of servers and their hosts. */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

enum crash_kind { CRASH_NONE, CRASH_PROCESS, CRASH_HOST };

/* What keeps new connections from a store; those that are open go on. */
enum access_fault {
    ACCESS_WELL,
    ACCESS_NETWORK, /* a wrong security group: SYNs get no answer */
    ACCESS_AUTH     /* a wrong token: connections are answered with an error and closed */
};
#define ACCESS_FAULTS (ACCESS_AUTH + 1)

#define ZONES_MAX 26
enum zone_state {
    ZONE_WELL,
    ZONE_CUT, /* no connection to anything outside it; what is in it runs */
    ZONE_DOWN /* without power */
};

/* What goes down with a region, in this order. */
enum power_kind {
    POWER_STORE, /* its cluster */
    POWER_APP,   /* its application tier */
    POWER_KINDS
};
struct power_port {
    void *self;
    void (*set)(void *self, bool up);
};
struct store_fault_port {
    void *self;
    void (*stall)(void *self,
                  bool begin);   /* the process hangs; kernels still complete handshakes */
    void (*restart)(void *self); /* comes back empty at once */
    /* The process or its host crashes; it comes back empty at the end, CRASH_NONE. */
    void (*crash)(void *self, enum crash_kind kind);
    /* The state of one of the region's zones from now on: node n is in zone n modulo their number.
     */
    void (*zone)(void *self, uint32_t zone, enum zone_state state);
    /* A planned change of roles: a replica in the region becomes the primary, if one runs. */
    void (*change_roles)(void *self);
    /* The state of access to the cluster from now on. */
    void (*access)(void *self, enum access_fault access);
    /* All data is deleted by a command, which is replicated like any other (FLUSHALL). */
    void (*flush)(void *self);
};

PORT_ACCESSORS(power, struct power_port)
PORT_ACCESSORS(store_fault, struct store_fault_port)

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* A region's record of the users' name, as it is at the start. */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

#include "model.h"

#include <stdint.h>

/* What the health of a record follows. */
enum record_health {
    RECORD_CHECKS, /* health checks of the region's endpoint */
    RECORD_TARGET, /* an alias record: the load balancer's own health */
    RECORD_ALWAYS  /* nothing: it is always healthy */
};

struct dns_record_port {
    enum record_health health;
    uint32_t weight;
    int local; /* geolocation: the record for users near this region; -1: the default one */
};

/* Of a region. */
PORT_ACCESSORS(dns_record, struct dns_record_port)

#endif

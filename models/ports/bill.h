// SPDX-License-Identifier: GPL-3.0-or-later
/* What is billed by region or by link: read at the end of a run, by the cost. */
#ifndef BILL_H
#define BILL_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

enum link_tariff { TARIFF_PEERING, TARIFF_GATEWAY, TARIFF_NONE, TARIFF_VPN, TARIFF_DIRECT_CONNECT };

/* One direction of a link. */
struct link_bill {
    enum link_tariff tariff;
    bool vpn_backup;                   /* DIRECT_CONNECT */
    bool from_site;                    /* it leads from a site of the company */
    uint64_t bytes, replication_bytes; /* sent, retransmissions included; of them, by the store
                                          itself: streams and votes between its clusters */
};
struct link_bill_port {
    const void *self;
    struct link_bill (*read)(const void *self);
};
/* The cache nodes of a region's cluster; 0: it has none. */
struct node_bill_port {
    const void *self;
    double (*nodes)(const void *self, int region);
};

PORT_ACCESSORS(link_bill, struct link_bill_port)
PORT_ACCESSORS(node_bill, struct node_bill_port)

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Names and who answers for them. */
#ifndef DNS_H
#define DNS_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct dns_answer {
    int region;       /* the cluster that the record names, as this resolver knows it */
    uint32_t epoch;   /* of its address; 0: the one that it has had from the start */
    sim_time expires; /* when the answer must be asked for again */
    bool stale;       /* the authority would say otherwise now */
};
struct dns_port {
    void *self;
    /* What the resolver of `region` answers now to a client that asks for the primary's name. */
    struct dns_answer (*resolve)(void *self, int region);
    /*
     * Ask the control plane to let the record name `target`. false: it cannot be reached now and
     * nothing will change; whether to try again is the asker's policy. true: accepted, and once the
     * authority serves it, the asker's kind `served` fires on (target, generation). A later change
     * replaces one that still propagates, whose `served` never fires. Where it is refused the
     * refusal is the cause in force (sim.h).
     */
    bool (*publish)(void *self, int target, kind_id served, uint32_t generation);
    sim_time (*published)(
        const void *self); /* instant from which the authority names the present target */
    int (*authority)(const void *self);         /* the region that the authority names now */
    void (*control_plane)(void *self, bool up); /* faults */
};

PORT_ACCESSORS(dns, struct dns_port)

#endif

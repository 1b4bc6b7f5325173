// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Names: what clients' resolvers answer, and how a name is pointed elsewhere.
 *
 * One port is one name. Directory key (-1, -1): the name of the store's primary.
 */
#ifndef DNS_H
#define DNS_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

/* What a record points to. An endpoint that got another address is another one (endpoint.h). */
struct dns_target {
    int region;
    uint32_t epoch; /* of its address; 0: the one that it has had from the start */
};

struct dns_answer {
    int region;
    uint32_t epoch;
    sim_time expires; /* when the answer must be asked for again */
    bool stale;       /* the authority would not give this answer now */
};

struct dns_port {
    void *self;
    /* What the resolver of `region` answers now. */
    struct dns_answer (*resolve)(void *self, int region);
    /*
     * Ask the name's control plane to point it to `target`. Returns the number of the change, from
     * 1; 0: the control plane cannot be reached, nothing will change, and trying again is the
     * caller's policy. The authority serves an accepted change after a delay. A later change
     * replaces one that is not served yet. Where it is refused the refusal is the cause in force
     * (sim.h).
     */
    uint32_t (*publish)(void *self, struct dns_target target);
    /* While connecting: `served` fires on (region of the target, number of the change) whenever the
     * authority begins to serve a change, whoever published it. */
    void (*subscribe)(void *self, kind_id served);
    void (*control_plane)(void *self, bool up);       /* faults */
    bool (*control_is_up)(const void *self);          /* does it take changes now? */
    uint32_t (*control_changed_by)(const void *self); /* event of the run log; 0: none */
};

PORT_ACCESSORS(dns, struct dns_port)

#endif

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

/* Answers in place of the authority's: clients that find the name's region by themselves. */
struct dns_resolver {
    void *self;
    struct dns_answer (*resolve)(void *self, int region);
    /* A client of `region` cannot use the cluster of region `at`: a connection was refused or not
     * answered, or a write was refused there. Returns whether the answer to that client has
     * changed. */
    bool (*failed)(void *self, int region, int at);
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
    /* From now on the authority answers with `target`, without its control plane: the state of a
     * health check has changed, not the record. `why`: the cause in words, for the run log. */
    void (*serve)(void *self, struct dns_target target, const char *why);
    /* Until when a resolver may answer from its cache what the authority would not answer now; now
     * or earlier: none does. */
    sim_time (*stale_until)(const void *self);
    /* While connecting; NULL until then, as from the authority. */
    void (*override)(void *self, const struct dns_resolver *resolver);
    /* NULL: answers are the authority's. */
    const struct dns_resolver *resolver;
    /* While connecting: `served` fires on (region of the target, number of the change) whenever the
     * authority begins to serve a change, whoever published it. */
    void (*subscribe)(void *self, kind_id served);
    /* Whether the name's authority answers resolvers from now on (at the start it does). While it
     * does not, a resolver repeats its last answer. */
    void (*set_answering)(void *self, bool answers);
};

PORT_ACCESSORS(dns, struct dns_port)

#endif

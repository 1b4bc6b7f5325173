// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A way to point clients to a promoted cluster: the interface of a method, one file each.
 *
 * The failover (failover.c) calls begin() when a promotion is over; the method works on its own and
 * calls done() or failed() of its host once. A later begin() replaces what was under way: the host
 * is called for the last one only, though what an earlier one set in motion may still take effect.
 *
 * The first file comment of a method says what a client's name means under it. To add one: a file
 * with a struct repoint_ops and a macro of its parameters, a row in repoint_methods (failover.c).
 */
#ifndef REPOINT_H
#define REPOINT_H

#include "incident.h"
#include "model.h"

#include <stdint.h>

/* The failover, as a method sees it. */
struct repoint_host {
    void *self;
    void (*log)(void *self, int region, const char *cause_text, const char *text); /* log a step */
    void (*stage_ended)(void *self, enum incident_stage stage); /* progress, for the objective */
    void (*done)(void *self);                                   /* clients find the new primary */
    void (*failed)(void *self);                                 /* they never will */
};

struct repoint_ops {
    const char *name;    /* value of the parameter `repoint` */
    const char *failure; /* why clients were not repointed: value of failovers_abandoned{reason};
                            NULL: it never fails */
    size_t state_size;   /* zeroed by the failover */
    /* config: the method's own parameters. Offers its control planes. Both outlive the run. */
    void (*init)(void *self, const struct model_env *env, const void *config,
                 const struct repoint_host *host);
    void (*connect)(void *self, const struct port_directory *ports);
    void (*start)(void *self); /* NULL: nothing to do */
    /* Point clients from the cluster of `from` to that of `target`. `number` counts failovers from
     * 1: it keys draws. */
    void (*begin)(void *self, int from, int target, uint32_t number);
    /* The same by the hands of a person, after the method has failed. NULL: as begin(). */
    void (*by_hand)(void *self, int from, int target, uint32_t number);
    void (*fini)(void *self); /* NULL: nothing to free */
};

#endif

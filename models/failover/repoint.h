// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing: how clients are made to use the promoted primary. A method is a file that defines a
 * struct repoint_ops, and a row of the table of methods in failover.c.
 *
 *  1. The failover begins a repointing once a promotion is over. A repointing ends by one call of
 *     done() or failed() of its host, in a later event; never from within begin().
 *  2. Steps of its own are timers and calls of ports. Whatever it logs by log() becomes the cause
 *     of what follows (sim.h).
 *  3. begin() while another repointing is under way drops that one: it ends without a call.
 */
#ifndef REPOINT_H
#define REPOINT_H

#include "control.h"
#include "incident.h"
#include "model.h"
#include "run_log.h"

#include <stdbool.h>
#include <stdint.h>

/* The failover, as a method sees it. */
struct repoint_host {
    void *self;
    void (*log)(void *self, int region, const char *cause_text, const char *text); /* log a step */
    void (*stage_ended)(void *self, enum incident_stage stage); /* progress, for the objective */
    void (*done)(void *self);                                   /* clients find the new primary */
    void (*failed)(void *self);                                 /* they never will */
};

struct repoint_env {
    struct sim *sim;
    const char *instance; /* the failover's: names of events and streams */
    const void *config;   /* the method's own parameters */
    struct repoint_host host;
};

struct repoint_ops {
    const char *name;    /* value of the parameter `repoint` */
    const char *failure; /* why clients were not repointed: value of failovers_abandoned{reason} */
    size_t state_size;   /* zeroed by the failover */
    uint32_t parts;      /* 1 << enum control_part, of those that the method needs */
    void (*init)(void *self, const struct repoint_env *env);
    void (*connect)(void *self, const struct port_directory *ports);
    /* Point clients to the cluster of `target`. `number` counts failovers from 1: it keys draws. */
    void (*begin)(void *self, int target, uint32_t number);
    /* A fault breaks or repairs one of `parts`. */
    void (*set)(void *self, enum control_part part, bool up);
};

#endif

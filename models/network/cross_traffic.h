// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Traffic of others in the queue of a link: packets that arrive as a Poisson process and share the
 * bandwidth and the buffer with those of the scenario. Equal packets make an M/D/1 queue,
 * exponential sizes an M/M/1 queue; a packet that finds the buffer full is lost.
 *
 * It has no events: the queue is brought up to date when a packet of the scenario joins it. Of a
 * time without one, only the last CROSS_PACKETS_MAX packets are drawn, from an empty queue, or,
 * where the load is 1 or more, from a full one: by then the queue has forgotten how it began.
 */
#ifndef CROSS_TRAFFIC_H
#define CROSS_TRAFFIC_H

#include "rng_stream.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stdint.h>

#define CROSS_PACKETS_MAX 100000

struct cross_config {
    double rate_bit_per_s; /* mean; 0: none */
    int64_t packet_bytes;  /* mean */
    int sizes;             /* enum cross_sizes */
};
enum cross_sizes { CROSS_EQUAL, CROSS_EXPONENTIAL };
extern const char *const cross_sizes[];

/* A queue that is served at `rate_bit_per_s`: busy with what it has until `busy_until`. */
struct cross_queue {
    double rate_bit_per_s, buffer_bytes;
    sim_time *busy_until;
};

struct cross_traffic { /* all zero: none */
    double rate_bit_per_s;
    sim_time next;  /* arrival of the next packet; of the rate, which may change */
    uint64_t drawn; /* packets so far: keys the draws */
};

/* The mean rate is `rate_bit_per_s` from now on; the queue must be up to date. */
void cross_traffic_set(struct cross_traffic *cross, const struct cross_config *config,
                       const struct rng_stream *stream, double rate_bit_per_s, sim_time now);
/* Bring the queue up to date. O(packets since the last call), at most CROSS_PACKETS_MAX. */
void cross_traffic_advance(struct cross_traffic *cross, const struct cross_config *config,
                           const struct rng_stream *stream, const struct cross_queue *queue,
                           sim_time now);

#endif

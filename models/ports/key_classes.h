// SPDX-License-Identifier: GPL-3.0-or-later
/* Classes of keys, as the servers that hold them need to know them. */
#ifndef KEY_CLASSES_H
#define KEY_CLASSES_H

#include "dist.h"
#include "model.h"
#include "refs.h"

struct key_class_row {
    uint32_t keys;
    sim_dur ttl_ns;                  /* of a value that is written; 0: none */
    double ttl_jitter;               /* share: the TTL is drawn from ttl (1 +- jitter) */
    const struct dist *command_time; /* added to the service time of a command */
    probe_id slow[REGIONS_MAX];      /* counter of slow commands at a region's servers */
};

/* Version of a write that its server is to number itself. */
#define VERSION_BY_SERVER UINT32_MAX

struct key_classes_port {
    void *self;
    /* The version of a write of VERSION_BY_SERVER that is executed now. */
    uint32_t (*next_version)(void *self, uint32_t key, int region);
    uint32_t count;
    const struct key_class_row *rows;
    struct rng_stream ttls, times; /* keyed by identity and attempt of a command */
};

static inline uint32_t key_class_of(uint32_t key)
{
    return ref_region(key) - KEY_CLASS_REGION;
}

/* When a value of a class that is written now expires; SIM_NEVER: not at all. */
static inline sim_time key_class_expiry(const struct key_class_row *row, sim_time now,
                                        uint64_t word)
{
    if (row->ttl_ns == 0)
        return SIM_NEVER;
    return now + (sim_dur)((double)row->ttl_ns * (1 + row->ttl_jitter * (2 * rng_unit(word) - 1)));
}

PORT_ACCESSORS(key_classes, struct key_classes_port)

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Consistent hashing as clients of memcached do it (ketama): each server has 160 points on a circle
 * of 32 bits, and a key belongs to the server of the first point at or after its hash. A server
 * that is added or removed moves only the keys of its own arcs.
 *
 * The points are those of libketama for servers of equal memory: the MD5 of "NAME-K" for K from 0
 * to 39 gives four points each. Source: facts F (RJ/ketama, libketama/ketama.c).
 */
#ifndef KETAMA_H
#define KETAMA_H

#include <stddef.h>
#include <stdint.h>

#define KETAMA_POINTS 160 /* of a server */

struct ketama_point {
    uint32_t hash, server;
};

#define KETAMA_INDEX_BITS 12
struct ketama {
    struct ketama_point *points; /* sorted */
    uint32_t count;
    /* Of the first point whose upper bits are at least these, to find a key's without a search. */
    uint32_t first[(1 << KETAMA_INDEX_BITS) + 1];
};

/* names: one for each server, "10.0.1.1:11211". Free with ketama_release(). */
void ketama_init(struct ketama *ring, const char *const *names, uint32_t server_count);
void ketama_release(struct ketama *ring);

/* The server of a key's hash. A few ns. */
static inline uint32_t ketama_server(const struct ketama *ring, uint32_t hash)
{
    uint32_t i = ring->first[hash >> (32 - KETAMA_INDEX_BITS)];

    while (i < ring->count && ring->points[i].hash < hash)
        i++;
    return ring->points[i < ring->count ? i : 0].server;
}

/* RFC 1321. */
struct md5 {
    uint8_t bytes[16];
};
struct md5 md5_of(const void *data, size_t size);

#endif

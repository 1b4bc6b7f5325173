// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Random streams addressed by key instead of consumed in sequence.
 *
 * A stream is named by (study seed, replication, model instance, purpose). Within it, block(entity,
 * index) is four 64-bit words that depend on nothing else: draws of one model never affect another,
 * and runs that differ in one policy share all other random numbers (common random numbers).
 *
 * The generator is Philox4x64-10 (Salmon et al., SC'11) of Random123: the stream is its 128-bit
 * key, (entity, index) its counter. A block takes about 20 ns and no memory.
 */
#ifndef RNG_STREAM_H
#define RNG_STREAM_H

#include "hash.h"

#include <Random123/philox.h>
#include <gsl/gsl_rng.h>
#include <stdint.h>

struct rng_stream {
    uint64_t key[2];
};

struct rng_block {
    uint64_t word[4];
};

/* The stream of (seed, replication, instance, purpose); all 64 bits of the seed count. The names
 * are hashed (hash_text(), then mixed); pure function. */
struct rng_stream rng_stream_named(uint64_t seed, uint32_t replication, const char *instance,
                                   const char *purpose);

static inline struct rng_block rng_block_at(const struct rng_stream *stream, uint64_t entity,
                                            uint64_t index)
{
    philox4x64_ctr_t counter = {{entity, index, 0, 0}};
    philox4x64_key_t key = {{stream->key[0], stream->key[1]}};
    philox4x64_ctr_t out = philox4x64(counter, key);

    return (struct rng_block){{out.v[0], out.v[1], out.v[2], out.v[3]}};
}

/* A word as a uniform in (0, 1): (k + 1/2) / 2^52. 52 bits, since with 53 the largest value would
 * round to 1. */
static inline double rng_unit(uint64_t word)
{
    return ((double)(int64_t)(word >> 12) + 0.5) * 0x1p-52;
}

/* A word as an integer in [0, bound), bound > 0, by multiplication (Lemire 2019, without rejection:
 * bias at most bound / 2^64). */
static inline uint32_t rng_below(uint64_t word, uint32_t bound)
{
    return (uint32_t)(((word >> 32) * bound) >> 32);
}

/* A second, independent-looking word from one word, for rare further draws of the same block. Part
 * of the generator and of the event digest: separate from hash_mix() so that either can change
 * independently. */
static inline uint64_t rng_mix(uint64_t word)
{
    return hash_mix(word);
}

/*
 * The same streams as a GSL generator, for gsl_ran_* if speed does not matter: a gsl_rng_type with
 * 64-bit state keys and 53-bit doubles in [0, 1). gsl_rng_set() takes only unsigned long and starts
 * block(seed, 0); use rng_stream_gsl() for the whole key. `entity` selects the sequence
 * block(entity, 0), (entity, 1), ... The caller frees the result: gsl_rng_free().
 */
extern const gsl_rng_type *const rng_stream_gsl_type;
gsl_rng *rng_stream_gsl(const struct rng_stream *stream, uint64_t entity);

#endif

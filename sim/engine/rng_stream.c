// SPDX-License-Identifier: GPL-3.0-or-later
#include "rng_stream.h"

/*
 * One lane of the key: each step is a bijection of the previous value, so no bit of the seed is
 * lost.
 */
static uint64_t key_lane(uint64_t start, uint32_t replication, uint64_t instance, uint64_t purpose)
{
    uint64_t lane = rng_mix(start);

    lane = rng_mix(lane ^ replication);
    lane = rng_mix(lane ^ instance);
    return rng_mix(lane ^ purpose);
}

struct rng_stream rng_stream_named(uint64_t seed, uint32_t replication, const char *instance,
                                   const char *purpose)
{
    uint64_t a = hash_text(HASH_START, instance);
    uint64_t b = hash_text(HASH_START, purpose);

    return (struct rng_stream){
        {key_lane(seed, replication, a, b), key_lane(~seed, replication, b, a)}};
}

/* --- behind GSL ------------------------------------------------------------------------------ */

struct gsl_state {
    struct rng_stream stream;
    uint64_t entity;
    uint64_t index; /* of the next block */
    struct rng_block block;
    unsigned used; /* words taken of `block` */
};

static void gsl_start(struct gsl_state *state, struct rng_stream stream, uint64_t entity)
{
    state->stream = stream;
    state->entity = entity;
    state->index = 0;
    state->used = 4;
}

static void gsl_set(void *memory, unsigned long seed)
{
    gsl_start(memory, (struct rng_stream){{0, 0}}, seed);
}

static uint64_t gsl_next(struct gsl_state *state)
{
    if (state->used == 4) {
        state->block = rng_block_at(&state->stream, state->entity, state->index++);
        state->used = 0;
    }
    return state->block.word[state->used++];
}

static unsigned long gsl_get(void *memory)
{
    return (unsigned long)gsl_next(memory);
}

static double gsl_get_double(void *memory)
{
    return (double)(int64_t)(gsl_next(memory) >> 11) * 0x1p-53;
}

static const gsl_rng_type stream_type = {
    .name = "isthmus-philox4x64",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(struct gsl_state),
    .set = gsl_set,
    .get = gsl_get,
    .get_double = gsl_get_double,
};
const gsl_rng_type *const rng_stream_gsl_type = &stream_type;

gsl_rng *rng_stream_gsl(const struct rng_stream *stream, uint64_t entity)
{
    gsl_rng *rng = gsl_rng_alloc(rng_stream_gsl_type);

    gsl_start(rng->state, *stream, entity);
    return rng;
}

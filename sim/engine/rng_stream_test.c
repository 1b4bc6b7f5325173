// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "rng_stream.h"

#include <gsl/gsl_randist.h>
#include <math.h>

/* The known answers of Random123, examples/kat_vectors, lines "philox4x64 10": counter, key,
 * result. */
static const struct known_answer {
    uint64_t counter[4], key[2], result[4];
} known_answers[] = {
    {{0, 0, 0, 0},
     {0, 0},
     {0x16554d9eca36314cu, 0xdb20fe9d672d0fdcu, 0xd7e772cee186176bu, 0x7e68b68aec7ba23bu}},
    {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
     {UINT64_MAX, UINT64_MAX},
     {0x87b092c3013fe90bu, 0x438c3c67be8d0224u, 0x9cc7d7c69cd777b6u, 0xa09caebf594f0ba0u}},
    {{0x243f6a8885a308d3u, 0x13198a2e03707344u, 0xa4093822299f31d0u, 0x082efa98ec4e6c89u},
     {0x452821e638d01377u, 0xbe5466cf34e90c6cu},
     {0xa528f45403e61d95u, 0x38c72dbd566e9788u, 0xa5a1610e72fd18b5u, 0x57bd43b5e52b7fe6u}},
};

static void philox_gives_the_published_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct known_answer *known = &known_answers[i];
        philox4x64_ctr_t counter = {
            {known->counter[0], known->counter[1], known->counter[2], known->counter[3]}};
        philox4x64_key_t key = {{known->key[0], known->key[1]}};
        philox4x64_ctr_t out = philox4x64(counter, key);

        for (size_t j = 0; j < 4; j++)
            assert_int_equal(out.v[j], known->result[j]);
    }
}

static void a_block_is_philox_of_entity_and_index(void **state)
{
    struct rng_stream zero = {{0, 0}};
    struct rng_block block = rng_block_at(&zero, 0, 0);

    (void)state;
    assert_int_equal(block.word[0], known_answers[0].result[0]);
    assert_int_equal(block.word[3], known_answers[0].result[3]);
    assert_int_not_equal(rng_block_at(&zero, 0, 1).word[0], rng_block_at(&zero, 1, 0).word[0]);
}

static void every_part_of_the_name_distinguishes_streams(void **state)
{
    struct rng_stream a = rng_stream_named(7, 0, "app", "service");
    const struct rng_stream others[] = {
        rng_stream_named(7 + (UINT64_C(1) << 32), 0, "app", "service"),
        rng_stream_named(8, 0, "app", "service"),
        rng_stream_named(7, 1, "app", "service"),
        rng_stream_named(7, 0, "apps", "service"),
        rng_stream_named(7, 0, "app", "think"),
        rng_stream_named(7, 0, "service", "app"),
    };
    struct rng_stream same = rng_stream_named(7, 0, "app", "service");

    (void)state;
    assert_memory_equal(&a, &same, sizeof a);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_not_equal(others[i].key[0], a.key[0]);
        assert_int_not_equal(others[i].key[1], a.key[1]);
    }
}

/* Inversion would turn 0 and 1 into infinities. */
static void a_unit_is_never_0_nor_1(void **state)
{
    (void)state;
    assert_true(rng_unit(0) > 0.0);
    assert_true(rng_unit(UINT64_MAX) < 1.0);
    assert_close(1.0 - rng_unit(UINT64_MAX), 0x1p-53, 1e-12);
    assert_close(rng_unit(UINT64_C(1) << 63), 0.5, 1e-15);
    assert_true(isfinite(log(rng_unit(0))) && isfinite(log1p(-rng_unit(UINT64_MAX))));
}

static void below_covers_its_range_evenly(void **state)
{
    struct rng_stream stream = rng_stream_named(1, 0, "test", "below");
    uint32_t seen[7] = {0};

    (void)state;
    assert_int_equal(rng_below(UINT64_MAX, 7), 6);
    assert_int_equal(rng_below(0, 7), 0);
    for (uint64_t i = 0; i < 70000; i++)
        seen[rng_below(rng_block_at(&stream, 0, i).word[0], 7)]++;
    for (size_t i = 0; i < 7; i++)
        assert_in_range(seen[i], 9600, 10400); /* 10 000 with an sd of 93 */
}

/* 10^6 exponentials of mean 3: the sample mean has an sd of 0.003. */
static void gsl_draws_exponentials_from_a_stream(void **state)
{
    struct rng_stream stream = rng_stream_named(1, 2, "test", "gsl");
    gsl_rng *rng = rng_stream_gsl(&stream, 5);
    double sum = 0.0;

    (void)state;
    for (int i = 0; i < 1000000; i++)
        sum += gsl_ran_exponential(rng, 3.0);
    assert_close(sum / 1e6, 3.0, 0.004);
    gsl_rng_free(rng);
}

static void gsl_takes_the_words_of_the_blocks_in_order(void **state)
{
    struct rng_stream stream = rng_stream_named(1, 2, "test", "gsl");
    gsl_rng *rng = rng_stream_gsl(&stream, 5);

    (void)state;
    for (uint64_t i = 0; i < 40; i++)
        assert_int_equal(gsl_rng_get(rng), rng_block_at(&stream, 5, i / 4).word[i % 4]);
    gsl_rng_free(rng);
}

/* A double of 32 bits would be a multiple of 2^-32 each time. */
static void gsl_doubles_have_53_bits_and_stay_below_1(void **state)
{
    struct rng_stream stream = rng_stream_named(1, 2, "test", "doubles");
    gsl_rng *rng = rng_stream_gsl(&stream, 0);
    int odd = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        double u = gsl_rng_uniform(rng);

        assert_true(u >= 0.0 && u < 1.0);
        odd += (uint64_t)(u * 0x1p53) % 2 == 1;
    }
    assert_in_range(odd, 4700, 5300);
    gsl_rng_free(rng);
}

/* GSL's own generators fail this one. */
static void gsl_seeds_beyond_32_bits_count(void **state)
{
    gsl_rng *a = gsl_rng_alloc(rng_stream_gsl_type);
    gsl_rng *b = gsl_rng_alloc(rng_stream_gsl_type);

    (void)state;
    gsl_rng_set(a, 7);
    gsl_rng_set(b, 7 + (1UL << 32));
    assert_int_not_equal(gsl_rng_get(a), gsl_rng_get(b));
    gsl_rng_set(b, 7);
    gsl_rng_set(a, 7);
    assert_int_equal(gsl_rng_get(a), gsl_rng_get(b));
    gsl_rng_free(a);
    gsl_rng_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers),
        cmocka_unit_test(a_block_is_philox_of_entity_and_index),
        cmocka_unit_test(every_part_of_the_name_distinguishes_streams),
        cmocka_unit_test(a_unit_is_never_0_nor_1),
        cmocka_unit_test(below_covers_its_range_evenly),
        cmocka_unit_test(gsl_draws_exponentials_from_a_stream),
        cmocka_unit_test(gsl_takes_the_words_of_the_blocks_in_order),
        cmocka_unit_test(gsl_doubles_have_53_bits_and_stay_below_1),
        cmocka_unit_test(gsl_seeds_beyond_32_bits_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

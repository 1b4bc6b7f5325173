// SPDX-License-Identifier: GPL-3.0-or-later
#include "hash.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* Test vectors of draft-eastlake-fnv-21, appendix C (64-bit FNV-1a, without the final NUL). */
static void texts_have_the_published_hashes(void **state)
{
    (void)state;
    assert_int_equal(hash_text(HASH_START, ""), UINT64_C(0xcbf29ce484222325));
    assert_int_equal(hash_text(HASH_START, "a"), UINT64_C(0xaf63dc4c8601ec8c));
    assert_int_equal(hash_text(HASH_START, "foobar"), UINT64_C(0x85944171f73967e8));
}

static void a_hash_is_continued(void **state)
{
    (void)state;
    uint64_t whole = hash_text(HASH_START, "foobar");
    assert_int_equal(hash_text(hash_text(HASH_START, "foo"), "bar"), whole);
    assert_int_equal(hash_bytes(hash_bytes(HASH_START, "fo", 2), "obar", 4), whole);
}

/* Appendix C again, with the final NUL, as for a field. */
static void fields_count_their_end(void **state)
{
    (void)state;
    assert_int_equal(hash_field(HASH_START, "a"), UINT64_C(0x089be207b544f1e4));
    assert_int_equal(hash_field(HASH_START, NULL), hash_field(HASH_START, ""));
    assert_int_not_equal(hash_field(hash_field(HASH_START, "ab"), "c"),
                         hash_field(hash_field(HASH_START, "a"), "bc"));
}

/* The sequence from 1234567, as Vigna's splitmix64.c (prng.di.unimi.it) prints it. */
static void the_mix_is_splitmix64(void **state)
{
    (void)state;
    uint64_t at = 1234567;
    assert_int_equal(hash_mix(at), UINT64_C(6457827717110365317));
    assert_int_equal(hash_mix_next(&at), UINT64_C(6457827717110365317));
    assert_int_equal(hash_mix_next(&at), UINT64_C(3203168211198807973));
    assert_int_equal(hash_mix_next(&at), UINT64_C(9817491932198370423));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_the_published_hashes),
        cmocka_unit_test(a_hash_is_continued),
        cmocka_unit_test(fields_count_their_end),
        cmocka_unit_test(the_mix_is_splitmix64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The ring of memcached's clients against values that another program computed: Python's hashlib
 * and bisect, in the comments below.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "ketama.h"

#include <stdio.h>
#include <string.h>

/* The test suite of RFC 1321, A.5. */
static void md5_is_that_of_the_rfc(void **state)
{
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct md5 digest = md5_of(cases[i].text, strlen(cases[i].text));
        char text[33];

        for (size_t b = 0; b < 16; b++)
            snprintf(text + 2 * b, 3, "%02x", digest.bytes[b]);
        assert_string_equal(text, cases[i].digest);
    }
}

/* Servers 10.0.1.1:11211, 10.0.1.2:11211, ... */
static void ring_of(struct ketama *ring, uint32_t servers)
{
    static char names[8][30];
    const char *pointers[8];

    for (uint32_t i = 0; i < servers; i++) {
        snprintf(names[i], sizeof names[i], "10.0.1.%u:11211", i + 1);
        pointers[i] = names[i];
    }
    ketama_init(ring, pointers, servers);
}

/* Share of the circle of a server: its arcs end at its points. */
static double share_of(const struct ketama *ring, uint32_t server)
{
    double sum = 0;

    for (uint32_t i = 0; i < ring->count; i++)
        if (ring->points[i].server == server)
            sum += (uint32_t)(ring->points[i].hash -
                              ring->points[i > 0 ? i - 1 : ring->count - 1].hash);
    return sum / 4294967296.0;
}

/*
 * def ring(n):
 *     points = []
 *     for s in range(n):
 *         for k in range(40):
 *             d = hashlib.md5(f"10.0.1.{s+1}:11211-{k}".encode()).digest()
 *             points += [(int.from_bytes(d[4*h:4*h+4], "little"), s) for h in range(4)]
 *     return sorted(points)
 */
static const double shares[] = {0.2197159945, 0.1782403663, 0.2005761079, 0.2037503617,
                                0.1977171695};
static const struct {
    uint32_t hash, server;
} owners[] = {
    {0x00000000, 4}, {0x00000001, 4}, {0xffffffff, 4}, {0x000ba101, 4},
    {0x000ba102, 4}, {0xffeb713c, 4}, {0xffeb713d, 4}, {0x2265b1f5, 0},
    {0x91b7584a, 0}, {0xd8f16adf, 0}, {0xcd613e30, 2}, {0xc386bbc4, 4},
    {0x1027c4d1, 2}, {0x414c343c, 1}, {0x1e2feb89, 2}, {0x7ed4d57b, 2},
};

static void shares_are_those_of_another_implementation(void **state)
{
    struct ketama ring;

    (void)state;
    ring_of(&ring, 5);
    assert_int_equal(ring.count, 800);
    for (uint32_t s = 0; s < 5; s++)
        assert_close(share_of(&ring, s), shares[s], 1e-9);
    ketama_release(&ring);
}

/* owner(hash) = points[bisect_left(points, (hash, -1)) % len(points)][1], of 5 servers */
static void keys_belong_to_the_server_that_another_implementation_finds(void **state)
{
    struct ketama ring;

    (void)state;
    ring_of(&ring, 5);
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
        assert_int_equal(ketama_server(&ring, owners[i].hash), owners[i].server);
    ketama_release(&ring);
}

/* A fifth server takes its arcs from the four others, and nothing else changes hands. */
static void adding_a_server_moves_its_own_keys_only(void **state)
{
    struct ketama four, five;
    uint64_t moved = 0, count = 1000000;

    (void)state;
    ring_of(&four, 4);
    ring_of(&five, 5);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t hash = (uint32_t)(i * 4294967296 / count);
        uint32_t before = ketama_server(&four, hash), after = ketama_server(&five, hash);

        assert_true(after == before || after == 4);
        moved += after == 4;
    }
    assert_close((double)moved / (double)count, shares[4], 0.001);
    ketama_release(&four);
    ketama_release(&five);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5_is_that_of_the_rfc),
        cmocka_unit_test(shares_are_those_of_another_implementation),
        cmocka_unit_test(keys_belong_to_the_server_that_another_implementation_finds),
        cmocka_unit_test(adding_a_server_moves_its_own_keys_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

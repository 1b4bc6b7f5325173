// SPDX-License-Identifier: GPL-3.0-or-later
#include "ketama.h"

#include "bug.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- MD5 ------------------------------------------------------------------------------------- */

static const uint8_t md5_rotations[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
/* floor(2^32 |sin(i + 1)|) */
// clang-format off
static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
// clang-format on

static uint32_t little_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void md5_block(uint32_t state[4], const uint8_t block[64])
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

    for (uint32_t i = 0; i < 64; i++) {
        uint32_t round = i / 16, word, mixed, rotation = md5_rotations[round][i % 4];

        switch (round) {
        case 0:
            mixed = (b & c) | (~b & d), word = i;
            break;
        case 1:
            mixed = (d & b) | (~d & c), word = (5 * i + 1) % 16;
            break;
        case 2:
            mixed = b ^ c ^ d, word = (3 * i + 5) % 16;
            break;
        default:
            mixed = c ^ (b | ~d), word = 7 * i % 16;
        }
        mixed += a + md5_sines[i] + little_endian(block + (size_t)4 * word);
        a = d;
        d = c;
        c = b;
        b += mixed << rotation | mixed >> (32 - rotation);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

struct md5 md5_of(const void *data, size_t size)
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const uint8_t *bytes = data;
    size_t rest = size % 64, padded = rest < 56 ? 64 : 128;
    uint8_t tail[128] = {0};
    struct md5 digest;

    for (size_t i = 0; i + 64 <= size; i += 64)
        md5_block(state, bytes + i);
    memcpy(tail, bytes + size - rest, rest);
    tail[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        tail[padded - 8 + i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    for (size_t i = 0; i < padded; i += 64)
        md5_block(state, tail + i);
    for (size_t i = 0; i < 16; i++)
        digest.bytes[i] = (uint8_t)(state[i / 4] >> i % 4 * 8);
    return digest;
}

/* --- the ring -------------------------------------------------------------------------------- */

static int by_hash(const void *left, const void *right)
{
    const struct ketama_point *a = left, *b = right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->server < b->server ? -1 : a->server > b->server;
}

static void add_server(struct ketama *ring, const char *name, uint32_t server)
{
    for (uint32_t k = 0; k < KETAMA_POINTS / 4; k++) {
        char text[100];
        int length = snprintf(text, sizeof text, "%s-%u", name, k);
        struct md5 digest;

        invariant(length > 0 && (size_t)length < sizeof text);
        digest = md5_of(text, (size_t)length);
        for (int part = 0; part < 4; part++)
            ring->points[ring->count++] =
                (struct ketama_point){little_endian(digest.bytes + 4 * part), server};
    }
}

void ketama_init(struct ketama *ring, const char *const *names, uint32_t server_count)
{
    uint32_t point = 0;

    invariant(server_count > 0);
    ring->points = mem_alloc((size_t)server_count * KETAMA_POINTS, sizeof *ring->points);
    ring->count = 0;
    for (uint32_t s = 0; s < server_count; s++)
        add_server(ring, names[s], s);
    qsort(ring->points, ring->count, sizeof *ring->points, by_hash);
    for (uint32_t i = 0; i <= 1 << KETAMA_INDEX_BITS; i++) {
        while (point < ring->count && ring->points[point].hash >> (32 - KETAMA_INDEX_BITS) < i)
            point++;
        ring->first[i] = point;
    }
}

void ketama_release(struct ketama *ring)
{
    free(ring->points);
}

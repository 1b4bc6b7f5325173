// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The hash of bytes and texts: 64-bit FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv-21).
 *
 * Hashing is incremental: start from HASH_START and pass each result to the next call. Hashes are
 * stored (a scenario's hash, the checksum of a run's bytes) and name the random streams, so the
 * function must never change. Do not use it for keys that an attacker chooses.
 *
 * hash_mix() spreads one word over 64 bits: for random words that need no stream of their own, and
 * for numbers that follow each other.
 */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Add `size` bytes. O(size). */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);
/* Add a text without its final '\0': "ab" then "c" is "abc". */
uint64_t hash_text(uint64_t hash, const char *text);
/* Add a field: includes the final '\0', so that ("ab", "c") and ("a", "bc") differ. NULL is the
 * empty text. */
uint64_t hash_field(uint64_t hash, const char *text);

#define HASH_MIX_STEP UINT64_C(0x9e3779b97f4a7c15)

/* SplitMix64's output for the state `word` (Steele, Lea and Flood, OOPSLA 2014): a bijection. */
static inline uint64_t hash_mix(uint64_t word)
{
    word += HASH_MIX_STEP;
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* The next word of the SplitMix64 sequence; any start value works. */
static inline uint64_t hash_mix_next(uint64_t *state)
{
    uint64_t word = hash_mix(*state);
    *state += HASH_MIX_STEP;
    return word;
}

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The counter of uses of a key under the policies allkeys-lfu and volatile-lfu: logarithmic, 8
 * bits, beside the minute of its last use in 16 bits, in one word as the servers keep them.
 *
 * Each use increments the counter with probability 1 / ((counter - 5) x factor + 1), so that it
 * saturates at 255 only after about a million uses (factor 10). It loses 1 for each period of decay
 * without a use. A new key begins at 5. Source: LFULogIncr(), LFUDecrAndReturn() in evict.c of
 * Redis 7 and Valkey 8.
 */
#ifndef LFU_COUNTER_H
#define LFU_COUNTER_H

#include <stdint.h>

#define LFU_START 5u
#define LFU_MOST 255u

static inline uint32_t lfu_make(uint32_t minute, uint32_t counter)
{
    return (minute & UINT16_MAX) << 8 | counter;
}
/* The counter after a use; unit: uniform in (0, 1). */
static inline uint32_t lfu_increment(uint32_t counter, double factor, double unit)
{
    double base = counter > LFU_START ? counter - LFU_START : 0;

    return counter < LFU_MOST && unit < 1 / (base * factor + 1) ? counter + 1 : counter;
}
/* The counter at `minute`, of a word; decay: minutes for each step, 0: none. */
static inline uint32_t lfu_value(uint32_t word, uint32_t minute, uint32_t decay)
{
    uint32_t counter = word & 255, steps;

    if (decay == 0)
        return counter;
    steps = (uint16_t)(minute - (word >> 8)) / decay;
    return steps > counter ? 0 : counter - steps;
}

#endif

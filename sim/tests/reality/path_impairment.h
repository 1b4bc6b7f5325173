// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The two directions of an emulated path, and the words that set them.
 *
 * `there` leads from the client to the server, `back` returns. A word with the prefix "there." or
 * "back." sets one direction, without a prefix both: "delay=10ms back.jitter=exponential:2ms".
 */
#ifndef PATH_IMPAIRMENT_H
#define PATH_IMPAIRMENT_H

#include "delay_law.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum direction {
    THERE,
    BACK,
    DIRECTIONS,
};

enum direction_state {
    PASSING,
    HOLDING, /* new bytes are kept until the path passes again */
    CUTTING, /* new bytes or packets are lost */
};

struct impairment {
    struct delay_law law;
    double loss;           /* share of packets lost, each independently */
    double rate_bit_per_s; /* of the path, all flows together; 0: no limit */
    int64_t buffer_bytes;  /* that may wait for the rate, or be held, see the emulator */
    enum direction_state state;
    struct rng_stream jitter_stream, loss_stream;
    int64_t free_ns; /* when the rate has served all that has entered */
};

/* Defaults: no delay, no jitter, no loss, no limit, a buffer of 4 MiB, seed 1. */
void impairments_init(struct impairment directions[DIRECTIONS]);

/* Key the draws of both directions by `seed`. */
void impairments_seed(struct impairment directions[DIRECTIONS], uint64_t seed);

/* Apply one word; returns false with the reason in `why` if it is not one of these settings. */
bool impairments_apply(struct impairment directions[DIRECTIONS], char *word, char *why,
                       size_t size);

/* Which directions the word "there", "back" or "both" means, as bits 1 << enum direction; 0: none.
 */
unsigned direction_bits(const char *word);

/* When `size` bytes that enter at `now_ns` have passed the rate; `now_ns` without a limit. */
int64_t impairment_serve(struct impairment *impairment, int64_t now_ns, size_t size);

#endif

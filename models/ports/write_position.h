// SPDX-License-Identifier: GPL-3.0-or-later
/* Positions in the stream of writes of a shard. */
#ifndef WRITE_POSITION_H
#define WRITE_POSITION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Positions in the stream of writes of a shard. A history is the history of one primary; a
 * promotion forks a new one at the last write that the promoted cluster holds. A write is (history,
 * number); numbers go on counting over a fork. Shards count apart from each other.
 */
struct write_position {
    uint64_t number; /* 0: none */
    uint32_t history;
    uint32_t shard;
};

#endif

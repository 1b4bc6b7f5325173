// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where each write of a shard ends in its stream of bytes: the offsets that replication counts in.
 *
 * Writes have consecutive numbers; the log keeps those in [low, high]. What is between two writes
 * (a PING) counts with the later one. A ring by number; amortised O(1), grows as it must.
 */
#ifndef WRITE_LOG_H
#define WRITE_LOG_H

#include "bug.h"

#include <stdint.h>

struct write_log {
    uint64_t *ends; /* offset after write n, at n & mask */
    uint64_t mask;
    uint64_t low, high;
    uint64_t offset; /* of the stream's end now: >= that of high */
};

/* Empty, after write `number`, whatever was there before; the offset goes on. */
void write_log_begin(struct write_log *log, uint64_t number);
/* Write high + 1, of so many bytes. */
void write_log_append(struct write_log *log, uint32_t bytes);
/* Forget the writes after `number`, which is in [low, high]. */
void write_log_cut(struct write_log *log, uint64_t number);
/* Forget the writes before `number`; nothing if there are none. */
void write_log_trim(struct write_log *log, uint64_t number);
void write_log_release(struct write_log *log);

static inline uint64_t write_log_end(const struct write_log *log, uint64_t number)
{
    invariant_debug(number >= log->low && number <= log->high);
    return log->ends[number & log->mask];
}

#endif

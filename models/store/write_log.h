// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Replication offsets: where each write of a shard ends in the stream of bytes.
 *
 * Writes have consecutive numbers; the log keeps those in [low, high]. Bytes between two writes (a
 * PING) count with the later one. A ring by number, grown as needed; amortised O(1).
 */
#ifndef WRITE_LOG_H
#define WRITE_LOG_H

#include "bug.h"

#include <stdint.h>

struct write_log {
    uint64_t *ends; /* offset after write n, at n & mask */
    uint64_t mask;
    uint64_t low, high;
    uint64_t offset; /* of the current end of the stream; >= that of `high` */
};

/* Empty the log: it continues after write `number`, at the current offset. */
void write_log_begin(struct write_log *log, uint64_t number);
/* Append write high + 1. */
void write_log_append(struct write_log *log, uint32_t bytes);
/* Drop the writes after `number`, which must be in [low, high]. */
void write_log_cut(struct write_log *log, uint64_t number);
/* Drop the writes before `number`, if any. */
void write_log_trim(struct write_log *log, uint64_t number);
void write_log_release(struct write_log *log);

static inline uint64_t write_log_end(const struct write_log *log, uint64_t number)
{
    invariant_debug(number >= log->low && number <= log->high);
    return log->ends[number & log->mask];
}

#endif

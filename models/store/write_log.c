// SPDX-License-Identifier: GPL-3.0-or-later
#include "write_log.h"

#include "mem.h"

#include <stdlib.h>

static void write_log_grow(struct write_log *log)
{
    uint64_t size = log->ends ? (log->mask + 1) * 2 : 64;
    uint64_t *ends = mem_alloc(size, sizeof *ends);

    for (uint64_t n = log->low; log->ends && n <= log->high; n++)
        ends[n & (size - 1)] = log->ends[n & log->mask];
    free(log->ends);
    log->ends = ends;
    log->mask = size - 1;
}

void write_log_begin(struct write_log *log, uint64_t number)
{
    if (!log->ends)
        write_log_grow(log);
    log->low = log->high = number;
    log->ends[number & log->mask] = log->offset;
}

void write_log_append(struct write_log *log, uint32_t bytes)
{
    if (log->high + 1 - log->low > log->mask)
        write_log_grow(log);
    log->offset += bytes;
    log->ends[++log->high & log->mask] = log->offset;
}

void write_log_cut(struct write_log *log, uint64_t number)
{
    invariant(number >= log->low && number <= log->high);
    log->high = number;
    log->offset = write_log_end(log, number);
}

void write_log_trim(struct write_log *log, uint64_t number)
{
    if (number > log->low)
        log->low = number < log->high ? number : log->high;
}

void write_log_release(struct write_log *log)
{
    free(log->ends);
    *log = (struct write_log){0};
}

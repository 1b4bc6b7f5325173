// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Numbered tasks on threads, their products taken in order of number.
 *
 * Rules that always hold
 *  1. make() runs on any thread, several at a time; take() and discard() only on the thread that
 *     called pool_run().
 *  2. take() sees the tasks in ascending order, whatever the number of threads; a task that made
 *     NULL is skipped.
 *  3. No more than 2 x thread_count products and tasks under way exist at any time: a slow task
 *     holds the others back rather than letting finished ones pile up.
 */
#ifndef POOL_H
#define POOL_H

#include "diag.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_job {
    void *self;
    size_t task_count;
    const atomic_int *interrupt; /* non-zero: no further task is begun; NULL: never */
    /* NULL: given up. `worker`, from 0 and below thread_count, is this thread's own number. */
    void *(*make)(void *self, size_t task, uint32_t worker);
    /* Takes the product over; false: no further task is begun, what is still made is discarded. */
    bool (*take)(void *self, size_t task, void *product);
    void (*discard)(void *self, void *product);
};

/* Returns false, with an error, where not one thread could be started. thread_count >= 1. */
bool pool_run(const struct pool_job *job, uint32_t thread_count, struct diag *diag);

#endif

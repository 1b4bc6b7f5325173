// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread pool: executes numbered tasks and passes on their results in order of number.
 *
 * Rules that always hold
 *  1. make() runs on any thread, concurrently; take() and discard() run only on the thread that
 *     called pool_run().
 *  2. take() sees the tasks in ascending order, for any number of threads; a task that returned
 *     NULL is skipped.
 *  3. At most 2 x thread_count results and running tasks exist at any time: a slow task delays the
 *     others instead of letting results pile up.
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
    const atomic_int *interrupt; /* non-zero: start no more tasks; NULL: never */
    /* NULL: abandoned. `worker` is this thread's number, 0 <= worker < thread_count. */
    void *(*make)(void *self, size_t task, uint32_t worker);
    /* Takes ownership of the result; false: start no more tasks and discard later results. */
    bool (*take)(void *self, size_t task, void *product);
    void (*discard)(void *self, void *product);
};

/* Returns false with an error if no thread could be started. thread_count >= 1. */
bool pool_run(const struct pool_job *job, uint32_t thread_count, struct diag *diag);

#endif

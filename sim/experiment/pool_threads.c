// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A ring of slots between the workers and the thread that takes results.
 *
 *            next_take                 next_task          next_take + window
 *   taken ...    | made or under way       |     free          |
 *
 * Task t uses slot t % window. A worker may begin task next_task only while it is inside the
 * window; the taker moves next_take on as slots are filled, in order. One mutex protects it all:
 * tasks are whole simulation runs, so it is locked a few times per second.
 */
#include "pool.h"

#include "bug.h"
#include "mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    bool made;
    void *product;
};

struct pool;
struct worker {
    struct pool *pool;
    uint32_t number;
    pthread_t thread;
};

struct pool {
    const struct pool_job *job;
    pthread_mutex_t mutex;
    pthread_cond_t room; /* for workers: the window moved, or the pool is closed */
    pthread_cond_t made; /* for the taker: a slot was filled, or the pool is closed */
    size_t next_task, next_take;
    size_t window;
    bool closed; /* start no more tasks */
    struct slot *slots;
};

static bool pool_interrupted(const struct pool *pool)
{
    return pool->job->interrupt && *pool->job->interrupt;
}

static void pool_close(struct pool *pool)
{
    pool->closed = true;
    pthread_cond_broadcast(&pool->room);
    pthread_cond_signal(&pool->made);
}

/* Called with the mutex held. Is there a task for this worker? */
static bool pool_next(struct pool *pool, size_t *task)
{
    for (;;) {
        if (pool_interrupted(pool) || pool->next_task == pool->job->task_count)
            pool_close(pool);
        if (pool->closed)
            return false;
        if (pool->next_task < pool->next_take + pool->window) {
            *task = pool->next_task++;
            return true;
        }
        pthread_cond_wait(&pool->room, &pool->mutex);
    }
}

static void *pool_work(void *argument)
{
    const struct worker *worker = argument;
    struct pool *pool = worker->pool;
    size_t task;

    pthread_mutex_lock(&pool->mutex);
    while (pool_next(pool, &task)) {
        pthread_mutex_unlock(&pool->mutex);
        void *product = pool->job->make(pool->job->self, task, worker->number);
        pthread_mutex_lock(&pool->mutex);
        struct slot *slot = &pool->slots[task % pool->window];
        invariant(!slot->made);
        *slot = (struct slot){true, product};
        pthread_cond_signal(&pool->made);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Take results in order until all started tasks are done and no more will start. */
static void pool_take_all(struct pool *pool)
{
    bool wanted = true;

    pthread_mutex_lock(&pool->mutex);
    while (!pool->closed || pool->next_take < pool->next_task) {
        struct slot *slot = &pool->slots[pool->next_take % pool->window];
        if (!slot->made) {
            pthread_cond_wait(&pool->made, &pool->mutex);
            continue;
        }
        void *product = slot->product;
        *slot = (struct slot){false, NULL};
        size_t task = pool->next_take;
        pthread_mutex_unlock(&pool->mutex);
        if (product && wanted)
            wanted = pool->job->take(pool->job->self, task, product);
        else if (product)
            pool->job->discard(pool->job->self, product);
        pthread_mutex_lock(&pool->mutex);
        pool->next_take++;
        if (!wanted)
            pool_close(pool);
        pthread_cond_broadcast(&pool->room);
    }
    pthread_mutex_unlock(&pool->mutex);
}

/* Fewer threads than requested are accepted; none is an error. */
static uint32_t pool_start(struct pool *pool, struct worker *workers, uint32_t count,
                           struct diag *diag)
{
    uint32_t started = 0;
    int error = 0;

    while (started < count && error == 0) {
        struct worker *worker = &workers[started];
        *worker = (struct worker){.pool = pool, .number = started};
        error = pthread_create(&worker->thread, NULL, pool_work, worker);
        if (error == 0)
            started++;
    }
    if (started == 0)
        diag_error(diag, "cannot start a thread: %s", strerror(error));
    return started;
}

bool pool_run(const struct pool_job *job, uint32_t thread_count, struct diag *diag)
{
    invariant(thread_count >= 1);
    size_t useful = job->task_count < thread_count ? job->task_count : thread_count;
    if (useful == 0)
        return true;
    struct pool pool = {
        .job = job,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .room = PTHREAD_COND_INITIALIZER,
        .made = PTHREAD_COND_INITIALIZER,
        .window = 2 * useful,
        .slots = mem_zalloc(2 * useful, sizeof(struct slot)),
    };
    struct worker *workers = mem_alloc(useful, sizeof *workers);
    uint32_t started = pool_start(&pool, workers, (uint32_t)useful, diag);

    if (started > 0)
        pool_take_all(&pool);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
    free(pool.slots);
    return started > 0;
}

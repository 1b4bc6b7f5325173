// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool.h"

#include "mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define TASKS 200

struct watch {
    pthread_mutex_t mutex;
    size_t alive, alive_max, made, taken, discarded;
    size_t order[TASKS];
    bool busy[8], used[8], busy_twice; /* by the worker's number */
    size_t fail_at;                    /* take() refuses this one; SIZE_MAX: none */
    size_t skip_each;                  /* make() returns NULL at each multiple of this; 0: never */
    atomic_int interrupt;
    size_t interrupt_at;
};

static void *make(void *self, size_t task, uint32_t worker)
{
    struct watch *watch = self;
    /* The first of each ten takes longest, so that the others overtake it. */
    struct timespec nap = {0, task % 10 == 0 ? 2000000 : 50000};

    pthread_mutex_lock(&watch->mutex);
    watch->busy_twice = watch->busy_twice || watch->busy[worker];
    watch->busy[worker] = watch->used[worker] = true;
    watch->made++;
    watch->alive++;
    if (watch->alive > watch->alive_max)
        watch->alive_max = watch->alive;
    pthread_mutex_unlock(&watch->mutex);
    nanosleep(&nap, NULL);
    pthread_mutex_lock(&watch->mutex);
    watch->busy[worker] = false;
    pthread_mutex_unlock(&watch->mutex);
    if (watch->skip_each && task % watch->skip_each == 0) {
        pthread_mutex_lock(&watch->mutex);
        watch->alive--;
        pthread_mutex_unlock(&watch->mutex);
        return NULL;
    }
    size_t *product = mem_alloc(1, sizeof *product);
    *product = task;
    return product;
}

static void drop(struct watch *watch, void *product)
{
    pthread_mutex_lock(&watch->mutex);
    watch->alive--;
    pthread_mutex_unlock(&watch->mutex);
    free(product);
}

static bool take(void *self, size_t task, void *product)
{
    struct watch *watch = self;

    assert_int_equal(*(size_t *)product, task);
    watch->order[watch->taken++] = task;
    if (task == watch->interrupt_at)
        watch->interrupt = 1;
    drop(watch, product);
    return task != watch->fail_at;
}

static void discard(void *self, void *product)
{
    struct watch *watch = self;

    watch->discarded++;
    drop(watch, product);
}

static struct watch watch_new(void)
{
    return (struct watch){
        .mutex = PTHREAD_MUTEX_INITIALIZER, .fail_at = SIZE_MAX, .interrupt_at = SIZE_MAX};
}

static void run(struct watch *watch, uint32_t threads)
{
    struct diag diag = {0};
    struct pool_job job = {watch, TASKS, &watch->interrupt, make, take, discard};

    assert_true(pool_run(&job, threads, &diag));
    assert_int_equal(diag.count, 0);
    assert_int_equal(watch->alive, 0);
    assert_false(watch->busy_twice);
    for (size_t i = threads; i < 8; i++)
        assert_false(watch->used[i]);
    for (size_t i = 1; i < watch->taken; i++)
        assert_true(watch->order[i - 1] < watch->order[i]);
}

static void every_task_is_taken_once_and_in_order(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 5; threads++) {
        struct watch watch = watch_new();
        run(&watch, threads);
        assert_int_equal(watch.taken, TASKS);
        assert_int_equal(watch.discarded, 0);
        assert_in_range(watch.alive_max, 1, 2 * threads);
    }
}

static void tasks_given_up_are_skipped(void **state)
{
    struct watch watch = watch_new();

    (void)state;
    watch.skip_each = 4;
    run(&watch, 3);
    assert_int_equal(watch.taken, TASKS - TASKS / 4);
}

static void a_refusal_ends_it_and_loses_no_product(void **state)
{
    struct watch watch = watch_new();

    (void)state;
    watch.fail_at = 20;
    run(&watch, 3);
    assert_int_equal(watch.taken, 21);
    assert_in_range(watch.made, 21, 21 + 2 * 3);
    assert_int_equal(watch.made, watch.taken + watch.discarded);
}

static void an_interrupt_keeps_what_is_made(void **state)
{
    struct watch watch = watch_new();

    (void)state;
    watch.interrupt_at = 20;
    run(&watch, 3);
    assert_in_range(watch.taken, 21, 21 + 2 * 3);
    assert_int_equal(watch.made, watch.taken);
    assert_int_equal(watch.discarded, 0);
}

static void an_interrupt_before_the_start_makes_nothing(void **state)
{
    struct watch watch = watch_new();

    (void)state;
    watch.interrupt = 1;
    run(&watch, 2);
    assert_int_equal(watch.made, 0);
}

static void no_task_is_no_work(void **state)
{
    struct watch watch = watch_new();
    struct pool_job job = {&watch, 0, NULL, make, take, discard};
    struct diag diag = {0};

    (void)state;
    assert_true(pool_run(&job, 2, &diag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_is_taken_once_and_in_order),
        cmocka_unit_test(tasks_given_up_are_skipped),
        cmocka_unit_test(a_refusal_ends_it_and_loses_no_product),
        cmocka_unit_test(an_interrupt_keeps_what_is_made),
        cmocka_unit_test(an_interrupt_before_the_start_makes_nothing),
        cmocka_unit_test(no_task_is_no_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

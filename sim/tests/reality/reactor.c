// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Timers stand in a binary heap and know their place in it, so that moving or cancelling one costs
 * O(log n). epoll_pwait2 takes the time to wait in nanoseconds; epoll_wait would round it up to 1
 * ms.
 */
#include "reactor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

_Noreturn void die(const char *format, ...)
{
    int reason = errno;
    va_list arguments;

    fprintf(stderr, "%s: error: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (reason != 0)
        fprintf(stderr, ": %s", strerror(reason));
    fputc('\n', stderr);
    exit(4);
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL)
        die("no memory");
    return memory;
}

int64_t reactor_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void reactor_init(struct reactor *reactor)
{
    *reactor = (struct reactor){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    if (reactor->epoll < 0)
        die("epoll_create1");
}

void reactor_release(struct reactor *reactor)
{
    close(reactor->epoll);
    free(reactor->heap);
}

void reactor_sharpen(void)
{
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    mlockall(MCL_CURRENT | MCL_FUTURE);
}

static void reactor_control(struct reactor *reactor, int operation, struct reactor_watch *watch,
                            uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (epoll_ctl(reactor->epoll, operation, watch->fd, &event) != 0)
        die("epoll_ctl %d on descriptor %d", operation, watch->fd);
}

void reactor_add(struct reactor *reactor, struct reactor_watch *watch, uint32_t events)
{
    reactor_control(reactor, EPOLL_CTL_ADD, watch, events);
}

void reactor_change(struct reactor *reactor, struct reactor_watch *watch, uint32_t events)
{
    reactor_control(reactor, EPOLL_CTL_MOD, watch, events);
}

void reactor_remove(struct reactor *reactor, struct reactor_watch *watch)
{
    reactor_control(reactor, EPOLL_CTL_DEL, watch, 0);
}

static void heap_put(struct reactor *reactor, size_t place, struct reactor_timer *timer)
{
    reactor->heap[place] = timer;
    timer->place = place + 1;
}

/* Let `timer` find its place from the hole at `place`, upwards and then downwards. */
static void heap_settle(struct reactor *reactor, size_t place, struct reactor_timer *timer)
{
    while (place > 0 && timer->due_ns < reactor->heap[(place - 1) / 2]->due_ns) {
        heap_put(reactor, place, reactor->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * place + 1;

        if (child + 1 < reactor->count &&
            reactor->heap[child + 1]->due_ns < reactor->heap[child]->due_ns)
            child++;
        if (child >= reactor->count || timer->due_ns <= reactor->heap[child]->due_ns)
            break;
        heap_put(reactor, place, reactor->heap[child]);
        place = child;
    }
    heap_put(reactor, place, timer);
}

void reactor_set(struct reactor *reactor, struct reactor_timer *timer, int64_t due_ns)
{
    timer->due_ns = due_ns;
    if (timer->place != 0) {
        heap_settle(reactor, timer->place - 1, timer);
        return;
    }
    if (reactor->count == reactor->capacity) {
        reactor->capacity = reactor->capacity == 0 ? 64 : 2 * reactor->capacity;
        reactor->heap = realloc(reactor->heap, reactor->capacity * sizeof(struct reactor_timer *));
        if (reactor->heap == NULL)
            die("no memory for timers");
    }
    reactor->count++;
    heap_settle(reactor, reactor->count - 1, timer);
}

void reactor_cancel(struct reactor *reactor, struct reactor_timer *timer)
{
    size_t place = timer->place;
    struct reactor_timer *last;

    if (place == 0)
        return;
    timer->place = 0;
    last = reactor->heap[--reactor->count];
    if (last != timer)
        heap_settle(reactor, place - 1, last);
}

/* Fire due timers; returns the time until the next one, or -1 if none is set. */
static int64_t reactor_fire(struct reactor *reactor)
{
    while (reactor->count > 0 && !reactor->stopped) {
        struct reactor_timer *timer = reactor->heap[0];
        int64_t wait_ns = timer->due_ns - reactor_now_ns();

        if (wait_ns > 0)
            return wait_ns;
        reactor_cancel(reactor, timer);
        timer->fire(timer->owner);
    }
    return -1;
}

void reactor_run(struct reactor *reactor)
{
    while (!reactor->stopped) {
        int64_t wait_ns = reactor_fire(reactor);
        struct timespec wait = {.tv_sec = wait_ns / NS_PER_SECOND,
                                .tv_nsec = wait_ns % NS_PER_SECOND};
        struct epoll_event event;
        int ready;

        if (reactor->stopped)
            return;
        ready = epoll_pwait2(reactor->epoll, &event, 1, wait_ns < 0 ? NULL : &wait, NULL);
        if (ready < 0 && errno != EINTR)
            die("epoll_pwait2");
        if (ready == 1) {
            struct reactor_watch *watch = event.data.ptr;

            watch->ready(watch->owner, event.events);
        }
    }
}

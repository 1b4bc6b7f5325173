// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One thread that waits for file descriptors and timers: the loop of every program of the reality
 * bench.
 *
 * Time is CLOCK_MONOTONIC in nanoseconds. A timer fires at its time or some 10 us later (with
 * real-time priority, see reactor_sharpen()). One descriptor is handled for each wait, so a handler
 * may free any watch or timer, its own included.
 *
 * Watches and timers belong to the caller, which removes them before it frees them. A failed system
 * call that the program cannot go on without ends it with a message (exit code 4).
 */
#ifndef REACTOR_H
#define REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reactor_watch {
    int fd;
    void (*ready)(void *owner, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
    void *owner;
};

struct reactor_timer {
    int64_t due_ns;
    size_t place; /* 1 + index in the heap; 0: not set */
    void (*fire)(void *owner);
    void *owner;
};

struct reactor {
    int epoll;
    bool stopped;
    struct reactor_timer **heap; /* the earliest first */
    size_t count, capacity;
};

int64_t reactor_now_ns(void);

void reactor_init(struct reactor *reactor);
void reactor_release(struct reactor *reactor);

/* events: EPOLLIN, EPOLLOUT or both, level-triggered; 0 reports only errors and hang-ups. */
void reactor_add(struct reactor *reactor, struct reactor_watch *watch, uint32_t events);
void reactor_change(struct reactor *reactor, struct reactor_watch *watch, uint32_t events);
void reactor_remove(struct reactor *reactor, struct reactor_watch *watch);

/* Set or move a timer; a time that has passed fires at once, from the loop. */
void reactor_set(struct reactor *reactor, struct reactor_timer *timer, int64_t due_ns);
void reactor_cancel(struct reactor *reactor, struct reactor_timer *timer); /* unset: nothing */

/* Run until a handler sets `stopped`. */
void reactor_run(struct reactor *reactor);

/* Ask the kernel for timers without slack and locked memory, where permitted. */
void reactor_sharpen(void);

/* Print `program: error: <message>` with the system's reason and exit with code 4. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* calloc() that ends the program where there is no memory. */
void *allocate(size_t count, size_t size);

#endif

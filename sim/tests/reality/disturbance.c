// SPDX-License-Identifier: GPL-3.0-or-later
#include "disturbance.h"

#include "reactor.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PROCESSORS_MAX 64
#define PERIOD_NS INT64_C(2000000)
#define LATE_NS                                                                                    \
    INT64_C(500000) /* less is the machine's own: interrupts, a processor that was idle */
#define NS_PER_SECOND INT64_C(1000000000)

struct processor {
    size_t number;
    pthread_t thread;
    int64_t longest_ns, sum_ns;
};

static struct processor processors[PROCESSORS_MAX];
static size_t processor_count;
static atomic_bool stopped;
static int64_t start_ns;

static void *processor_watch(void *owner)
{
    struct processor *processor = owner;
    cpu_set_t here;

    CPU_ZERO(&here);
    CPU_SET(processor->number, &here);
    if (pthread_setaffinity_np(pthread_self(), sizeof(here), &here) != 0)
        return NULL; /* this process may not use it */
    while (!stopped) {
        int64_t due_ns = reactor_now_ns() + PERIOD_NS, late_ns;
        struct timespec due = {.tv_sec = due_ns / NS_PER_SECOND, .tv_nsec = due_ns % NS_PER_SECOND};

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        late_ns = reactor_now_ns() - due_ns;
        if (late_ns > processor->longest_ns)
            processor->longest_ns = late_ns;
        if (late_ns > LATE_NS)
            processor->sum_ns += late_ns;
    }
    return NULL;
}

void disturbance_start(void)
{
    size_t count = (size_t)sysconf(_SC_NPROCESSORS_ONLN);

    start_ns = reactor_now_ns();
    for (size_t i = 0; i < count && i < PROCESSORS_MAX; i++) {
        processors[i].number = i;
        errno = pthread_create(&processors[i].thread, NULL, processor_watch, &processors[i]);
        if (errno != 0)
            die("cannot make a thread");
        processor_count++;
    }
}

void disturbance_print(void)
{
    double longest_ns = 0, share = 0, span_ns = (double)(reactor_now_ns() - start_ns);

    stopped = true;
    for (size_t i = 0; i < processor_count; i++) {
        pthread_join(processors[i].thread, NULL);
        if ((double)processors[i].longest_ns > longest_ns)
            longest_ns = (double)processors[i].longest_ns;
        if ((double)processors[i].sum_ns > share * span_ns)
            share = (double)processors[i].sum_ns / span_ns;
    }
    printf("disturbance.max\t%.10g\t0\t0\t1\ndisturbance.share\t%.10g\t0\t0\t1\n", longest_ns,
           share);
}

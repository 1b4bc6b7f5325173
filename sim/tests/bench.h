// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Shared by the *_bench.c programs: a clock, the option --rounds, and output lines for
 * scripts/bench.
 *
 * A line is `name unit value`; repeated names are samples. Ratios are taken within a round, in
 * which the alternatives run one after another, so that other load affects both.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Processor time of this process in seconds, less affected by other load than wall time. */
static inline double bench_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline void bench_sample(const char *name, const char *unit, double value)
{
    printf("%s %s %.6g\n", name, unit, value);
    fflush(stdout);
}

/* The options `--rounds N` and `--quick`; any other ends the program. */
struct bench_options {
    int rounds;
    int quick; /* skip long measurements */
};
static inline struct bench_options bench_options(int argc, char **argv)
{
    struct bench_options options = {.rounds = 5};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            options.quick = 1;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc &&
                   (options.rounds = (int)strtol(argv[i + 1], NULL, 10)) > 0) {
            i++;
        } else {
            fprintf(stderr, "Usage: %s [--quick] [--rounds N]\n", argv[0]);
            exit(2);
        }
    }
    return options;
}

/* Keep an unused result from being optimised away. */
#define BENCH_KEEP(value) __asm__ volatile("" : : "g"(value) : "memory")

#endif

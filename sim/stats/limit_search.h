// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Search for the largest load at which an objective holds, if each load can only be sampled:
 * stochastic root finding by bisection of three boundaries at once.
 *
 * At each load tried, the objective holds or not by its mean (the boundary of the estimate), surely
 * holds (the whole interval satisfies it) or surely fails (none of the interval does). All loads
 * use the same random numbers, so the mean is nearly monotone in the load. The interval of the
 * limit is the set of loads at which the objective neither surely holds nor surely fails. It misses
 * the true limit only if the interval of the mean there misses the bound, so it has the same level
 * (an inverted test).
 *
 * A range is bisected at its middle, or at its geometric middle if it spans more than a factor of
 * 4.
 */
#ifndef LIMIT_SEARCH_H
#define LIMIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct limit_trial {
    double load;
    bool holds;         /* by means */
    bool surely_holds;  /* implies holds */
    bool surely_broken; /* excludes holds */
};

enum { LIMIT_TRIALS_MAX = 256 };
struct limit_search {
    double from, to;  /* from < to */
    double tolerance; /* width of the final brackets, relative to their upper end */
    bool geometric;
    struct limit_trial tried[LIMIT_TRIALS_MAX]; /* by load, ascending */
    size_t tried_count;
};

/* 0 < tolerance < 1; 0 <= from < to. */
void limit_search_init(struct limit_search *search, double from, double to, double tolerance);
/* The load to try next, ends of the range first; false: the search is over. */
bool limit_search_next(const struct limit_search *search, double *load);
/* Add the result at a load; each load once. */
void limit_search_add(struct limit_search *search, const struct limit_trial *trial);

enum limit_place {
    LIMIT_WITHIN,
    LIMIT_BELOW, /* does not hold at `from` */
    LIMIT_ABOVE  /* still holds at `to` */
};
struct limit {
    enum limit_place place;
    double load;            /* WITHIN: between the last that holds and the first that does not */
    double last_held;       /* WITHIN: largest load tried at which it held */
    double first_broken;    /* WITHIN: smallest load tried at which it did not hold */
    bool has_low, has_high; /* false: the interval extends beyond the range */
    double low, high;       /* surely holds up to low, surely fails from high on */
};
struct limit limit_search_result(const struct limit_search *search);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The largest load at which something holds, where each look at a load is a sample: stochastic root
 * finding by bisection of three boundaries at once.
 *
 * A look says whether the objective holds by the mean (the estimate's boundary), surely holds (its
 * interval lies on the right side) and is surely broken (on the wrong side). All looks use the same
 * random numbers, so that the mean is as good as monotone in the load. The interval of the limit is
 * all loads at which it is neither sure to hold nor sure to be broken: at the true limit that is
 * missed just where the interval of the mean misses the bound, so the level is that of the look's
 * intervals (a test, inverted).
 *
 * The load is cut in the middle, or at the geometric middle where the range spans more than a
 * factor of 4.
 */
#ifndef LIMIT_SEARCH_H
#define LIMIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct limit_look {
    double load;
    bool holds;         /* by means */
    bool surely_holds;  /* implies holds */
    bool surely_broken; /* excludes holds */
};

enum { LIMIT_LOOKS_MAX = 256 };
struct limit_search {
    double from, to;  /* from < to */
    double tolerance; /* brackets are narrowed until they are this share of their upper end */
    bool geometric;
    struct limit_look looks[LIMIT_LOOKS_MAX]; /* by load, ascending */
    size_t look_count;
};

/* 0 < tolerance < 1; 0 <= from < to. */
void limit_search_init(struct limit_search *search, double from, double to, double tolerance);
/* The load to look at next; false: the search is over. Ends of the range first. */
bool limit_search_next(const struct limit_search *search, double *load);
/* The answer; each load once. */
void limit_search_tell(struct limit_search *search, const struct limit_look *look);

enum limit_place {
    LIMIT_WITHIN,
    LIMIT_BELOW, /* it does not hold at `from` already */
    LIMIT_ABOVE  /* it holds at `to` still */
};
struct limit {
    enum limit_place place;
    double load;            /* WITHIN: between the last that holds and the first that does not */
    double last_held;       /* WITHIN: looked at, and it held there */
    double first_broken;    /* WITHIN: looked at, and it did not hold there */
    bool has_low, has_high; /* false: the interval goes beyond the range */
    double low, high;       /* surely holds up to low, surely broken from high on */
};
struct limit limit_search_result(const struct limit_search *search);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared by explain.c (what belongs to an incident) and explain_print.c. */
#ifndef EXPLAIN_INTERNAL_H
#define EXPLAIN_INTERNAL_H

#include "explain.h"

#include <stddef.h>

struct explain_event {
    struct event_row row; /* with texts of its own */
    bool belongs;         /* to the incident */
    size_t step;          /* its number in the explanation, from 1; 0: none */
};

/* A statistic of the run in the window of its faults, for the affected users. */
struct explain_value {
    char *region, *label;
    double value;
};
struct explain_measure {
    const char *metric;
    struct explain_value *values;
    size_t count, capacity;
};
#define EXPLAIN_MEASURES 4
extern const char *const explain_measures[EXPLAIN_MEASURES];

struct explanation {
    struct explained_incident chosen;
    struct explain_event *events; /* events[i].row.number is i + 1 */
    size_t event_count, event_capacity;
    int64_t until_ns; /* start of the next incident, or the end of the run */
    struct explain_measure measures[EXPLAIN_MEASURES];
    double level;
};

/* NULL: number 0, or an event that was not recorded. */
static inline const struct explain_event *explanation_event(const struct explanation *explanation,
                                                            uint32_t number)
{
    if (number == 0 || number > explanation->event_count)
        return NULL;
    return &explanation->events[number - 1];
}

#endif

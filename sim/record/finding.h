// SPDX-License-Identifier: GPL-3.0-or-later
/* Findings of a study: verdicts of a comparison or check, a Pareto front, a limit, effects, the
 * precision reached. Stored with its runs. */
#ifndef FINDING_H
#define FINDING_H

#include "interval.h"
#include "record.h"
#include "units.h"

struct finding {
    const char *kind; /* "precision" "compare" "check" "front" "capacity" "sensitivity" "lesson" */
    int64_t point;    /* -1: of the study as a whole */
    char *subject;    /* the metric, or the parameter */
    char *verdict;    /* "better"; "": none */
    char *text;       /* details; "": none */
    enum unit unit;
    struct interval interval; /* n 0: no value; not valid: only the mean */
};
/* Zero-initialised is empty. The list owns its texts. */
struct finding_list {
    struct finding *items;
    size_t count, capacity;
};
/* Add a copy; `format` gives finding.text. */
void finding_add(struct finding_list *list, const struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_list_release(struct finding_list *list);

/* Replace the findings of the recorded study; call after end(). 0, or -1 with an error. */
int record_findings(struct record *record, const struct finding_list *list);

#endif

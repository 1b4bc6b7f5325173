// SPDX-License-Identifier: GPL-3.0-or-later
/* What a study found, in rows: the verdicts of a comparison or a check, a front, a limit, effects,
 * the precision reached. Kept beside the runs that they came of. */
#ifndef FINDING_H
#define FINDING_H

#include "interval.h"
#include "record.h"
#include "units.h"

struct finding {
    const char *kind; /* "precision" "compare" "check" "front" "capacity" "sensitivity" */
    int64_t point;    /* -1: of the study as a whole */
    char *subject;    /* the metric, or the parameter */
    char *verdict;    /* "better"; "" where there is none */
    char *text;       /* what else is to be said; "" where nothing */
    enum unit unit;
    struct interval interval; /* n 0: no value; not valid: the mean alone */
};
/* Zero-initialised is empty. Texts are the list's own. */
struct finding_list {
    struct finding *items;
    size_t count, capacity;
};
/* Copies the texts. `format` makes finding.text. */
void finding_add(struct finding_list *list, const struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_list_release(struct finding_list *list);

/* The findings of the study that this file was written by, in place of any that it had; after
 * end(). 0, or -1 with an error. */
int record_findings(struct record *record, const struct finding_list *list);

#endif

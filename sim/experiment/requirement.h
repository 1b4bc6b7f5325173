// SPDX-License-Identifier: GPL-3.0-or-later
/* Expectations evaluated during an adaptive study: objectives of a capacity search, constraints of
 * a Pareto front. Evaluated as by judge.h. */
#ifndef REQUIREMENT_H
#define REQUIREMENT_H

#include "expectation.h"
#include "experiment.h"
#include "judge.h"

struct requirement {
    struct expectation expect;
    uint32_t left, right; /* watches of the runner */
};
struct requirement_list {
    struct requirement *items;
    size_t count;
};
void requirement_list_release(struct requirement_list *list);
/* Append one; messages name `option` instead of a file. False with the error reported. */
bool requirement_list_parse(struct requirement_list *list, const struct scenario *scenario,
                            const char *option, const char *text, struct diag *diag);
void requirement_list_open(struct requirement_list *list, struct study_runner *runner);

struct decision requirement_judge(const struct requirement *requirement,
                                  const struct study_runner *runner, uint32_t point, double level);

/* Append what was observed: "1.19%", "0 of 3600, below 0.102%", "40 ms, never in 3 of 20", "-". */
void requirement_add_value(struct strbuf *out, const struct requirement *requirement,
                           const struct decision *decision);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* The name of a statistic as a user writes it, in an expectation or a finding. Private to report.
 */
#ifndef STATISTIC_TEXT_H
#define STATISTIC_TEXT_H

#include "statistic_table.h"

/* "upper(login_latency{region=us-west-2}.p99) < 1s" in parts, all owned; "" where absent, region
 * and window "all". */
struct statistic_text {
    char *text; /* "login_latency{region=us-west-2}.p99" */
    char *metric, *stat, *region, *label, *window;
};
/* Parse the name at the start of `text`. Release in any case. */
void statistic_text_parse(struct statistic_text *parts, const char *text);
void statistic_text_release(struct statistic_text *parts);

/* The statistic of this name; of a latency without a stat, its p99. NULL: none. */
const struct statistic_row *statistic_text_find(const struct statistic_text *parts,
                                                const struct statistic_table *table, int64_t point);

#endif

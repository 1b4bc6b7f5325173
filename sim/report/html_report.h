// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A study as one HTML page that needs no network and no other file: the answer first, time lines,
 * incidents in steps, statistics, the resolved scenario and the command to remake it. It can be
 * read without script; with it the time lines (dygraphs, inlined) share a cursor and a zoom.
 */
#ifndef HTML_REPORT_H
#define HTML_REPORT_H

#include "query.h"

#include <stdio.h>

struct html_options {
    int64_t study; /* 0: the newest */
    int64_t point; /* whose time lines are drawn */
};
/* Write the page to `out`. 0, or -1 with an error about the results; write errors stay in `out`.
 * One pass over the statistics, and one over each metric's time line. */
int report_html(struct results *results, const struct html_options *options, FILE *out,
                struct diag *diag);

#endif

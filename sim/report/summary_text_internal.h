// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sections of a summary as text or Markdown. Level and n of the intervals are printed once, at
 * the top; a statistic with fewer values has its own n. Texts from the file are quoted, by the
 * tables or when they are added. Private to the summary.
 */
#ifndef SUMMARY_TEXT_INTERNAL_H
#define SUMMARY_TEXT_INTERNAL_H

#include "summary_print.h"
#include "text_table.h"

/* Column widths, without the space between columns. */
enum { NAME_WIDTH = 22, REGION_WIDTH = 12, EXPECTATION_WIDTH = 42, GAP = 2 };

struct printer {
    struct strbuf *out;
    const struct summary *summary;
    const struct summary_options *options;
    int width;
    uint64_t n; /* replications per point */
    bool has_fault;
    struct text_table *table;           /* being filled */
    const struct outcome_row *outcomes; /* of a point with two outcomes; NULL: one */
    /* the table has "0 of N", "in all N", quantiles of few samples, values of fewer replications */
    bool has_unseen, has_equal, has_few, has_fewer;
    bool has_left_out; /* and leaves regions out */
};

/* Wrapped at spaces, indented by two columns. */
void printer_add_paragraph(struct printer *printer, const char *text);
/* `title` may contain texts from the file. */
void printer_add_heading(struct printer *printer, const char *title);
void printer_end_table(struct printer *printer);
/* "22 ms [21 ms, 23 ms]", with its own n if that is not `n`. */
void printer_add_mean(struct strbuf *out, const struct interval *interval, enum unit unit,
                      uint64_t n);
/* "restored in 7 of 10 [39.7%, 89.2%]". */
void printer_add_share(struct strbuf *out, const char *what, size_t hits, size_t n,
                       const struct printer *printer);

/* The sections. */
void summary_add_expectations(struct printer *printer);
void summary_add_metrics(struct printer *printer, int64_t point);
void summary_add_incidents(struct printer *printer, int64_t point);
void summary_add_events(struct printer *printer);
void summary_add_notes(struct printer *printer);

#endif

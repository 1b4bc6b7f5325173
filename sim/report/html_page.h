// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTML report while it is written, for the files that write its sections. Private to report. */
#ifndef HTML_PAGE_H
#define HTML_PAGE_H

#include "html_chart.h"
#include "html_report.h"
#include "summary_print.h"

/* An event of the first replication of the point. */
struct step {
    int64_t t_ns;
    uint32_t number, cause, waited_for; /* numbers of events */
    char *what, *subject, *text;
};

/* A fault of the first replication of the point, in words. */
struct page_fault {
    char *words; /* "down of us-west-1" */
    char *subject;
    int64_t from_ns, to_ns; /* to: -1, never repaired */
};

struct page {
    struct html html;
    const struct html_options *options;
    struct summary summary;
    struct chart_set charts;
    int64_t point;
    char *scenario; /* resolved, of the point */
    struct step *steps;
    size_t step_count, step_capacity;
    struct page_fault *faults;
    size_t fault_count, fault_capacity;
};

/* The statistics of the first screen and of the points. */
struct page_headline {
    const char *metric, *stat, *title;
};
extern const struct page_headline page_headlines[]; /* ends with metric NULL */

/* "client.timeout = 300ms, ..."; "point 0" where no parameter varies. Appends. */
void page_add_point_name(struct strbuf *out, const struct page *page, int64_t point);

/* --- sections -------------------------------------------------------------------------------- */

void page_write_answer(struct page *page);  /* html_answer.c */
void page_write_changes(struct page *page); /* html_points.c: of a comparison */
void page_write_front(struct page *page);   /* html_points.c */
void page_write_grid(struct page *page);    /* html_points.c: points by their parameters */
void page_write_points(struct page *page);  /* html_points.c */
void page_write_map(struct page *page);     /* html_map.c */
/* Member "map" of the open object: what the slider needs. */
void page_write_map_data(struct json_writer *json, const struct page *page);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Elements of an HTML page, written to a stream. Private to report. Texts are quoted here: no other
 * file writes a foreign text. Write errors stay in the stream. */
#ifndef HTML_H
#define HTML_H

#include "interval.h"
#include "units.h"

#include <stdint.h>
#include <stdio.h>

struct html {
    FILE *out;
};

/* Text, or the value of an attribute; without the quotes. */
void html_text(struct html *html, const char *text);
/* <tag class="...">text</tag>; class_name NULL: without. */
void html_element(struct html *html, const char *tag, const char *class_name, const char *text);
/* <h2 id="...">title</h2>, for the contents list. */
void html_heading(struct html *html, const char *id, const char *title);

/* A table that scrolls sideways and, if `sortable`, is sorted by its heads. `caption` says what a
 * row is. */
struct html_column {
    const char *name;
    bool is_number;
};
void html_table_open(struct html *html, const char *caption, const struct html_column *columns,
                     size_t count, bool sortable);
void html_table_close(struct html *html);
void html_row_open(struct html *html);
void html_row_close(struct html *html);
void html_cell(struct html *html, const char *text);
/* Of a verdict, by its word: green, red or yellow. */
void html_verdict_cell(struct html *html, const char *verdict);
/* Right-aligned; sorted by `value`, NAN last. */
void html_number_cell(struct html *html, double value, const char *text);
void html_interval_cell(struct html *html, const struct interval *interval, enum unit unit);

#endif

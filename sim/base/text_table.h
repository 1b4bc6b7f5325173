// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A table for a terminal: indented by two spaces, columns as wide as their widest cell and
 * separated by two spaces, no trailing spaces. Cells are quoted for a terminal (QUOTE_TERMINAL).
 *
 *     struct text_table *table = text_table_create("metric\tmean");
 *     text_table_add(table, "%s", name);
 *     units_add(text_table_cell(table), mean, unit, 3);
 *     text_table_print_and_free(table, stdout);
 */
#ifndef TEXT_TABLE_H
#define TEXT_TABLE_H

#include "strbuf.h"

#include <stdio.h>

struct text_table;

/* `head` is the first row, with cells separated by tabs; it sets the number of columns. */
struct text_table *text_table_create(const char *head);
/* A table without a head row. */
struct text_table *text_table_create_bare(size_t column_count);

/* Add the next cell, row by row. */
void text_table_add(struct text_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Add an empty cell for the caller to fill; valid until the next one is added. */
struct strbuf *text_table_cell(struct text_table *table);
/* Set the colour ("\033[31m") of the last cell added; NULL: none. */
void text_table_colour(struct text_table *table, const char *escape);

/* Set the minimum width of a column, in characters. */
void text_table_widen(struct text_table *table, size_t column, size_t width);
/* Truncate the last column with "..." so that no line is longer than `width`. */
void text_table_limit(struct text_table *table, size_t width);

/* Wrap cells at spaces and after '|', the widest columns first, so that no line is longer than
 * `width` if the columns can be made that narrow. Words are broken only where nothing else helps.
 */
void text_table_wrap(struct text_table *table, size_t width);
/* A text below the last complete row, indented and as wide as the table may be. At most one for a
 * row. */
void text_table_note(struct text_table *table, const char *text);

/* Append all rows; the last one must be complete. */
void text_table_add_to_and_free(struct text_table *table, struct strbuf *out);
/* The same as a table in Markdown, with the first row as its head. */
void text_table_add_markdown_and_free(struct text_table *table, struct strbuf *out);
/* Print all rows, wrapped to output_width(). */
void text_table_print_and_free(struct text_table *table, FILE *out);

void text_table_free(struct text_table *table); /* without printing it */

/* Columns of the terminal, or 120 if `out` is none. */
size_t output_width(FILE *out);

#endif

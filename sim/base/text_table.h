// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A table for a terminal: indented by two blanks, columns as wide as their widest cell, two blanks
 * between them, no blanks at the end of a line. Cells are quoted for a terminal (QUOTE_TERMINAL).
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

/* `head` is the first row, its cells separated by tabs, which says how many columns there are. */
struct text_table *text_table_create(const char *head);
/* The same without a row of heads. */
struct text_table *text_table_create_bare(size_t column_count);

/* The next cell, row by row. */
void text_table_add(struct text_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The next cell, empty, to be filled; valid until the next one is added. */
struct strbuf *text_table_cell(struct text_table *table);
/* Print the cell that was added last in this colour ("\033[31m"); NULL: in none. */
void text_table_colour(struct text_table *table, const char *escape);

/* A column takes at least `width` characters, the blanks behind it apart. */
void text_table_widen(struct text_table *table, size_t column, size_t width);
/* Cut the last column with "..." so that no line is longer than `width`. */
void text_table_limit(struct text_table *table, size_t width);

/* Append all rows; the last one must be whole. */
void text_table_add_to_and_free(struct text_table *table, struct strbuf *out);
void text_table_print_and_free(struct text_table *table, FILE *out);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* A table for a terminal: columns as wide as their widest cell, two blanks between them. */
#ifndef TEXT_TABLE_H
#define TEXT_TABLE_H

#include "interval.h"
#include "units.h"

#include <stdio.h>

struct text_table;

/* The heads of the columns, with tabs between them. */
struct text_table *text_table_create(const char *head);
/* The next cell, row by row. */
void text_table_add(struct text_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_table_add_value(struct text_table *table, double value, enum unit unit); /* NAN: "n/a" */
/* "22 ms [21 ms, 23 ms]", or the mean alone where there is no interval. */
void text_table_add_interval(struct text_table *table, const struct interval *interval,
                             enum unit unit);
/* Columns are characters; the last column is not padded. */
void text_table_print_and_free(struct text_table *table, FILE *out);

#endif

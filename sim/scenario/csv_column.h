// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Read one column of numbers from a CSV file, such as measured latencies, rates or instants.
 *
 * Cells are separated by commas and may be in double quotes. A first line whose cell is not a
 * number is a header. Empty lines and lines that start with '#' are skipped.
 */
#ifndef CSV_COLUMN_H
#define CSV_COLUMN_H

#include "error_list.h"
#include "field.h"

#define CSV_VALUES_MAX 10000

enum csv_cell {
    CSV_NUMBER,
    CSV_TIME,   /* in ns, at least 0 */
    CSV_RATE,   /* per second, at least 0 */
    CSV_INSTANT /* as CSV_TIME, and none before the one above it */
};
struct csv_request {
    const char *path;   /* to open */
    const char *shown;  /* in messages */
    const char *column; /* a name in the header; NULL: the first column */
    const char *unit;   /* unit of plain numbers ("ms", "/min"); NULL: cells include their units */
    enum csv_cell cell;
    const struct field *field; /* whose range each value must meet; NULL: none */
};
/* Cache of columns by the node that names them: a value inherited by every link is one node.
 * Zero-initialised: empty. */
struct csv_cache {
    struct csv_cached {
        const struct yaml_node *node;
        enum csv_cell cell;
        double *values; /* NULL: could not be read; the error was reported */
        size_t count;
    } * columns;
    size_t count, capacity;
};
void csv_cache_release(struct csv_cache *cache);
/* Append the column to values; false on error: a missing file is reported at `node`, an invalid
 * cell at its own place. `cache` may be NULL. */
bool csv_column_read(struct csv_cache *cache, const struct csv_request *request,
                     struct error_list *errors, const struct yaml_node *node, double **values,
                     size_t *count);

#endif

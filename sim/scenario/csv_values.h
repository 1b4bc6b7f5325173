// SPDX-License-Identifier: GPL-3.0-or-later
/* The values of a parameter that names a CSV file: `file.csv` or {file: f.csv, column: latency_ms,
 * unit: ms}. Paths are relative to the scenario file. */
#ifndef CSV_VALUES_H
#define CSV_VALUES_H

#include "csv_column.h"
#include "schema.h"

/* Read the column that `node`, a scalar or a map, names. The caller sets cell and field of
 * `request`; the rest is filled here. False with the error reported, naming `subject`. *values is
 * the caller's to free. */
bool csv_values_read(const struct schema_context *context, const char *subject,
                     const struct yaml_node *node, struct csv_request *request, double **values,
                     size_t *count);

#endif

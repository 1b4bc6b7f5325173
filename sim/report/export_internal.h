// SPDX-License-Identifier: GPL-3.0-or-later
/* The formats of export that are no tables. Private to the export. */
#ifndef EXPORT_INTERNAL_H
#define EXPORT_INTERNAL_H

#include "export.h"
#include "statistic_table.h"

/* The fewest digits that read back exactly. */
void export_write_real(FILE *out, double value);

int export_hgrm(struct results *results, const struct export_options *options, FILE *out,
                struct diag *diag);
int export_openmetrics(struct results *results, const struct study_row *study,
                       const struct export_options *options, FILE *out, struct diag *diag);

#endif

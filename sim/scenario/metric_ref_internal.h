// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A cursor that parses names of metrics and comparisons. Only the first error is reported, at the
 * character under the cursor.
 */
#ifndef METRIC_REF_INTERNAL_H
#define METRIC_REF_INTERNAL_H

#include "metric_ref.h"
#include "scenario_internal.h"

struct cursor {
    struct builder *builder;
    const struct yaml_node *node;
    const char *text, *at;
    bool is_good;
};

void cursor_error(struct cursor *cursor, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cursor_skip_blanks(struct cursor *cursor);
/* Fill *ref (previous contents are overwritten) as far as the text is valid. */
void cursor_take_metric(struct cursor *cursor, struct metric_ref *ref);

/* A text from outside the scenario file, parsed like a part of it. */
struct loose_text {
    struct yaml_source source;
    struct yaml_node node;
    struct error_list errors;
    struct builder builder;
};
/* Release `loose->errors` when done. */
struct cursor cursor_of_text(struct loose_text *loose, const struct scenario *scenario,
                             const char *name, const char *text, struct diag *diag);

#endif

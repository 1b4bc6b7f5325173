// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared by the output formats of `describe`: text, JSON and Markdown. */
#ifndef DESCRIBE_INTERNAL_H
#define DESCRIBE_INTERNAL_H

#include "describe.h"
#include "strbuf.h"

/* A model with its tables, a kind with the kind's tables, or some rows of either. */
struct described {
    const struct registry *registry;
    const struct model_ops *ops;
    const struct model_kind *kind; /* NULL: the model */
    const struct field *fields;
    size_t field_count;
    const struct metric *metrics;
    size_t metric_count;
    const struct model_rows *rows; /* label values that it adds */
    size_t kind_count;             /* kinds to list: of ops->kinds */
};

/* Find "store", a kind ("store.NAME" or its name alone), a parameter or group of parameters such as
 * "client.retry", or a metric such as "reauth_rate"; false with the error in `diag`. `run`: storage
 * for the run settings. */
bool describe_find(const struct registry *registry, const char *name, struct model_ops *run,
                   struct described *described, struct diag *diag);
/* The run settings (index 0), then the models; `run` as above. */
const struct model_ops *describe_model_at(const struct registry *registry, size_t index,
                                          struct model_ops *run);

/* The scope as text. */
const char *describe_scope(enum model_scope scope);
const char *describe_direction(enum direction direction); /* "lower", "higher", "-" */
const char *describe_default(const struct field *field);
/* "1ms to 1h", "at least 0", "none|fixed|list". */
void describe_add_range(struct strbuf *out, const struct field *field);

/* describe_json.c */
void describe_models_json(const struct registry *registry, FILE *out);
void describe_json(const struct described *described, FILE *out);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Errors of a scenario file, each reported at its node and only once: a default inherited by every
 * region is read once per region, but its error is reported once.
 */
#ifndef ERROR_LIST_H
#define ERROR_LIST_H

#include "diag.h"
#include "yaml_tree.h"

#include <stdint.h>

#define ERRORS_MAX 1000 /* per scenario; checking stops there */

struct error_list {
    struct diag *diag;
    uint64_t *seen; /* hashes of place and text */
    size_t count, capacity;
};
void error_list_init(struct error_list *errors, struct diag *diag);
void error_list_release(struct error_list *errors);
/* Whether the limit is reached; a hostile file then need not be read to its end. */
bool error_list_is_full(const struct error_list *errors);
/* node NULL: no place. */
void error_at(struct error_list *errors, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A warning, which is no error. */
void warning_at(struct error_list *errors, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A note, not an error. */
void note_at(struct error_list *errors, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An error of the file as a whole. source NULL: no place. */
void error_in_file(struct error_list *errors, const struct yaml_source *source, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));
void error_at_place(struct error_list *errors, const struct diag_place *place, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
void error_at_placev(struct error_list *errors, const struct diag_place *place, const char *format,
                     va_list args);

/* "; did you mean 'timeout'?", or, if no name is similar, "; <allowed> a, b, c ..." (at most ten).
 * Names may contain NULLs. */
void add_remedy(struct strbuf *out, const char *word, const char *allowed, const char *const *names,
                size_t name_count);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Errors in input files and options: collected, sorted by place, printed together.
 *
 *   region-loss.yaml:4:20: error: 'attempt_timeout' needs a duration such as '2s', got '2'
 *     attempt_timeout: 2
 *                      ^
 *
 * Texts start in lower case, say what failed first, quote the subject, and have no full stop.
 * A struct diag owns copies of its texts. Zero-initialised is empty and valid. Its size is bounded
 * even for hostile files: it keeps the first DIAG_KEPT_MAX entries of each level and counts the
 * rest, keeps only the printed part of a line, and cuts the middle of a message longer than
 * DIAG_MESSAGE_SIZE_MAX bytes.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };
#define DIAG_LEVELS (DIAG_NOTE + 1)

#define DIAG_KEPT_MAX 100
#define DIAG_MESSAGE_SIZE_MAX 1000

/*
 * A place in a text. line and column count from 1, columns in characters (UTF-8; a tab is one);
 * column 0: the line as a whole; line 0: the file as a whole; file NULL: no place.
 */
struct diag_place {
    const char *file;
    int line;
    int column;
    const char *line_text; /* the offending line, to its newline; NULL: no excerpt is drawn */
};

struct diag_entry;
struct diag {
    struct diag_entry *entries;
    size_t count, capacity;
    size_t error_count, warning_count; /* including those not kept */
    size_t kept[DIAG_LEVELS], left_out[DIAG_LEVELS];
};

void diag_release(struct diag *diag);
void diag_add(struct diag *diag, enum diag_level level, const struct diag_place *place,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
void diag_addv(struct diag *diag, enum diag_level level, const struct diag_place *place,
               const char *format, va_list args);
/* An error without a place: "error: cannot open ...". */
void diag_error(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Print all entries to `out`, ordered by file (those without a place first), line, column, then
 * order of arrival; exact repeats once; then the number of omitted entries. Entries are kept. The
 * caret line keeps the tabs of the excerpt so that the caret is aligned; lines over 160 bytes are
 * cut around the caret with "...". All texts are quoted for a terminal (quote.h).
 */
void diag_print(const struct diag *diag, FILE *out);
/* As diag_print(), into a newly allocated string (free() it). */
char *diag_text(const struct diag *diag);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A streaming JSON writer: writes value by value to a file, in constant memory. For large
 * documents; use a cJSON tree (json_tree()) to build or read a document as a whole.
 *
 *     struct json_writer json;
 *     json_begin(&json, stdout);
 *     json_open_object(&json, NULL);
 *     json_text(&json, "metric", "reauth_rate");
 *     json_number(&json, "mean", NAN);                 null
 *     json_close(&json);
 *     json_end(&json);
 *
 * `name` is the member's name in an object, and NULL in an array and for the document. A misplaced
 * or unclosed value is a bug. Numbers have the fewest digits that read back exactly; integers of
 * more than 53 bits (seeds, digests) are strings, since most JSON parsers use doubles. Texts need
 * not be UTF-8 (QUOTE_JSON). Values of the first two levels have a line each, deeper ones share
 * their parent's.
 *
 * JSON lines: after json_begin_lines() any number of documents follow one another, a line each.
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include "strbuf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cJSON;

struct json_writer {
    FILE *out;
    struct strbuf text;    /* not written yet */
    struct strbuf nesting; /* '{' or '[' for each open value */
    bool has_values;       /* of the innermost open value */
    bool is_done;          /* the document has its value */
    bool is_lines;         /* a line a document */
};

void json_begin(struct json_writer *json, FILE *out);
void json_begin_lines(struct json_writer *json, FILE *out);
/* Write the rest and a newline. 0, or -1 with errno if `out` could not be written. */
int json_end(struct json_writer *json);

void json_open_object(struct json_writer *json, const char *name);
void json_open_array(struct json_writer *json, const char *name);
void json_close(struct json_writer *json); /* closes the innermost value */

void json_text(struct json_writer *json, const char *name, const char *text); /* NULL: null */
void json_number(struct json_writer *json, const char *name, double value);   /* NAN: null */
void json_integer(struct json_writer *json, const char *name, int64_t value); /* exact */
void json_count(struct json_writer *json, const char *name, uint64_t value);  /* exact */
void json_flag(struct json_writer *json, const char *name, bool value);
void json_seed(struct json_writer *json, const char *name, uint64_t value);   /* "18446..." */
void json_digest(struct json_writer *json, const char *name, uint64_t value); /* "00ff..." */
/* Write a whole tree; the caller keeps ownership. */
void json_tree(struct json_writer *json, const char *name, const struct cJSON *tree);

/* Make cJSON allocate through mem.h, so that it never returns NULL for lack of memory. Call it
 * once, before any thread is started. */
void json_tree_use_mem(void);

#endif

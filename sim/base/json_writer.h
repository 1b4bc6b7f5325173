// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * JSON as a stream: written value by value, in constant memory, to a file. For what is large; a
 * document that is built or read as a whole is a tree of cJSON (json_tree()).
 *
 *     struct json_writer json;
 *     json_begin(&json, stdout);
 *     json_open_object(&json, NULL);
 *     json_text(&json, "metric", "reauth_rate");
 *     json_number(&json, "mean", NAN);                 null
 *     json_close(&json);
 *     json_end(&json);
 *
 * `name` is the member's name in an object, and NULL in an array and for the document. A value in
 * the wrong place, or one that is left open, is a bug. Numbers are written to all digits that they
 * have and no more; those of more than 53 bits (seeds, digests) are texts, since most readers of
 * JSON keep doubles. Texts need not be UTF-8 (QUOTE_JSON). Values of the first two levels stand on
 * a line each, deeper ones on that of their parent.
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
    struct strbuf nesting; /* '{' or '[' for each value that is open */
    bool has_values;       /* of the innermost that is open */
    bool is_done;          /* the document has its value */
};

void json_begin(struct json_writer *json, FILE *out);
/* Write what is left, and a newline. 0, or -1 with errno where `out` could not be written. */
int json_end(struct json_writer *json);

void json_open_object(struct json_writer *json, const char *name);
void json_open_array(struct json_writer *json, const char *name);
void json_close(struct json_writer *json); /* the innermost */

void json_text(struct json_writer *json, const char *name, const char *text); /* NULL: null */
void json_number(struct json_writer *json, const char *name, double value);   /* NAN: null */
void json_integer(struct json_writer *json, const char *name, int64_t value); /* exact */
void json_count(struct json_writer *json, const char *name, uint64_t value);  /* exact */
void json_flag(struct json_writer *json, const char *name, bool value);
void json_seed(struct json_writer *json, const char *name, uint64_t value);   /* "18446..." */
void json_digest(struct json_writer *json, const char *name, uint64_t value); /* "00ff..." */
/* A whole tree, which stays the caller's. */
void json_tree(struct json_writer *json, const char *name, const struct cJSON *tree);

/* cJSON allocates by mem.h from now on: nothing of it is NULL for lack of memory. Call it once,
 * before there are threads. */
void json_tree_use_mem(void);

#endif

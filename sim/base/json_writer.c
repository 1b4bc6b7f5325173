// SPDX-License-Identifier: GPL-3.0-or-later
#include "json_writer.h"

#include "bug.h"
#include "mem.h"
#include "quote.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { CHUNK_SIZE = 1 << 16, LINE_LEVELS = 2 };

void json_begin(struct json_writer *json, FILE *out)
{
    *json = (struct json_writer){.out = out, .text = STRBUF_INIT, .nesting = STRBUF_INIT};
}

void json_begin_lines(struct json_writer *json, FILE *out)
{
    json_begin(json, out);
    json->is_lines = true;
}

static void flush(struct json_writer *json)
{
    fwrite(json->text.text, 1, json->text.length, json->out);
    strbuf_clear(&json->text);
}

int json_end(struct json_writer *json)
{
    invariant((json->is_done || json->is_lines) && json->nesting.length == 0);
    if (json->is_done) /* there may be no line at all */
        strbuf_add_char(&json->text, '\n');
    flush(json);
    strbuf_release(&json->text);
    strbuf_release(&json->nesting);
    return fflush(json->out) == 0 && !ferror(json->out) ? 0 : -1;
}

/* --- where a value stands -------------------------------------------------------------------- */

static char innermost(const struct json_writer *json)
{
    return json->nesting.length > 0 ? json->nesting.text[json->nesting.length - 1] : '\0';
}

/* A newline at the first levels, a space after a comma at the others. */
static void separate(struct json_writer *json, bool after_comma)
{
    size_t level = json->nesting.length;
    if (!json->is_lines && level > 0 && level <= LINE_LEVELS)
        strbuf_addf(&json->text, "\n%*s", (int)level, "");
    else if (after_comma)
        strbuf_add_char(&json->text, ' ');
}

/* Write what precedes the value: separator, indentation, name. */
static void start_value(struct json_writer *json, const char *name)
{
    invariant((innermost(json) == '{') == (name != NULL));
    if (json->is_lines && json->is_done) {
        strbuf_add_char(&json->text, '\n');
        json->has_values = json->is_done = false;
    }
    invariant(!json->is_done);
    if (json->text.length >= CHUNK_SIZE)
        flush(json);
    strbuf_add(&json->text, json->has_values ? "," : "");
    separate(json, json->has_values);
    if (name != NULL) {
        quote_add(&json->text, QUOTE_JSON, name);
        strbuf_add(&json->text, ": ");
    }
    json->has_values = true;
    json->is_done = json->nesting.length == 0;
}

static void open_value(struct json_writer *json, const char *name, char bracket)
{
    start_value(json, name);
    strbuf_add_char(&json->text, bracket);
    strbuf_add_char(&json->nesting, bracket);
    json->has_values = false;
    json->is_done = false;
}

void json_open_object(struct json_writer *json, const char *name)
{
    open_value(json, name, '{');
}

void json_open_array(struct json_writer *json, const char *name)
{
    open_value(json, name, '[');
}

void json_close(struct json_writer *json)
{
    invariant(json->nesting.length > 0);
    strbuf_add_char(&json->text, innermost(json) == '{' ? '}' : ']');
    strbuf_truncate(&json->nesting, json->nesting.length - 1);
    json->has_values = true;
    json->is_done = json->nesting.length == 0;
}

/* --- values ---------------------------------------------------------------------------------- */

void json_text(struct json_writer *json, const char *name, const char *text)
{
    start_value(json, name);
    if (text != NULL)
        quote_add(&json->text, QUOTE_JSON, text);
    else
        strbuf_add(&json->text, "null");
}

/* The smallest precision that reads back as the same double; 17 digits always do. */
static void add_double(struct strbuf *out, double value)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    strbuf_add(out, digits);
}

void json_number(struct json_writer *json, const char *name, double value)
{
    start_value(json, name);
    if (isfinite(value))
        add_double(&json->text, value);
    else
        strbuf_add(&json->text, "null");
}

void json_integer(struct json_writer *json, const char *name, int64_t value)
{
    start_value(json, name);
    strbuf_addf(&json->text, "%" PRId64, value);
}

void json_count(struct json_writer *json, const char *name, uint64_t value)
{
    start_value(json, name);
    strbuf_addf(&json->text, "%" PRIu64, value);
}

void json_flag(struct json_writer *json, const char *name, bool value)
{
    start_value(json, name);
    strbuf_add(&json->text, value ? "true" : "false");
}

void json_seed(struct json_writer *json, const char *name, uint64_t value)
{
    start_value(json, name);
    strbuf_addf(&json->text, "\"%" PRIu64 "\"", value);
}

void json_digest(struct json_writer *json, const char *name, uint64_t value)
{
    start_value(json, name);
    strbuf_addf(&json->text, "\"%016" PRIx64 "\"", value);
}

void json_tree(struct json_writer *json, const char *name, const struct cJSON *tree)
{
    const cJSON *child;
    if (cJSON_IsObject(tree) || cJSON_IsArray(tree)) {
        open_value(json, name, cJSON_IsObject(tree) ? '{' : '[');
        cJSON_ArrayForEach(child, tree)
        {
            json_tree(json, child->string, child);
        }
        json_close(json);
    } else if (cJSON_IsString(tree)) {
        json_text(json, name, tree->valuestring);
    } else if (cJSON_IsNumber(tree)) {
        json_number(json, name, tree->valuedouble);
    } else if (cJSON_IsBool(tree)) {
        json_flag(json, name, cJSON_IsTrue(tree));
    } else {
        json_text(json, name, NULL);
    }
}

static void *alloc_bytes(size_t size)
{
    return mem_alloc(size, 1);
}

void json_tree_use_mem(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = alloc_bytes, .free_fn = free});
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An empty buffer points at one shared empty string, so that `text` can be printed before anything
 * was added. That string is never written: capacity 0 makes every addition allocate first.
 */
#include "strbuf.h"

#include "bug.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char strbuf_empty[1];

/* Room for `extra` bytes and the final '\0'. */
static void reserve(struct strbuf *buf, size_t extra)
{
    invariant(extra < SIZE_MAX - buf->length);
    size_t need = buf->length + extra + 1;
    if (need <= buf->capacity)
        return;
    bool is_shared = buf->capacity == 0;
    char *text = is_shared ? NULL : buf->text;
    mem_grow(&text, &buf->capacity, need, 1);
    text[buf->length] = '\0';
    buf->text = text;
}

void strbuf_release(struct strbuf *buf)
{
    if (buf->capacity > 0)
        free(buf->text);
    *buf = (struct strbuf)STRBUF_INIT;
}

void strbuf_clear(struct strbuf *buf)
{
    strbuf_truncate(buf, 0);
}

void strbuf_truncate(struct strbuf *buf, size_t length)
{
    invariant(length <= buf->length);
    buf->length = length;
    if (buf->capacity > 0)
        buf->text[length] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *text)
{
    strbuf_add_bytes(buf, text, strlen(text));
}

void strbuf_add_bytes(struct strbuf *buf, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    reserve(buf, size);
    memcpy(buf->text + buf->length, bytes, size);
    buf->length += size;
    buf->text[buf->length] = '\0';
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_add_bytes(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_addv(buf, format, args);
    va_end(args);
}

void strbuf_addv(struct strbuf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    invariant(size >= 0);
    reserve(buf, (size_t)size);
    vsnprintf(buf->text + buf->length, (size_t)size + 1, format, again);
    va_end(again);
    buf->length += (size_t)size;
}

char *strbuf_detach(struct strbuf *buf)
{
    reserve(buf, 0);
    char *text = buf->text;
    *buf = (struct strbuf)STRBUF_INIT;
    return text;
}

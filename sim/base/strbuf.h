// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A growable text buffer.
 *
 * Invariants: `text` is never NULL and always ends in '\0' at text[length]; a buffer set to
 * STRBUF_INIT owns nothing. You may read text and length, and shorten by strbuf_truncate(). Growth
 * is amortised.
 */
#ifndef STRBUF_H
#define STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
    char *text;
    size_t length;
    size_t capacity; /* 0 while text is the shared empty string */
};

extern char strbuf_empty[1];
// clang-format off
#define STRBUF_INIT {strbuf_empty, 0, 0}
// clang-format on

void strbuf_release(struct strbuf *buf); /* back to STRBUF_INIT */
void strbuf_clear(struct strbuf *buf);   /* length 0, memory kept */
void strbuf_truncate(struct strbuf *buf, size_t length);
void strbuf_add(struct strbuf *buf, const char *text);
void strbuf_add_bytes(struct strbuf *buf, const void *bytes, size_t size);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_addv(struct strbuf *buf, const char *format, va_list args);
/* Return the text (release it with free()) and reset to STRBUF_INIT; never NULL. */
char *strbuf_detach(struct strbuf *buf);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A target is a function that writes one character at a time to a sink, a buffer or a file. Three
 * targets first scan the whole text to choose a form.
 */
#include "quote.h"

#include "mem.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct sink {
    struct strbuf *buffer; /* or */
    FILE *file;
};

static void put_bytes(const struct sink *sink, const char *bytes, size_t size)
{
    if (sink->buffer != NULL)
        strbuf_add_bytes(sink->buffer, bytes, size);
    else
        fwrite(bytes, 1, size, sink->file);
}

static void put(const struct sink *sink, const char *text)
{
    put_bytes(sink, text, strlen(text));
}

/* Puts the character of `size` bytes at `at`; size 0: a byte that is not UTF-8. */
typedef void put_character(const struct sink *sink, const char *at, size_t size);

static void put_each(const struct sink *sink, put_character *character, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        size_t size = utf8_size(at);
        character(sink, at, size);
        at += size > 0 ? size : 1;
    }
}

/* --- what is printable ----------------------------------------------------------------------- */

static bool is_between(uint32_t code, uint32_t low, uint32_t high)
{
    return low <= code && code <= high;
}

/* Unicode Standard Annex #9: the characters that embed, override and isolate, and the marks. */
static bool is_bidirectional(uint32_t code)
{
    return code == 0x061c || is_between(code, 0x200e, 0x200f) || is_between(code, 0x202a, 0x202e) ||
           is_between(code, 0x2066, 0x2069);
}

static bool is_printable(const char *at, size_t size)
{
    if (size == 0)
        return false;
    uint32_t code = utf8_code(at, size);
    return code >= 0x20 && !is_between(code, 0x7f, 0x9f) && !is_between(code, 0x2028, 0x2029) &&
           !is_between(code, 0xfffe, 0xffff) && !is_bidirectional(code);
}

static bool is_all_printable(const char *text)
{
    while (*text != '\0') {
        size_t size = utf8_size(text);
        if (!is_printable(text, size))
            return false;
        text += size;
    }
    return true;
}

static const char *stand_in(char c)
{
    return c == '\t' || c == '\n' || c == '\r' ? " " : "?";
}

static void put_printable(const struct sink *sink, const char *at, size_t size)
{
    if (is_printable(at, size))
        put_bytes(sink, at, size);
    else
        put(sink, stand_in(*at));
}

/* --- a terminal, markup, gnuplot ------------------------------------------------------------- */

static void put_terminal(const struct sink *sink, const char *text)
{
    put_each(sink, put_printable, text);
}

static void put_excerpt_character(const struct sink *sink, const char *at, size_t size)
{
    if (*at == '\t')
        put(sink, "\t");
    else
        put_printable(sink, at, size);
}

static void put_excerpt(const struct sink *sink, const char *text)
{
    put_each(sink, put_excerpt_character, text);
}

/* '_' inside a word, '#' inside a line, '[' that no '(' follows, and '<' before a space have no
 * meaning in GitHub's Markdown. */
static void put_markdown_character(const struct sink *sink, const char *at, size_t size)
{
    if (strchr("\\|*`&", *at) != NULL || (*at == '<' && at[1] != ' ') ||
        (*at == ']' && strchr("([:", at[1]) != NULL && at[1] != '\0'))
        put(sink, "\\");
    put_printable(sink, at, size);
}

static void put_markdown(const struct sink *sink, const char *text)
{
    put_each(sink, put_markdown_character, text);
}

static bool is_odd_in_file_name(const char *at, size_t size)
{
    return strchr("/\\:*?\"'<>|`$& ", *at) != NULL || !is_printable(at, size);
}

static void put_file_name_character(const struct sink *sink, const char *at, size_t size)
{
    bool is_odd = is_odd_in_file_name(at, size);
    put_bytes(sink, is_odd ? "-" : at, is_odd ? 1 : size);
}

/* A leading '-' would be an option, a leading '.' a hidden file. */
static void put_file_name(const struct sink *sink, const char *text)
{
    size_t size = utf8_size(text);
    bool is_odd = *text == '-' || *text == '.' || is_odd_in_file_name(text, size);
    if (*text != '\0' && is_odd) {
        put(sink, "_");
        text += size > 0 ? size : 1;
    }
    put_each(sink, put_file_name_character, text);
}

/* Replace characters in `from` by the same row of `to`; others are kept if printable. */
static void put_replaced(const struct sink *sink, const char *at, size_t size, const char *from,
                         const char *const *to)
{
    const char *found = strchr(from, *at);
    if (found != NULL)
        put(sink, to[found - from]);
    else
        put_printable(sink, at, size);
}

static void put_markup_character(const struct sink *sink, const char *at, size_t size)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    put_replaced(sink, at, size, "&<>\"'", entities);
}

static void put_markup(const struct sink *sink, const char *text)
{
    put_each(sink, put_markup_character, text);
}

/*
 * In double quotes gnuplot runs text in backquotes as a command, and the only escape for a
 * backquote is its octal code. In single quotes it reads two quotes as one, but not at the start of
 * the string and not twice in a row.
 */
static const char *const gnuplot_escapes[] = {"\\\\", "\\\"", "\\140", "%%"};

static void put_gnuplot_character(const struct sink *sink, const char *at, size_t size)
{
    put_replaced(sink, at, size, "\\\"`", gnuplot_escapes);
}

static void put_gnuplot_tic_character(const struct sink *sink, const char *at, size_t size)
{
    put_replaced(sink, at, size, "\\\"`%", gnuplot_escapes);
}

static void put_gnuplot(const struct sink *sink, const char *text)
{
    put(sink, "\"");
    put_each(sink, put_gnuplot_character, text);
    put(sink, "\"");
}

static void put_gnuplot_tic(const struct sink *sink, const char *text)
{
    put(sink, "\"");
    put_each(sink, put_gnuplot_tic_character, text);
    put(sink, "\"");
}

/* --- a shell --------------------------------------------------------------------------------- */

static bool is_plain_word(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./,:@%^";
    return *text != '\0' && text[strspn(text, plain)] == '\0';
}

static void put_single_quoted(const struct sink *sink, const char *at, size_t size)
{
    if (*at == '\'')
        put(sink, "'\\''");
    else
        put_bytes(sink, at, size);
}

/* Always three octal digits, so that a following digit is not part of it. */
static void put_dollar_quoted(const struct sink *sink, const char *at, size_t size)
{
    if (*at == '\'' || *at == '\\') {
        put(sink, "\\");
        put_bytes(sink, at, 1);
    } else if (is_printable(at, size)) {
        put_bytes(sink, at, size);
    } else {
        for (size_t i = 0; i < size || i == 0; i++) {
            char octal[8];
            snprintf(octal, sizeof(octal), "\\%03o", (unsigned)(unsigned char)at[i]);
            put(sink, octal);
        }
    }
}

static void put_shell(const struct sink *sink, const char *text)
{
    bool is_printed = is_all_printable(text);
    if (is_plain_word(text)) {
        put(sink, text);
        return;
    }
    put(sink, is_printed ? "'" : "$'");
    put_each(sink, is_printed ? put_single_quoted : put_dollar_quoted, text);
    put(sink, "'");
}

/* The character of an escape between $' and ', which ends before *at. */
static char read_escape(const char **at)
{
    unsigned code = 0;
    int digits = 0;
    while (digits < 3 && **at >= '0' && **at <= '7') {
        code = code * 8 + (unsigned)(*(*at)++ - '0');
        digits++;
    }
    if (digits == 0 && **at != '\0')
        return *(*at)++;
    return (char)code;
}

static const char *read_quoted(struct strbuf *word, const char *at, bool has_escapes)
{
    while (*at != '\0' && *at != '\'') {
        if (has_escapes && *at == '\\') {
            at++;
            strbuf_add_char(word, read_escape(&at));
        } else {
            strbuf_add_char(word, *at++);
        }
    }
    return *at == '\'' ? at + 1 : at;
}

char *quote_next_shell_word(const char **line)
{
    struct strbuf word = STRBUF_INIT;
    const char *at = *line + strspn(*line, " ");
    if (*at == '\0')
        return NULL;
    while (*at != '\0' && *at != ' ') {
        if (at[0] == '$' && at[1] == '\'') {
            at = read_quoted(&word, at + 2, true);
        } else if (*at == '\'') {
            at = read_quoted(&word, at + 1, false);
        } else {
            at += at[0] == '\\' && at[1] != '\0';
            strbuf_add_char(&word, *at++);
        }
    }
    *line = at;
    return strbuf_detach(&word);
}

/* --- CSV and JSON ---------------------------------------------------------------------------- */

static void put_csv_character(const struct sink *sink, const char *at, size_t size)
{
    put_bytes(sink, at, size > 0 ? size : 1);
    if (*at == '"')
        put(sink, "\"");
}

static void put_csv(const struct sink *sink, const char *text)
{
    if (text[strcspn(text, "\",\r\n")] == '\0') {
        put(sink, text);
        return;
    }
    put(sink, "\"");
    put_each(sink, put_csv_character, text);
    put(sink, "\"");
}

/* RFC 8259, section 7. All unprintable characters are below U+10000: four digits suffice. */
static void put_json_character(const struct sink *sink, const char *at, size_t size)
{
    static const char short_escaped[] = "\"\\\b\f\n\r\t";
    static const char *const escapes[] = {"\\\"", "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t"};
    const char *found = strchr(short_escaped, *at);
    if (size == 0) {
        put(sink, "\xef\xbf\xbd");
    } else if (found != NULL) {
        put(sink, escapes[found - short_escaped]);
    } else if (!is_printable(at, size)) {
        char escape[16];
        snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)utf8_code(at, size));
        put(sink, escape);
    } else {
        put_bytes(sink, at, size);
    }
}

static void put_json(const struct sink *sink, const char *text)
{
    put(sink, "\"");
    put_each(sink, put_json_character, text);
    put(sink, "\"");
}

/* --- the targets ----------------------------------------------------------------------------- */

typedef void put_text(const struct sink *sink, const char *text);

// clang-format off
static put_text *const targets[] = {
    [QUOTE_TERMINAL]    = put_terminal,
    [QUOTE_EXCERPT]     = put_excerpt,
    [QUOTE_FILE_NAME]   = put_file_name,
    [QUOTE_MARKUP]      = put_markup,
    [QUOTE_MARKDOWN]    = put_markdown,
    [QUOTE_GNUPLOT]     = put_gnuplot,
    [QUOTE_GNUPLOT_TIC] = put_gnuplot_tic,
    [QUOTE_SHELL]       = put_shell,
    [QUOTE_CSV]         = put_csv,
    [QUOTE_JSON]        = put_json,
};
// clang-format on

void quote_add(struct strbuf *out, enum quote_target target, const char *text)
{
    const struct sink sink = {out, NULL};
    targets[target](&sink, text);
}

void quote_write(FILE *out, enum quote_target target, const char *text)
{
    const struct sink sink = {NULL, out};
    targets[target](&sink, text);
}

void quote_print_line(FILE *out, const char *format, ...)
{
    struct strbuf line = STRBUF_INIT;
    va_list args;
    va_start(args, format);
    strbuf_addv(&line, format, args);
    va_end(args);
    quote_write(out, QUOTE_TERMINAL, line.text);
    fputc('\n', out);
    strbuf_release(&line);
}

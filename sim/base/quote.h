// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Quote untrusted text (names, paths, values, texts of a results file) for its target, so that it
 * cannot end the quotes, run a command or control the terminal.
 *
 * Unprintable characters are control characters (C0, DEL, C1), which start escape sequences; those
 * that reorder text or end a line (bidirectional controls, U+2028, U+2029); the noncharacters
 * U+FFFE and U+FFFF; and bytes that are not UTF-8. If a target has no escape for them, tab, newline
 * and carriage return become a space, all others '?'.
 */
#ifndef QUOTE_H
#define QUOTE_H

#include "strbuf.h"

#include <stdio.h>

enum quote_target {
    QUOTE_TERMINAL,  /* part of one terminal line; one column per character */
    QUOTE_EXCERPT,   /* the same with its tabs kept: a line of a file, shown above a caret */
    QUOTE_FILE_NAME, /* one path component; characters special to a shell or file system become '-'
                      */
    QUOTE_MARKUP,    /* text or attribute value of HTML, SVG and XML 1.0; without the quotes */
    QUOTE_MARKDOWN,  /* one line of Markdown, which may be a cell of a table */
    QUOTE_GNUPLOT,   /* "text", a string constant; the terminal must be `noenhanced` */
    QUOTE_GNUPLOT_TIC, /* tic labels, which gnuplot reads as formats: '%' is doubled */
    /* One word of a POSIX shell: unquoted if safe, otherwise 'text', or $'text' with escapes if it
     * has unprintable characters. */
    QUOTE_SHELL,
    /* One field (RFC 4180), byte for byte; a spreadsheet may still take "=1+1" for a formula. */
    QUOTE_CSV,
    /* "text", a JSON or YAML string: unprintable characters are escaped, bytes that are not UTF-8
     * become U+FFFD. */
    QUOTE_JSON,
};

/* Append `text`, quoted. O(length). */
void quote_add(struct strbuf *out, enum quote_target target, const char *text);
/* Write `text`, quoted, to a file. Does not allocate. */
void quote_write(FILE *out, enum quote_target target, const char *text);

/* Parse the next word of a line of QUOTE_SHELL words separated by spaces; the caller frees it. NULL
 * at the end. Advances *line. */
char *quote_next_shell_word(const char **line);

/* Print one terminal line: formatted as by printf(), quoted as QUOTE_TERMINAL, with a newline. */
void quote_print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

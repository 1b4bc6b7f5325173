// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Text that we did not write (names, paths, values, texts of a results file), quoted for the place
 * where it goes. Nothing of it can end the quotes, start a command or drive the terminal.
 *
 * Unprintable is: a control character (C0, DEL, C1: escape sequences begin with one), a character
 * that reorders text or ends a line (bidirectional controls, U+2028, U+2029), a noncharacter at
 * U+FFFE or U+FFFF, and a byte that is not UTF-8. Tab, newline and carriage return become a blank
 * where a target has no escape for them, each other one '?'.
 */
#ifndef QUOTE_H
#define QUOTE_H

#include "strbuf.h"

#include <stdio.h>

enum quote_target {
    QUOTE_TERMINAL,    /* part of one line of a terminal; as many columns as characters */
    QUOTE_EXCERPT,     /* the same with its tabs kept: a line of a file, shown above a caret */
    QUOTE_FILE_NAME,   /* one component of a path; what a shell or another system minds is '-' */
    QUOTE_MARKUP,      /* text or attribute value of HTML, SVG and XML 1.0; without the quotes */
    QUOTE_GNUPLOT,     /* "text", a string constant; the terminal must be `noenhanced` */
    QUOTE_GNUPLOT_TIC, /* the same where gnuplot reads a format: labels of tics; '%' is doubled */
    /* One word of a POSIX shell: as it is where that is safe, else 'text', or $'text' where it has
     * something unprintable, which is escaped and not replaced. */
    QUOTE_SHELL,
    /* One field (RFC 4180), byte for byte; a spreadsheet may still take "=1+1" for a formula. */
    QUOTE_CSV,
    /* "text", a string of JSON or YAML: what is unprintable is escaped and not replaced, but for a
     * byte that is not UTF-8, which becomes U+FFFD. */
    QUOTE_JSON,
};

/* Append `text`, quoted. O(length). */
void quote_add(struct strbuf *out, enum quote_target target, const char *text);
/* The same into a file. Allocates nothing. */
void quote_write(FILE *out, enum quote_target target, const char *text);

/* The next word of a line of words quoted as QUOTE_SHELL, blanks between them; to be freed. NULL at
 * the end. *line moves on. */
char *quote_next_shell_word(const char **line);

/* One line of a terminal: formatted as printf(), quoted as QUOTE_TERMINAL as a whole, and ended. */
void quote_print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

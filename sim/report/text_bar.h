// SPDX-License-Identifier: GPL-3.0-or-later
/* Bars and lines of characters, for plots as text. Private to report. */
#ifndef TEXT_BAR_H
#define TEXT_BAR_H

#include "strbuf.h"

#include <stddef.h>

/* A bar from `from` to `to` of an axis 0 to 1 that is `width` columns wide, with this character. */
void text_bar_add(struct strbuf *out, double from, double to, size_t width, char fill);
/* An interval on the same axis: "     |---o---|   "; a mark at `zero` if it is within 0 to 1. */
void text_bar_add_interval(struct strbuf *out, double low, double mean, double high, double zero,
                           size_t width);
/* One of eight block characters by the value's height, 0 to 1; a space if it is NAN. */
void text_bar_add_block(struct strbuf *out, double height);

#endif

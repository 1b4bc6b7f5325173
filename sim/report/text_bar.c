// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_bar.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t column(double place, size_t width)
{
    double at = fmin(fmax(place, 0), 1) * (double)(width - 1);
    return (size_t)(at + 0.5);
}

void text_bar_add(struct strbuf *out, double from, double to, size_t width, char fill)
{
    size_t first = (size_t)(fmin(fmax(from, 0), 1) * (double)width + 0.5);
    size_t end = (size_t)(fmin(fmax(to, 0), 1) * (double)width + 0.5);
    if (end == first && to > from)
        end++; /* something is always seen */
    for (size_t i = 0; i < first; i++)
        strbuf_add_char(out, ' ');
    for (size_t i = first; i < end; i++)
        strbuf_add_char(out, fill);
}

void text_bar_add_interval(struct strbuf *out, double low, double mean, double high, double zero,
                           size_t width)
{
    char *line = mem_alloc(width + 1, 1);
    memset(line, ' ', width);
    line[width] = '\0';
    if (zero >= 0 && zero <= 1)
        line[column(zero, width)] = ':';
    for (size_t i = column(low, width); high > low && i <= column(high, width); i++)
        line[i] = '-';
    if (high > low)
        line[column(low, width)] = line[column(high, width)] = '|';
    line[column(mean, width)] = 'o';
    strbuf_add(out, line);
    free(line);
}

void text_bar_add_block(struct strbuf *out, double height)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    if (isnan(height))
        strbuf_add_char(out, ' ');
    else
        strbuf_add(out, blocks[(size_t)(fmin(fmax(height, 0), 1) * 7 + 0.5)]);
}

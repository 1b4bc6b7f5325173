// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The usual dynamic programme over prefixes, keeping three rows of the table: the current one, the
 * one before for insertions, deletions and replacements, and the one before that for swaps of
 * neighbours.
 */
#include "suggest.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One row: the distances from the first `i` letters of a to every prefix of b. */
static void fill_row(const char *a, size_t i, const char *b, size_t b_length, const size_t *two_up,
                     const size_t *one_up, size_t *row)
{
    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
        size_t replace = one_up[j - 1] + (a[i - 1] != b[j - 1]);
        row[j] = smaller(replace, smaller(one_up[j], row[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = smaller(row[j], two_up[j - 2] + 1);
    }
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t width = b_length + 1;
    size_t *rows = mem_zalloc(3 * width, sizeof(*rows));
    for (size_t j = 0; j < width; j++)
        rows[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        fill_row(a, i, b, b_length, rows + (i + 1) % 3 * width, rows + (i + 2) % 3 * width,
                 rows + i % 3 * width);
    }
    size_t distance = rows[a_length % 3 * width + b_length];
    free(rows);
    return distance;
}

const char *suggest_nearest(const char *word, const char *const *names, size_t name_count)
{
    size_t word_length = strlen(word);
    size_t limit = word_length / 3 > 1 ? word_length / 3 : 1;
    size_t least = limit + 1; /* only smaller distances count, so the first of equals wins */
    const char *nearest = NULL;
    for (size_t i = 0; i < name_count; i++) {
        /* A distance is at least the difference in length, so a very long word costs nothing. */
        size_t length = names[i] != NULL ? strlen(names[i]) : 0;
        size_t apart = length > word_length ? length - word_length : word_length - length;
        size_t distance =
            names[i] != NULL && apart < least ? suggest_distance(word, names[i]) : least;
        if (distance < least) {
            least = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* The nearest known name to a misspelt one, by Damerau-Levenshtein distance (restricted: optimal
 * string alignment, adjacent transpositions count 1; Damerau 1964, Levenshtein 1966). */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stddef.h>

/* Edits (insert, delete, replace, swap of neighbours) from a to b, case-sensitive. O(|a| |b|). */
size_t suggest_distance(const char *a, const char *b);

/* The nearest of `names` to `word`, ties to the first; NULL where none is within max(1, |word| / 3)
 * edits. `names` may hold NULLs, which are skipped. */
const char *suggest_nearest(const char *word, const char *const *names, size_t name_count);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Settings written as words `key=value`, on command lines, in files of actions and on control
 * sockets. A program lists its settings in a table and gets values in fixed units.
 *
 *   SETTING_DURATION   int64_t, ns          SETTING_RATE       double, 1/s
 *   SETTING_COUNT      int64_t              SETTING_BANDWIDTH  double, bit/s; 0: no limit
 *   SETTING_SIZE       int64_t, bytes       SETTING_TEXT       const char *, points into the word
 *   SETTING_SHARE      double, 0..1         SETTING_CHOICE     int, index into `choices`
 *   SETTING_NUMBER     double
 *
 * Units as in a scenario (base/units.h).
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

enum setting_kind {
    SETTING_DURATION,
    SETTING_COUNT,
    SETTING_SIZE,
    SETTING_SHARE,
    SETTING_RATE,
    SETTING_NUMBER,
    SETTING_BANDWIDTH,
    SETTING_TEXT,
    SETTING_CHOICE,
};

struct setting {
    const char *key;
    enum setting_kind kind;
    void *target;
    const char *choices; /* of a choice: "none|full" */
};

/* Apply one word, which must outlive the settings. On failure writes what is wrong and what is
 * allowed into `why` (of `size` bytes) and returns false. */
bool setting_apply(const struct setting *table, size_t count, const char *word, char *why,
                   size_t size);

/* Cut a line at blanks, in place; returns the number of words, at most `limit`. */
size_t split_words(char *line, char **words, size_t limit);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings.h"

#include "strbuf.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

/* The index of `value` among `choices`, or -1. */
static int choice_index(const char *choices, const char *value)
{
    size_t length = strlen(value);
    int index = 0;

    for (const char *at = choices;; index++) {
        size_t span = strcspn(at, "|");

        if (span == length && strncmp(at, value, span) == 0)
            return index;
        if (at[span] == '\0')
            return -1;
        at += span + 1;
    }
}

static bool setting_parse(const struct setting *setting, const char *value, struct strbuf *why)
{
    switch (setting->kind) {
    case SETTING_DURATION:
        return units_parse_duration(value, setting->target, why);
    case SETTING_COUNT:
        return units_parse_count(value, setting->target, why);
    case SETTING_SIZE:
        return units_parse_size(value, setting->target, why);
    case SETTING_SHARE:
        return units_parse_share(value, setting->target, why);
    case SETTING_RATE:
        return units_parse_rate(value, setting->target, why);
    case SETTING_NUMBER:
        return units_parse_number(value, setting->target, why);
    case SETTING_BANDWIDTH:
        return units_parse_bandwidth(value, setting->target, why);
    case SETTING_TEXT:
        *(const char **)setting->target = value;
        return true;
    case SETTING_CHOICE:
        *(int *)setting->target = choice_index(setting->choices, value);
        if (*(int *)setting->target >= 0)
            return true;
        strbuf_addf(why, "must be one of %s, got '%s'", setting->choices, value);
        return false;
    }
    return false;
}

bool setting_apply(const struct setting *table, size_t count, const char *word, char *why,
                   size_t size)
{
    const char *equals = strchr(word, '=');
    size_t length = equals == NULL ? strlen(word) : (size_t)(equals - word);

    for (size_t i = 0; i < count; i++) {
        struct strbuf text = STRBUF_INIT;
        bool good;

        if (strlen(table[i].key) != length || strncmp(table[i].key, word, length) != 0)
            continue;
        good = setting_parse(&table[i], equals == NULL ? "" : equals + 1, &text);
        snprintf(why, size, "'%s' %s", table[i].key, text.text);
        strbuf_release(&text);
        return good;
    }
    snprintf(why, size, "unknown setting '%.*s'", (int)length, word);
    return false;
}

size_t split_words(char *line, char **words, size_t limit)
{
    size_t count = 0;
    char *rest = line;

    for (;;) {
        rest += strspn(rest, " \t\r\n");
        if (*rest == '\0' || count == limit)
            return count;
        words[count++] = rest;
        rest += strcspn(rest, " \t\r\n");
        if (*rest != '\0')
            *rest++ = '\0';
    }
}

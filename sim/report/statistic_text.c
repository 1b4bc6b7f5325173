// SPDX-License-Identifier: GPL-3.0-or-later
#include "statistic_text.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

void statistic_text_release(struct statistic_text *parts)
{
    free(parts->text);
    free(parts->metric);
    free(parts->stat);
    free(parts->region);
    free(parts->label);
    free(parts->window);
}

static void set(char **place, const char *at, size_t length)
{
    free(*place);
    *place = mem_strndup(at, length);
}

/* "region=us-west-2, window=after" up to the closing brace, which is returned. */
static const char *take_labels(struct statistic_text *parts, const char *at)
{
    while (*at != '\0' && *at != '}') {
        at += strspn(at, " ,");
        size_t name = strcspn(at, "=}");
        if (at[name] != '=')
            return at + name;
        const char *value = at + name + 1;
        size_t length = strcspn(value, ",}");
        char **place = strncmp(at, "region", name) == 0   ? &parts->region
                       : strncmp(at, "window", name) == 0 ? &parts->window
                                                          : &parts->label;
        set(place, value, length);
        at = value + length;
    }
    return at;
}

void statistic_text_parse(struct statistic_text *parts, const char *text)
{
    const char *parenthesis = strchr(text, '(');
    const char *start = parenthesis != NULL ? parenthesis + 1 : text, *at = start;
    size_t length = strcspn(at, "{.<>=) ");
    *parts = (struct statistic_text){.metric = mem_strndup(at, length),
                                     .stat = mem_strdup(""),
                                     .region = mem_strdup("all"),
                                     .label = mem_strdup(""),
                                     .window = mem_strdup("all")};
    at += length;
    if (*at == '{') {
        at = take_labels(parts, at + 1);
        at += *at == '}';
    }
    if (*at == '.') {
        length = strcspn(at + 1, "<>=) ");
        set(&parts->stat, at + 1, length);
        at += 1 + length;
    }
    parts->text = mem_strndup(start, (size_t)(at - start));
}

const struct statistic_row *statistic_text_find(const struct statistic_text *parts,
                                                const struct statistic_table *table, int64_t point)
{
    const struct statistic_row *row = statistic_table_find(
        table, point, parts->metric, parts->stat, parts->region, parts->label, parts->window);
    if (row == NULL && parts->stat[0] == '\0')
        row = statistic_table_find(table, point, parts->metric, "p99", parts->region, parts->label,
                                   parts->window);
    return row;
}

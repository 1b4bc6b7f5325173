// SPDX-License-Identifier: GPL-3.0-or-later
/* Members of a line of a history of operations (op_history.h), which is one JSON object. */
#ifndef HISTORY_LINE_H
#define HISTORY_LINE_H

#include <cjson/cJSON.h>
#include <stdint.h>

/* "" where the line has no such text; the line owns it. */
static inline const char *line_text(const cJSON *line, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, name));

    return text ? text : "";
}

/* -1 where the line has no such number. */
static inline int64_t line_integer(const cJSON *line, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);

    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : -1;
}

#endif

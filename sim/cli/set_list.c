// SPDX-License-Identifier: GPL-3.0-or-later
#include "set_list.h"

#include "mem.h"
#include "strbuf.h"
#include "sweep_axis.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void set_list_addf(struct set_list *sets, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    MEM_GROW(sets->items, sets->capacity, sets->count + 1);
    sets->items[sets->count++] = strbuf_detach(&text);
}

void set_list_release(struct set_list *sets)
{
    for (size_t i = 0; i < sets->count; i++)
        free(sets->items[i]);
    free(sets->items);
    *sets = (struct set_list){NULL, 0, 0};
}

bool set_list_split(struct set_list *sets, const char *text)
{
    struct sweep_axis pieces = {0};
    struct strbuf why = STRBUF_INIT;
    bool good = sweep_axis_split(text, &pieces, &why);

    for (size_t i = 0; i < pieces.value_count && good; i++) {
        good = strchr(pieces.values[i], '=') != NULL;
        set_list_addf(sets, "%s", pieces.values[i]);
    }
    sweep_axis_release(&pieces);
    strbuf_release(&why);
    return good;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_table.h"

#include "bug.h"
#include "mem.h"
#include "strbuf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct text_table {
    char **cells;
    size_t count, capacity, columns;
};

static void add_cell(struct text_table *table, char *text)
{
    void *cells = table->cells;

    mem_grow(&cells, &table->capacity, table->count + 1, sizeof *table->cells);
    table->cells = cells;
    table->cells[table->count++] = text;
}

struct text_table *text_table_create(const char *head)
{
    struct text_table *table = mem_zalloc(1, sizeof *table);

    for (;;) {
        size_t length = strcspn(head, "\t");
        add_cell(table, mem_strndup(head, length));
        table->columns++;
        if (!head[length])
            return table;
        head += length + 1;
    }
}

void text_table_add(struct text_table *table, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    add_cell(table, strbuf_detach(&text));
}

void text_table_add_value(struct text_table *table, double value, enum unit unit)
{
    struct strbuf text = STRBUF_INIT;

    units_add(&text, value, unit, 3);
    add_cell(table, strbuf_detach(&text));
}

void text_table_add_interval(struct text_table *table, const struct interval *interval,
                             enum unit unit)
{
    struct strbuf text = STRBUF_INIT;

    units_add(&text, interval->mean, unit, 3);
    if (interval->valid) {
        strbuf_add(&text, " [");
        units_add(&text, interval->low, unit, 3);
        strbuf_add(&text, ", ");
        units_add(&text, interval->high, unit, 3);
        strbuf_add(&text, "]");
    }
    add_cell(table, strbuf_detach(&text));
}

/* Characters, not bytes: what continues a UTF-8 sequence takes no room. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void text_table_print_and_free(struct text_table *table, FILE *out)
{
    invariant(table->count % table->columns == 0);
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % table->columns, widest = 0;
        for (size_t j = column; j < table->count; j += table->columns)
            widest = width_of(table->cells[j]) > widest ? width_of(table->cells[j]) : widest;
        bool last = column == table->columns - 1;
        fprintf(out, "%s%s", column == 0 ? "  " : "", table->cells[i]);
        if (last)
            fputc('\n', out);
        else
            fprintf(out, "%*s", (int)(widest - width_of(table->cells[i]) + 2), "");
    }
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

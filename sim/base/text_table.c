// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_table.h"

#include "bug.h"
#include "mem.h"
#include "quote.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 2, GAP = 2 };

struct cell {
    struct strbuf text;
    const char *colour; /* NULL: none */
};

struct text_table {
    struct cell *cells;
    size_t count, capacity;
    size_t *widths; /* by column: at least */
    size_t column_count;
    size_t width_max; /* of a line; 0: any */
};

struct text_table *text_table_create_bare(size_t column_count)
{
    struct text_table *table = mem_zalloc(1, sizeof(*table));
    table->widths = mem_zalloc(column_count, sizeof(*table->widths));
    table->column_count = column_count;
    return table;
}

struct text_table *text_table_create(const char *head)
{
    size_t column_count = 1;
    for (const char *tab = strchr(head, '\t'); tab != NULL; tab = strchr(tab + 1, '\t'))
        column_count++;
    struct text_table *table = text_table_create_bare(column_count);
    for (size_t i = 0; i < column_count; i++) {
        size_t length = strcspn(head, "\t");
        strbuf_add_bytes(text_table_cell(table), head, length);
        head += length + 1;
    }
    return table;
}

struct strbuf *text_table_cell(struct text_table *table)
{
    MEM_GROW(table->cells, table->capacity, table->count + 1);
    table->cells[table->count] = (struct cell){.text = STRBUF_INIT};
    return &table->cells[table->count++].text;
}

void text_table_add(struct text_table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_addv(text_table_cell(table), format, args);
    va_end(args);
}

void text_table_colour(struct text_table *table, const char *escape)
{
    invariant(table->count > 0);
    table->cells[table->count - 1].colour = escape;
}

void text_table_widen(struct text_table *table, size_t column, size_t width)
{
    invariant(column < table->column_count);
    if (table->widths[column] < width)
        table->widths[column] = width;
}

void text_table_limit(struct text_table *table, size_t width)
{
    table->width_max = width;
}

/* Count characters, not bytes: skip UTF-8 continuation bytes. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Truncate to `width` characters, the last three of which are dots. */
static void cut(struct strbuf *text, size_t width)
{
    size_t kept = width > 3 ? width - 3 : 0, length = 0;
    if (width_of(text->text) <= width)
        return;
    for (size_t seen = 0; length < text->length; length++) {
        seen += ((unsigned char)text->text[length] & 0xc0) != 0x80;
        if (seen > kept)
            break;
    }
    strbuf_truncate(text, length);
    strbuf_add(text, "...");
}

/* Quote each cell and compute the column widths. */
static void settle_cells(struct text_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        struct strbuf quoted = STRBUF_INIT;
        quote_add(&quoted, QUOTE_TERMINAL, table->cells[i].text.text);
        strbuf_release(&table->cells[i].text);
        table->cells[i].text = quoted;
        text_table_widen(table, i % table->column_count, width_of(quoted.text));
    }
    size_t last = table->column_count - 1, start = INDENT;
    for (size_t column = 0; column < last; column++)
        start += table->widths[column] + GAP;
    for (size_t i = last; table->width_max > 0 && i < table->count; i += table->column_count)
        cut(&table->cells[i].text, table->width_max > start ? table->width_max - start : 0);
}

/* Print spaces only if a cell that is not empty follows. */
static void add_row(const struct text_table *table, const struct cell *cells, struct strbuf *out)
{
    size_t blanks = INDENT;
    for (size_t column = 0; column < table->column_count; column++) {
        const struct cell *cell = &cells[column];
        size_t width = width_of(cell->text.text);
        if (width > 0) {
            strbuf_addf(out, "%*s%s%s%s", (int)blanks, "", cell->colour ? cell->colour : "",
                        cell->text.text, cell->colour ? "\033[0m" : "");
            blanks = 0;
        }
        blanks += table->widths[column] - width + GAP;
    }
    strbuf_add_char(out, '\n');
}

void text_table_add_to_and_free(struct text_table *table, struct strbuf *out)
{
    invariant(table->count % table->column_count == 0);
    settle_cells(table);
    for (size_t i = 0; i < table->count; i += table->column_count)
        add_row(table, &table->cells[i], out);
    for (size_t i = 0; i < table->count; i++)
        strbuf_release(&table->cells[i].text);
    free(table->cells);
    free(table->widths);
    free(table);
}

void text_table_print_and_free(struct text_table *table, FILE *out)
{
    struct strbuf text = STRBUF_INIT;
    text_table_add_to_and_free(table, &text);
    fwrite(text.text, 1, text.length, out);
    strbuf_release(&text);
}

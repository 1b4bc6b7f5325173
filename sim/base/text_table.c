// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_table.h"

#include "bug.h"
#include "mem.h"
#include "quote.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* No column is wrapped to fewer than WRAPPED_MIN columns. */
enum {
    INDENT = 2,
    GAP = 2,
    NOTE_INDENT = 6,
    WRAPPED_MIN = 12,
    WIDTH_OF_FILES = 120,
    TERMINAL_MIN = 40
};

struct cell {
    struct strbuf text;
    const char *colour; /* NULL: none */
    char *note;         /* of the last cell of a row, below it; NULL: none */
};

struct text_table {
    struct cell *cells;
    size_t count, capacity;
    size_t *widths; /* by column: at least */
    size_t column_count;
    size_t width_max; /* of a line, by cutting the last column; 0: any */
    size_t wrap_max;  /* of a line, by wrapping; 0: any */
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

void text_table_wrap(struct text_table *table, size_t width)
{
    table->wrap_max = width;
}

void text_table_note(struct text_table *table, const char *text)
{
    invariant(table->count > 0 && table->count % table->column_count == 0);
    struct strbuf quoted = STRBUF_INIT;
    quote_add(&quoted, QUOTE_TERMINAL, text);
    table->cells[table->count - 1].note = strbuf_detach(&quoted);
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

/* A line may end before a space and after a '|'. */
static bool is_break(const char *text, size_t at)
{
    return text[at] == ' ' || (at > 0 && text[at - 1] == '|');
}

/* Bytes of the next line of a cell of this width: up to a break, or as many as fit. */
static size_t line_length(const char *text, size_t width)
{
    size_t seen = 0, length = 0, last = 0;
    for (; text[length] != '\0'; length++) {
        if (is_break(text, length))
            last = length;
        seen += ((unsigned char)text[length] & 0xc0) != 0x80;
        if (seen > width)
            return last > 0 ? last : length;
    }
    return length;
}

/* The longest piece of a column's cells that is not broken. */
static size_t longest_piece(const struct text_table *table, size_t column)
{
    size_t longest = WRAPPED_MIN;
    for (size_t i = column; i < table->count; i += table->column_count) {
        const char *text = table->cells[i].text.text;
        size_t piece = 0;
        for (size_t at = 0; text[at] != '\0'; at++) {
            if (is_break(text, at))
                piece = 0;
            piece += ((unsigned char)text[at] & 0xc0) != 0x80 && text[at] != ' ';
            longest = piece > longest ? piece : longest;
        }
    }
    return longest;
}

/* The widest column that is wider than its least width; column_count: none. */
static size_t find_widest(const struct text_table *table, const size_t *least)
{
    size_t widest = table->column_count;
    for (size_t column = 0; column < table->column_count; column++)
        if (table->widths[column] > least[column] &&
            (widest == table->column_count || table->widths[column] >= table->widths[widest]))
            widest = column;
    return widest;
}

/* Make the widest columns narrower until a line fits; words are broken only in a second pass. */
static void narrow_columns(struct text_table *table)
{
    size_t *least = mem_alloc(table->column_count, sizeof(*least)), total = INDENT;
    for (size_t column = 0; column < table->column_count; column++) {
        least[column] = longest_piece(table, column);
        total += table->widths[column] + (column > 0 ? GAP : 0);
    }
    bool breaks_words = false;
    while (table->wrap_max > 0 && total > table->wrap_max) {
        size_t widest = find_widest(table, least);
        if (widest < table->column_count) {
            table->widths[widest]--;
            total--;
        } else if (!breaks_words) {
            breaks_words = true;
            for (size_t column = 0; column < table->column_count; column++)
                least[column] = WRAPPED_MIN;
        } else {
            break;
        }
    }
    free(least);
}

/* One line of a row. Print spaces only if text follows. `rest` are the cells' unprinted texts. */
static void add_line(const struct text_table *table, const struct cell *cells, const char **rest,
                     struct strbuf *out)
{
    size_t blanks = INDENT;
    for (size_t column = 0; column < table->column_count; column++) {
        const struct cell *cell = &cells[column];
        size_t width = table->widths[column], length = line_length(rest[column], width);
        char *text = mem_strndup(rest[column], length);
        rest[column] += length;
        rest[column] += *rest[column] != '\0' ? strspn(rest[column], " ") : 0;
        if (length > 0) {
            strbuf_addf(out, "%*s%s%s%s", (int)blanks, "", cell->colour ? cell->colour : "", text,
                        cell->colour ? "\033[0m" : "");
            blanks = 0;
        }
        blanks += width - width_of(text) + GAP;
        free(text);
    }
    strbuf_add_char(out, '\n');
}

static void add_row(const struct text_table *table, const struct cell *cells, struct strbuf *out)
{
    const char **rest = mem_alloc(table->column_count, sizeof(*rest));
    bool more = true;
    for (size_t column = 0; column < table->column_count; column++)
        rest[column] = cells[column].text.text;
    while (more) {
        add_line(table, cells, rest, out);
        more = false;
        for (size_t column = 0; column < table->column_count; column++)
            more = more || *rest[column] != '\0';
    }
    free(rest);
}

static void add_note(const struct text_table *table, const char *note, struct strbuf *out)
{
    size_t width =
        table->wrap_max > NOTE_INDENT + WRAPPED_MIN ? table->wrap_max - NOTE_INDENT : SIZE_MAX;
    while (*note != '\0') {
        size_t length = line_length(note, width);
        char *text = mem_strndup(note, length);
        strbuf_addf(out, "%*s%s\n", NOTE_INDENT, "", text);
        free(text);
        note += length;
        note += strspn(note, " ");
    }
}

void text_table_free(struct text_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        strbuf_release(&table->cells[i].text);
        free(table->cells[i].note);
    }
    free(table->cells);
    free(table->widths);
    free(table);
}

void text_table_add_to_and_free(struct text_table *table, struct strbuf *out)
{
    invariant(table->count % table->column_count == 0);
    settle_cells(table);
    narrow_columns(table);
    for (size_t i = 0; i < table->count; i += table->column_count) {
        const char *note = table->cells[i + table->column_count - 1].note;
        add_row(table, &table->cells[i], out);
        if (note != NULL)
            add_note(table, note, out);
    }
    text_table_free(table);
}

void text_table_add_markdown_and_free(struct text_table *table, struct strbuf *out)
{
    invariant(table->count % table->column_count == 0);
    for (size_t i = 0; i < table->count; i++) {
        strbuf_add(out, i % table->column_count == 0 ? "| " : " | ");
        quote_add(out, QUOTE_MARKDOWN, table->cells[i].text.text);
        if (i % table->column_count + 1 < table->column_count)
            continue;
        strbuf_add(out, " |\n");
        for (size_t column = 0; i < table->column_count && column < table->column_count; column++)
            strbuf_add(out, column + 1 < table->column_count ? "|---" : "|---|\n");
    }
    text_table_free(table);
}

size_t output_width(FILE *out)
{
    struct winsize size;
    int file = fileno(out);

    if (file >= 0 && isatty(file) && ioctl(file, TIOCGWINSZ, &size) == 0 &&
        size.ws_col >= TERMINAL_MIN)
        return size.ws_col;
    return WIDTH_OF_FILES;
}

void text_table_print_and_free(struct text_table *table, FILE *out)
{
    struct strbuf text = STRBUF_INIT;
    text_table_wrap(table, output_width(out));
    text_table_add_to_and_free(table, &text);
    fwrite(text.text, 1, text.length, out);
    strbuf_release(&text);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Entries are kept in order of arrival and sorted only for printing, through an array of pointers,
 * so the collection can be extended and printed again.
 */
#include "diag.h"

#include "bug.h"
#include "mem.h"
#include "quote.h"
#include "strbuf.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

enum { EXCERPT_SIZE_MAX = 160 };

struct diag_entry {
    enum diag_level level;
    char *file; /* NULL: no place */
    int line, column;
    char *excerpt; /* of the line; NULL: none */
    size_t caret;  /* in the excerpt, bytes */
    bool is_cut_left, is_cut_right;
    char *message;
    size_t arrival;
};

void diag_release(struct diag *diag)
{
    for (size_t i = 0; i < diag->count; i++) {
        free(diag->entries[i].file);
        free(diag->entries[i].excerpt);
        free(diag->entries[i].message);
    }
    free(diag->entries);
    *diag = (struct diag){0};
}

void diag_add(struct diag *diag, enum diag_level level, const struct diag_place *place,
              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_addv(diag, level, place, format, args);
    va_end(args);
}

/* The byte at which character `column` (from 1) starts; past the end, the end. */
static size_t offset_of_column(const char *text, size_t length, int column)
{
    size_t offset = 0;
    for (int at = 1; at < column && offset < length; at++) {
        size_t step = utf8_size(text + offset);
        offset += step > 0 ? step : 1;
    }
    return offset < length ? offset : length;
}

/* The nearest start of a character at or before offset. */
static size_t character_start(const char *text, size_t offset)
{
    size_t start = offset;
    while (start > 0 && offset - start < 3 && ((unsigned char)text[start] & 0xc0) == 0x80)
        start--;
    return start + utf8_size(text + start) > offset ? start : offset;
}

/* The whole line, or the part around the caret that fits, with "..." where it is cut. */
static void copy_excerpt(struct diag_entry *entry, const char *line)
{
    size_t length = strcspn(line, "\r\n");
    size_t caret = offset_of_column(line, length, entry->column);
    size_t start = 0, end = length;
    if (length > EXCERPT_SIZE_MAX) {
        size_t width = EXCERPT_SIZE_MAX - 6;
        start = caret > width / 2 ? caret - width / 2 : 0;
        if (start > length - width)
            start = length - width;
        start = character_start(line, start);
        end = start + width < length ? character_start(line, start + width) : length;
    }
    entry->excerpt = mem_strndup(line + start, end - start);
    entry->caret = caret - start;
    entry->is_cut_left = start > 0;
    entry->is_cut_right = end < length;
}

/* A long message keeps its start and its end: the error, and what is allowed. */
static char *bounded_message(struct strbuf *message)
{
    static const char gap[] = " ... ";
    size_t tail = DIAG_MESSAGE_SIZE_MAX / 3;
    struct strbuf cut = STRBUF_INIT;
    if (message->length <= DIAG_MESSAGE_SIZE_MAX)
        return strbuf_detach(message);
    strbuf_add_bytes(&cut, message->text,
                     character_start(message->text, DIAG_MESSAGE_SIZE_MAX - tail - sizeof gap));
    strbuf_add(&cut, gap);
    strbuf_add(&cut, message->text + character_start(message->text, message->length - tail));
    strbuf_release(message);
    return strbuf_detach(&cut);
}

static void copy_place(struct diag_entry *entry, const struct diag_place *place)
{
    entry->file = mem_strdup(place->file);
    entry->line = place->line;
    entry->column = place->column;
    if (place->line_text != NULL)
        copy_excerpt(entry, place->line_text);
}

void diag_addv(struct diag *diag, enum diag_level level, const struct diag_place *place,
               const char *format, va_list args)
{
    struct strbuf message = STRBUF_INIT;
    size_t *count = level == DIAG_ERROR ? &diag->error_count : &diag->warning_count;
    *count += level != DIAG_NOTE;
    if (diag->kept[level] == DIAG_KEPT_MAX) {
        diag->left_out[level]++;
        return;
    }
    diag->kept[level]++;
    strbuf_addv(&message, format, args);
    MEM_GROW(diag->entries, diag->capacity, diag->count + 1);
    struct diag_entry *entry = &diag->entries[diag->count];
    *entry = (struct diag_entry){.level = level, .arrival = diag->count};
    entry->message = bounded_message(&message);
    if (place != NULL && place->file != NULL)
        copy_place(entry, place);
    diag->count++;
}

void diag_error(struct diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_addv(diag, DIAG_ERROR, NULL, format, args);
    va_end(args);
}

/* NULL sorts first. */
static int compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_places(const struct diag_entry *a, const struct diag_entry *b)
{
    int by_file = compare_texts(a->file, b->file);
    if (by_file != 0)
        return by_file;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static int compare_entries(const void *left, const void *right)
{
    const struct diag_entry *a = *(const struct diag_entry *const *)left;
    const struct diag_entry *b = *(const struct diag_entry *const *)right;
    int by_place = compare_places(a, b);
    return by_place != 0 ? by_place : (a->arrival > b->arrival) - (a->arrival < b->arrival);
}

/* Other entries of the same place may lie between a repeat and its first occurrence. */
static bool is_repeat(struct diag_entry *const *sorted, size_t index)
{
    const struct diag_entry *entry = sorted[index];
    for (size_t i = index; i > 0 && compare_places(sorted[i - 1], entry) == 0; i--) {
        const struct diag_entry *before = sorted[i - 1];
        if (before->level == entry->level && strcmp(before->message, entry->message) == 0)
            return true;
    }
    return false;
}

/* Spaces up to the caret; tabs are kept so that it is aligned for any tab width. */
static void add_caret(struct strbuf *out, const struct diag_entry *entry)
{
    strbuf_add(out, entry->is_cut_left ? "   " : "");
    for (size_t at = 0; at < entry->caret;) {
        size_t step = utf8_size(entry->excerpt + at);
        strbuf_add_char(out, entry->excerpt[at] == '\t' ? '\t' : ' ');
        at += step > 0 ? step : 1;
    }
    strbuf_add(out, "^\n");
}

static void add_excerpt(struct strbuf *out, const struct diag_entry *entry)
{
    strbuf_add(out, entry->is_cut_left ? "..." : "");
    quote_add(out, QUOTE_EXCERPT, entry->excerpt);
    strbuf_add(out, entry->is_cut_right ? "...\n" : "\n");
    if (entry->column > 0)
        add_caret(out, entry);
}

static void add_place(struct strbuf *out, const struct diag_entry *entry)
{
    if (entry->file == NULL)
        return;
    quote_add(out, QUOTE_TERMINAL, entry->file);
    if (entry->line > 0) {
        strbuf_addf(out, ":%d", entry->line);
        if (entry->column > 0)
            strbuf_addf(out, ":%d", entry->column);
    }
    strbuf_add(out, ": ");
}

static const char *const level_names[DIAG_LEVELS] = {"error", "warning", "note"};

static void add_entry(struct strbuf *out, const struct diag_entry *entry)
{
    add_place(out, entry);
    strbuf_addf(out, "%s: ", level_names[entry->level]);
    quote_add(out, QUOTE_TERMINAL, entry->message);
    strbuf_add_char(out, '\n');
    if (entry->line > 0 && entry->excerpt != NULL)
        add_excerpt(out, entry);
}

char *diag_text(const struct diag *diag)
{
    struct strbuf out = STRBUF_INIT;
    struct diag_entry **sorted = mem_alloc(diag->count, sizeof(struct diag_entry *));
    for (size_t i = 0; i < diag->count; i++)
        sorted[i] = &diag->entries[i];
    qsort(sorted, diag->count, sizeof(struct diag_entry *), compare_entries);
    for (size_t i = 0; i < diag->count; i++)
        if (!is_repeat(sorted, i))
            add_entry(&out, sorted[i]);
    free(sorted);
    for (int level = 0; level < DIAG_LEVELS; level++) {
        size_t count = diag->left_out[level];
        if (count > 0) {
            strbuf_addf(&out, "note: %zu more %s%s not shown\n", count, level_names[level],
                        count == 1 ? " is" : "s are");
        }
    }
    return strbuf_detach(&out);
}

void diag_print(const struct diag *diag, FILE *out)
{
    char *text = diag_text(diag);
    fputs(text, out);
    free(text);
}

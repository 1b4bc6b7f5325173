// SPDX-License-Identifier: GPL-3.0-or-later
#include "error_list.h"

#include "hash.h"
#include "mem.h"
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_LISTED_MAX = 10 };

void error_list_init(struct error_list *errors, struct diag *diag)
{
    *errors = (struct error_list){.diag = diag};
}

void error_list_release(struct error_list *errors)
{
    free(errors->seen);
    *errors = (struct error_list){0};
}

bool error_list_is_full(const struct error_list *errors)
{
    return errors->count > ERRORS_MAX;
}

static uint64_t error_hash(const struct diag_place *place, const char *text)
{
    uint64_t hash = HASH_START;

    if (place && place->file) {
        hash = hash_field(hash, place->file);
        hash = hash_bytes(hash, &place->line, sizeof place->line);
        hash = hash_bytes(hash, &place->column, sizeof place->column);
    }
    return hash_text(hash, text);
}

static bool is_new(struct error_list *errors, uint64_t hash)
{
    for (size_t i = 0; i < errors->count; i++)
        if (errors->seen[i] == hash)
            return false;
    MEM_GROW(errors->seen, errors->capacity, errors->count + 1);
    errors->seen[errors->count++] = hash;
    return true;
}

void error_at_placev(struct error_list *errors, const struct diag_place *place, const char *format,
                     va_list args)
{
    struct strbuf text = STRBUF_INIT;

    if (error_list_is_full(errors))
        return;
    strbuf_addv(&text, format, args);
    if (is_new(errors, error_hash(place, text.text))) {
        if (errors->count <= ERRORS_MAX)
            diag_add(errors->diag, DIAG_ERROR, place, "%s", text.text);
        else
            diag_add(errors->diag, DIAG_NOTE, NULL, "stopped after %d errors", ERRORS_MAX);
    }
    strbuf_release(&text);
}

void error_at_place(struct error_list *errors, const struct diag_place *place, const char *format,
                    ...)
{
    va_list args;

    va_start(args, format);
    error_at_placev(errors, place, format, args);
    va_end(args);
}

void error_at(struct error_list *errors, const struct yaml_node *node, const char *format, ...)
{
    struct diag_place place = {0};
    va_list args;

    if (error_list_is_full(errors))
        return;
    if (node)
        place = yaml_place(node);
    va_start(args, format);
    error_at_placev(errors, &place, format, args);
    va_end(args);
}

static void add_at(struct error_list *errors, enum diag_level level, const struct yaml_node *node,
                   const char *format, va_list args)
{
    struct diag_place place = yaml_place(node);

    diag_addv(errors->diag, level, &place, format, args);
}

void warning_at(struct error_list *errors, const struct yaml_node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_at(errors, DIAG_WARNING, node, format, args);
    va_end(args);
}

void note_at(struct error_list *errors, const struct yaml_node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_at(errors, DIAG_NOTE, node, format, args);
    va_end(args);
}

void error_in_file(struct error_list *errors, const struct yaml_source *source, const char *format,
                   ...)
{
    const struct diag_place place = {source ? source->name : NULL, 0, 0, NULL};
    va_list args;

    va_start(args, format);
    error_at_placev(errors, &place, format, args);
    va_end(args);
}

void add_remedy(struct strbuf *out, const char *word, const char *allowed, const char *const *names,
                size_t name_count)
{
    const char *near = suggest_nearest(word, names, name_count);
    size_t listed = 0;

    if (near) {
        strbuf_addf(out, "; did you mean '%s'?", near);
        return;
    }
    for (size_t i = 0; i < name_count; i++) {
        if (!names[i])
            continue;
        if (listed == NAMES_LISTED_MAX) {
            strbuf_add(out, ", ...");
            break;
        }
        if (listed == 0)
            strbuf_addf(out, "; %s ", allowed);
        else
            strbuf_add(out, ", ");
        strbuf_add(out, names[i]);
        listed++;
    }
}

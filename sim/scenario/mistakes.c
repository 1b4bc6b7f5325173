// SPDX-License-Identifier: GPL-3.0-or-later
#include "mistakes.h"

#include "mem.h"
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_LISTED_MAX = 10 };

void mistakes_init(struct mistakes *mistakes, struct diag *diag)
{
    *mistakes = (struct mistakes){.diag = diag};
}

void mistakes_release(struct mistakes *mistakes)
{
    free(mistakes->seen);
    *mistakes = (struct mistakes){0};
}

bool mistakes_are_full(const struct mistakes *mistakes)
{
    return mistakes->count > MISTAKES_MAX;
}

/* 64-bit FNV-1a. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_mistake(const struct diag_place *place, const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    if (place && place->file) {
        hash = hash_text(hash, place->file);
        hash = (hash ^ (uint64_t)place->line) * UINT64_C(0x100000001b3);
        hash = (hash ^ (uint64_t)place->column) * UINT64_C(0x100000001b3);
    }
    return hash_text(hash, text);
}

static bool is_new(struct mistakes *mistakes, uint64_t hash)
{
    for (size_t i = 0; i < mistakes->count; i++)
        if (mistakes->seen[i] == hash)
            return false;
    mem_grow((void **)&mistakes->seen, &mistakes->capacity, mistakes->count + 1,
             sizeof mistakes->seen[0]);
    mistakes->seen[mistakes->count++] = hash;
    return true;
}

void mistake_at_placev(struct mistakes *mistakes, const struct diag_place *place,
                       const char *format, va_list args)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addv(&text, format, args);
    if (mistakes->count <= MISTAKES_MAX && is_new(mistakes, hash_mistake(place, text.text))) {
        if (mistakes->count <= MISTAKES_MAX)
            diag_add(mistakes->diag, DIAG_ERROR, place, "%s", text.text);
        else
            diag_add(mistakes->diag, DIAG_NOTE, NULL, "more than %d errors: the rest is left out",
                     MISTAKES_MAX);
    }
    strbuf_release(&text);
}

void mistake_at_place(struct mistakes *mistakes, const struct diag_place *place, const char *format,
                      ...)
{
    va_list args;

    va_start(args, format);
    mistake_at_placev(mistakes, place, format, args);
    va_end(args);
}

void mistake_at(struct mistakes *mistakes, const struct yaml_node *node, const char *format, ...)
{
    struct diag_place place = {0};
    va_list args;

    if (node)
        place = yaml_place(node);
    va_start(args, format);
    mistake_at_placev(mistakes, &place, format, args);
    va_end(args);
}

void mistake_in_file(struct mistakes *mistakes, const struct yaml_source *source,
                     const char *format, ...)
{
    const struct diag_place place = {source ? source->name : NULL, 0, 0, NULL};
    va_list args;

    va_start(args, format);
    mistake_at_placev(mistakes, &place, format, args);
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

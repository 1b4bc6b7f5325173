// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libfyaml is used for parser events, not for documents: duplicate keys, aliases and limits are
 * checked here, with our own messages, and a hostile file is refused while it is read.
 *
 * An alias is the node of its anchor, so aliases cannot exhaust memory, only the time of a walk
 * over the tree. Each node therefore has a weight, and a tree that becomes too heavy is refused.
 */
#include "yaml_tree.h"

#include "mem.h"
#include "quote.h"
#include "utf8.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

/* --- memory: everything is freed at once ----------------------------------------------- */

struct block {
    struct block *next;
    max_align_t bytes[];
};
struct yaml_trees {
    struct block *blocks;
};

static void *trees_alloc(struct yaml_trees *trees, size_t count, size_t size)
{
    struct block *block = mem_alloc(1, sizeof *block + count * size);

    block->next = trees->blocks;
    trees->blocks = block;
    return block->bytes;
}

static const char *trees_text(struct yaml_trees *trees, const char *text, size_t length)
{
    char *copy = trees_alloc(trees, length + 1, 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

struct yaml_trees *yaml_trees_create(void)
{
    return mem_zalloc(1, sizeof(struct yaml_trees));
}

void yaml_trees_free(struct yaml_trees *trees)
{
    if (!trees)
        return;
    for (struct block *block = trees->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(trees);
}

const struct yaml_source *yaml_source_add(struct yaml_trees *trees, const char *name,
                                          const char *directory, const char *text, size_t length)
{
    struct yaml_source *source = trees_alloc(trees, 1, sizeof *source);

    *source = (struct yaml_source){
        .name = trees_text(trees, name, strlen(name)),
        .directory = trees_text(trees, directory, strlen(directory)),
        .text = trees_text(trees, text, length),
        .length = length,
    };
    return source;
}

static struct yaml_node *node_new(struct yaml_trees *trees, enum yaml_kind kind,
                                  const struct yaml_source *source, int line, int column)
{
    struct yaml_node *node = trees_alloc(trees, 1, sizeof *node);

    *node = (struct yaml_node){
        .kind = kind, .text = "", .weight = 1, .source = source, .line = line, .column = column};
    return node;
}

static void node_fill(struct yaml_trees *trees, struct yaml_node *node,
                      const struct yaml_entry *entries, size_t count)
{
    struct yaml_entry *copy = trees_alloc(trees, count, sizeof *copy);
    uint64_t weight = 1;

    if (count > 0)
        memcpy(copy, entries, count * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        weight += entries[i].value->weight + (entries[i].key ? 1u : 0u);
    node->entries = copy;
    node->count = count;
    node->weight = weight > UINT32_MAX ? UINT32_MAX : (uint32_t)weight;
}

const struct yaml_node *yaml_make_scalar(struct yaml_trees *trees, const struct yaml_node *place,
                                         const char *text)
{
    struct yaml_node *node =
        node_new(trees, YAML_SCALAR, place->source, place->line, place->column);

    node->text = trees_text(trees, text, strlen(text));
    return node;
}

const struct yaml_node *yaml_make(struct yaml_trees *trees, enum yaml_kind kind,
                                  const struct yaml_node *place, const struct yaml_entry *entries,
                                  size_t count)
{
    struct yaml_node *node = node_new(trees, kind, place->source, place->line, place->column);

    node_fill(trees, node, entries, count);
    return node;
}

/* --- looking --------------------------------------------------------------------------- */

const struct yaml_entry *yaml_find(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->entries[i].key->text, key) == 0)
            return &map->entries[i];
    return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    const struct yaml_entry *entry = yaml_find(map, key);

    return entry ? entry->value : NULL;
}

const char *yaml_kind_name(const struct yaml_node *node)
{
    if (node->is_null)
        return "nothing";
    return node->kind == YAML_SCALAR ? "a value" : node->kind == YAML_LIST ? "a list" : "a map";
}

/* A line's text needs no copy: diag reads it up to the newline. */
struct diag_place yaml_source_place(const struct yaml_source *source, int line, int column)
{
    const char *text = source->text;

    for (int i = 1; i < line && text; i++) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return (struct diag_place){source->name, line, column, text};
}

struct diag_place yaml_place(const struct yaml_node *node)
{
    return yaml_source_place(node->source, node->line, node->column);
}

/* --- writing --------------------------------------------------------------------------- */

/* Whether a text can be a plain scalar in every context. */
static bool text_is_plain(const char *text)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "./-_+%()=<> ";
    size_t length = strlen(text);

    if (length == 0 || strcmp(text, "null") == 0 || text[length - 1] == ' ')
        return false;
    if (!strchr(first, text[0]) && !(text[0] == '-' && text[1] >= '0' && text[1] <= '9'))
        return false;
    return strspn(text, rest) == length;
}

void yaml_add_text(struct strbuf *out, const char *text)
{
    if (text_is_plain(text))
        strbuf_add(out, text);
    else
        quote_add(out, QUOTE_JSON, text);
}

void yaml_add_flow(struct strbuf *out, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR) {
        if (node->is_null)
            strbuf_add(out, "null");
        else
            yaml_add_text(out, node->text);
        return;
    }
    strbuf_add_char(out, node->kind == YAML_MAP ? '{' : '[');
    for (size_t i = 0; i < node->count; i++) {
        strbuf_add(out, i > 0 ? ", " : "");
        if (node->entries[i].key) {
            yaml_add_text(out, node->entries[i].key->text);
            strbuf_add(out, ": ");
        }
        yaml_add_flow(out, node->entries[i].value);
    }
    strbuf_add_char(out, node->kind == YAML_MAP ? '}' : ']');
}

#define DEPTH_ERROR "nested more than %d deep"

/* --- reading --------------------------------------------------------------------------- */

struct anchor {
    char *name;
    const struct yaml_node *node;
};
struct reader {
    struct yaml_trees *trees;
    const struct yaml_source *source;
    struct diag *diag;
    struct fy_parser *parser;
    int column_shift;           /* where the parsed piece starts in the first line */
    int last_line, last_column; /* of the last event that had a place: implicit ones have none */
    struct anchor *anchors;
    size_t anchor_count, anchor_capacity;
    uint32_t node_count;
};

static void reader_error(struct reader *reader, int line, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void reader_error(struct reader *reader, int line, int column, const char *format, ...)
{
    struct diag_place place = yaml_source_place(reader->source, line, column);
    va_list args;

    va_start(args, format);
    diag_addv(reader->diag, DIAG_ERROR, &place, format, args);
    va_end(args);
}

static void reader_locate(struct reader *reader, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (!mark)
        return;
    reader->last_line = mark->line + 1;
    reader->last_column = mark->column + 1 + (mark->line == 0 ? reader->column_shift : 0);
    if (event->type == FYET_ALIAS) /* its mark is after the '*' */
        reader->last_column--;
}

static struct fy_event *reader_next(struct reader *reader)
{
    struct fy_event *event = fy_parser_parse(reader->parser);

    if (event)
        reader_locate(reader, event);
    return event;
}

static char *token_text(struct fy_token *token)
{
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : NULL;

    return text ? mem_strndup(text, length) : NULL;
}

/* False if there are too many anchors. */
static bool reader_anchor(struct reader *reader, struct fy_token *token,
                          const struct yaml_node *node)
{
    char *name = token_text(token);

    if (!name)
        return true;
    if (reader->anchor_count == YAML_ANCHORS_MAX) {
        reader_error(reader, node->line, node->column, "too large: more than %d anchors",
                     YAML_ANCHORS_MAX);
        free(name);
        return false;
    }
    MEM_GROW(reader->anchors, reader->anchor_capacity, reader->anchor_count + 1);
    reader->anchors[reader->anchor_count++] = (struct anchor){name, node};
    return true;
}

static const struct yaml_node *read_alias(struct reader *reader, struct fy_event *event)
{
    char *name = token_text(event->alias.anchor);
    const struct yaml_node *found = NULL;

    /* The latest anchor of a name is used (YAML 1.2, 7.1). */
    for (size_t i = reader->anchor_count; name && !found && i > 0; i--)
        if (strcmp(reader->anchors[i - 1].name, name) == 0)
            found = reader->anchors[i - 1].node;
    if (!found)
        reader_error(reader, reader->last_line, reader->last_column, "unknown anchor '%s'",
                     name ? name : "");
    free(name);
    return found;
}

static const struct yaml_node *read_scalar(struct reader *reader, struct fy_event *event)
{
    struct yaml_node *node = node_new(reader->trees, YAML_SCALAR, reader->source, reader->last_line,
                                      reader->last_column);
    size_t length = 0;
    const char *text = fy_token_get_text(event->scalar.value, &length);
    bool is_plain = fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;

    if (!text)
        length = 0;
    if (length > 0 && memchr(text, '\0', length)) {
        reader_error(reader, node->line, node->column,
                     "text must not contain the character U+0000");
        return NULL;
    }
    node->text = length > 0 ? trees_text(reader->trees, text, length) : "";
    node->is_null = is_plain && (length == 0 || strcmp(node->text, "~") == 0 ||
                                 strcmp(node->text, "null") == 0);
    return reader_anchor(reader, event->scalar.anchor, node) ? node : NULL;
}

static int compare_keys(const void *left, const void *right)
{
    const struct yaml_node *a = *(const struct yaml_node *const *)left;
    const struct yaml_node *b = *(const struct yaml_node *const *)right;
    int by_text = strcmp(a->text, b->text);

    if (by_text != 0)
        return by_text;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static bool keys_are_unique(struct reader *reader, const struct yaml_entry *entries, size_t count)
{
    const struct yaml_node **keys = mem_alloc(count, sizeof *keys);
    bool unique = true;

    for (size_t i = 0; i < count; i++)
        keys[i] = entries[i].key;
    if (count > 1)
        qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(keys[i]->text, keys[i - 1]->text) != 0)
            continue;
        unique = false;
        reader_error(reader, keys[i]->line, keys[i]->column,
                     "duplicate key '%s', already in line %d", keys[i]->text, keys[i - 1]->line);
    }
    free(keys);
    return unique;
}

static const struct yaml_node *read_node(struct reader *reader, struct fy_event *event, int depth);

/* Read the next key of a map with `count` keys so far. */
static bool read_key(struct reader *reader, struct fy_event *event, size_t count,
                     const struct yaml_node **key, int depth)
{
    bool is_scalar = event->type == FYET_SCALAR || event->type == FYET_ALIAS;

    if (count == YAML_KEYS_MAX) {
        reader_error(reader, reader->last_line, reader->last_column,
                     "too large: more than %d keys in one map", YAML_KEYS_MAX);
        return false;
    }
    if (is_scalar)
        *key = read_node(reader, event, depth);
    if (is_scalar && !*key)
        return false;
    if (is_scalar && (*key)->kind == YAML_SCALAR)
        return true;
    reader_error(reader, reader->last_line, reader->last_column, "a key must be plain text");
    return false;
}

/* The events of a map or a list up to its end. */
static bool read_entries(struct reader *reader, enum yaml_kind kind, struct yaml_entry **entries,
                         size_t *count, int depth)
{
    enum fy_event_type end = kind == YAML_MAP ? FYET_MAPPING_END : FYET_SEQUENCE_END;
    size_t capacity = 0;

    for (;;) {
        struct yaml_entry entry = {NULL, NULL};
        struct fy_event *event = reader_next(reader);
        bool at_end = event && event->type == end;
        bool good = event != NULL;

        if (good && !at_end && kind == YAML_MAP) {
            good = read_key(reader, event, *count, &entry.key, depth);
            fy_parser_event_free(reader->parser, event);
            event = good ? reader_next(reader) : NULL;
            good = event != NULL;
        }
        if (good && !at_end) {
            entry.value = read_node(reader, event, depth);
            good = entry.value != NULL;
        }
        fy_parser_event_free(reader->parser, event);
        if (!good || at_end)
            return good;
        MEM_GROW(*entries, capacity, *count + 1);
        (*entries)[(*count)++] = entry;
    }
}

static const struct yaml_node *read_collection(struct reader *reader, struct fy_event *event,
                                               int depth)
{
    enum yaml_kind kind = event->type == FYET_MAPPING_START ? YAML_MAP : YAML_LIST;
    struct yaml_node *node =
        node_new(reader->trees, kind, reader->source, reader->last_line, reader->last_column);
    struct yaml_entry *entries = NULL;
    size_t count = 0;
    bool good = read_entries(reader, kind, &entries, &count, depth + 1);

    if (good && kind == YAML_MAP)
        good = keys_are_unique(reader, entries, count);
    if (good)
        node_fill(reader->trees, node, entries, count);
    free(entries);
    if (good && node->weight > YAML_WEIGHT_MAX) {
        reader_error(reader, node->line, node->column,
                     "too large: more than %d values once aliases are written out",
                     YAML_WEIGHT_MAX);
        good = false;
    }
    if (good)
        good = reader_anchor(
            reader, kind == YAML_MAP ? event->mapping_start.anchor : event->sequence_start.anchor,
            node);
    return good ? node : NULL;
}

/* False, with an error, if the value has a tag: nothing here reads tags. */
static bool has_no_tag(struct reader *reader, struct fy_event *event)
{
    struct fy_token *tag = event->type == FYET_SCALAR           ? event->scalar.tag
                           : event->type == FYET_MAPPING_START  ? event->mapping_start.tag
                           : event->type == FYET_SEQUENCE_START ? event->sequence_start.tag
                                                                : NULL;
    const struct fy_mark *mark = tag ? fy_token_start_mark(tag) : NULL;
    int line = mark ? mark->line + 1 : reader->last_line;
    int column = mark ? mark->column + 1 + (mark->line == 0 ? reader->column_shift : 0)
                      : reader->last_column;
    char *text;

    if (!tag)
        return true;
    text = token_text(tag);
    reader_error(reader, line, column, "YAML tags are not supported, got '%s'", text ? text : "!");
    free(text);
    return false;
}

/* NULL: the error is in diag or in the parser. */
static const struct yaml_node *read_node(struct reader *reader, struct fy_event *event, int depth)
{
    if (depth > YAML_DEPTH_MAX) {
        reader_error(reader, reader->last_line, reader->last_column, DEPTH_ERROR, YAML_DEPTH_MAX);
        return NULL;
    }
    if (reader->node_count++ >= YAML_NODES_MAX) {
        reader_error(reader, reader->last_line, reader->last_column,
                     "too large: more than %d values", YAML_NODES_MAX);
        return NULL;
    }
    if (!has_no_tag(reader, event))
        return NULL;
    switch (event->type) {
    case FYET_SCALAR:
        return read_scalar(reader, event);
    case FYET_ALIAS:
        return read_alias(reader, event);
    case FYET_MAPPING_START:
    case FYET_SEQUENCE_START:
        return read_collection(reader, event, depth);
    default:
        return NULL;
    }
}

static const struct yaml_node *read_stream(struct reader *reader)
{
    const struct yaml_node *root = NULL;
    bool good = true;

    for (bool at_end = false; good && !at_end;) {
        struct fy_event *event = reader_next(reader);

        good = event != NULL;
        at_end = event && event->type == FYET_STREAM_END;
        if (event && event->type == FYET_DOCUMENT_START && root) {
            reader_error(reader, reader->last_line, reader->last_column,
                         "a file must contain one document; a second one starts here");
            good = false;
        } else if (event && event->type >= FYET_MAPPING_START) {
            root = read_node(reader, event, 1);
            good = root != NULL;
        }
        fy_parser_event_free(reader->parser, event);
    }
    if (good && !root) {
        struct yaml_node *nothing = node_new(reader->trees, YAML_SCALAR, reader->source, 1, 1);

        nothing->is_null = true;
        root = nothing;
    }
    return good ? root : NULL;
}

/*
 * libfyaml reads a flow collection to its end before it returns the first event, since all of it
 * may be a key; so opening brackets take 300 bytes of memory each before any is seen here. Brackets
 * in quotes and comments are counted too, so the limit is high.
 */
enum { BRACKETS_OPEN_MAX = 1000 };
struct bracket_count {
    int open;
    int line, column; /* of the first that is too deep */
};

/* False if there are too many. */
static bool bracket_count(struct bracket_count *count, char c, int line, int column)
{
    if (c == '[' || c == '{')
        count->open++;
    else if ((c == ']' || c == '}') && count->open > 0)
        count->open--;
    else
        return true;
    if (count->open == YAML_DEPTH_MAX + 1 && (c == '[' || c == '{')) {
        count->line = line;
        count->column = column;
    }
    return count->open <= BRACKETS_OPEN_MAX;
}

/* Check for NUL bytes and invalid UTF-8. */
static bool text_is_clean(struct reader *reader)
{
    const char *text = reader->source->text, *end = text + reader->source->length;
    const char *line_start = text;
    struct bracket_count brackets = {0};
    int line = 1, column = 1;

    for (const char *at = text; at < end;) {
        size_t size = utf8_size(at);

        if (size == 0) {
            struct diag_place place = {reader->source->name, line, column,
                                       *at == '\0' ? NULL : line_start};

            diag_add(reader->diag, DIAG_ERROR, &place,
                     "not a text file: byte 0x%02x is not UTF-8 text", (unsigned char)*at);
            return false;
        }
        if (!bracket_count(&brackets, *at, line, column)) {
            reader_error(reader, brackets.line, brackets.column, DEPTH_ERROR, YAML_DEPTH_MAX);
            return false;
        }
        column++;
        if (*at == '\n') {
            line++;
            column = 1;
            line_start = at + 1;
        }
        at += size;
    }
    return true;
}

/* libfyaml places an error at the end one line too far: move it to the end of the last line. */
static void place_at_end(const struct yaml_source *source, int *line, int *column)
{
    const char *last = source->text;
    int lines = 1, width = 0;

    for (const char *next = strchr(last, '\n'); next && next[1]; next = strchr(last, '\n')) {
        last = next + 1;
        lines++;
    }
    if (*line <= lines)
        return;
    for (const char *at = last; *at && !strchr("\r\n", *at); at += utf8_size(at))
        width++;
    *line = lines;
    *column = width + 1;
}

static void report_parser_errors(struct reader *reader, struct fy_diag *errors)
{
    void *iterator = NULL;
    bool any = false;

    for (struct fy_diag_error *error;
         (error = fy_diag_errors_iterate(errors, &iterator)) && !any;) {
        int line = error->line;
        int column = error->column + (line == 1 ? reader->column_shift : 0);

        any = true;
        place_at_end(reader->source, &line, &column);
        reader_error(reader, line, column, "not valid YAML: %s",
                     error->msg ? error->msg : "cannot be read");
    }
    if (!any)
        reader_error(reader, reader->last_line, reader->last_column, "not valid YAML");
}

static const struct yaml_node *reader_run(struct reader *reader, const char *text, size_t length)
{
    struct fy_diag_cfg diag_cfg;
    struct fy_parse_cfg cfg = {.flags = FYPCF_JSON_NONE};
    const struct yaml_node *root = NULL;
    size_t before = reader->diag->error_count;

    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.colorize = false;
    cfg.diag = fy_diag_create(&diag_cfg);
    fy_diag_set_collect_errors(cfg.diag, true);
    reader->parser = fy_parser_create(&cfg);
    if (reader->parser && fy_parser_set_string(reader->parser, text, length) == 0)
        root = read_stream(reader);
    if (!root && reader->diag->error_count == before)
        report_parser_errors(reader, cfg.diag);
    fy_parser_destroy(reader->parser);
    fy_diag_destroy(cfg.diag);
    return root;
}

const struct yaml_node *yaml_parse(struct yaml_trees *trees, const struct yaml_source *source,
                                   size_t offset, struct diag *diag)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct reader reader = {
        .trees = trees, .source = source, .diag = diag, .last_line = 1, .last_column = 1};
    const struct yaml_node *root = NULL;
    const char *text = source->text + offset;

    if (!text_is_clean(&reader))
        return NULL;
    if (offset == 0 && strncmp(text, byte_order_mark, 3) == 0)
        text += 3;
    for (const char *at = source->text; at < text; at += utf8_size(at))
        reader.column_shift++;
    root = reader_run(&reader, text, source->length - (size_t)(text - source->text));
    for (size_t i = 0; i < reader.anchor_count; i++)
        free(reader.anchors[i].name);
    free(reader.anchors);
    return root;
}

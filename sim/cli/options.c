// SPDX-License-Identifier: GPL-3.0-or-later
#include "options.h"

#include "bug.h"
#include "mem.h"
#include "quote.h"
#include "strbuf.h"
#include "suggest.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The words of the command line; `next` is the one to read next. */
struct words {
    char **items;
    int count, next;
};

static size_t table_length(const struct option *options)
{
    size_t count = 0;

    while (options && options[count].name)
        count++;
    return count;
}

static size_t option_count(const struct command *command)
{
    return table_length(command->options) + table_length(command->more_options);
}

static const struct option *option_at(const struct command *command, size_t index)
{
    size_t count = table_length(command->options);

    return index < count ? &command->options[index] : &command->more_options[index - count];
}

/* The row that refuses this option; NULL: accepted. */
static const struct refused_option *refusal_of(const struct command *command, const char *name)
{
    for (const struct refused_option *row = command->refused; row && row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

static const struct option *option_find(const struct command *command, const char *name,
                                        size_t length)
{
    for (size_t i = 0; i < option_count(command); i++) {
        const struct option *option = option_at(command, i);
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

/* NULL: none. Warns. */
static const struct option *option_find_old(const struct command *command, const char *name,
                                            size_t length)
{
    for (const struct old_option *row = command->old_options; row && row->option.name; row++)
        if (strlen(row->option.name) == length && strncmp(row->option.name, name, length) == 0) {
            quote_print_line(stderr, "isthmus: warning: '--%s' is an old option; %s",
                             row->option.name, row->instead);
            return &row->option;
        }
    return NULL;
}

static void option_unknown(const struct command *command, const char *word, size_t length)
{
    const char **names = mem_alloc(option_count(command) + 1, sizeof *names);
    char *name = mem_strndup(word, length);
    size_t count = 0;

    for (size_t i = 0; i < option_count(command); i++)
        if (!refusal_of(command, option_at(command, i)->name))
            names[count++] = option_at(command, i)->name;
    names[count++] = "help";
    const char *nearest = suggest_nearest(name, names, count);
    if (nearest)
        usage_error("unknown option '--%s'; did you mean '--%s'?", name, nearest);
    else
        usage_error("unknown option '--%s'; see 'isthmus %s --help'", name, command->name);
    free(name);
    free(names);
}

static bool parse_uint32(const struct option *option, const char *text, uint32_t min,
                         uint32_t *value)
{
    struct strbuf why = STRBUF_INIT;
    int64_t number = 0;
    bool ok = units_parse_count(text, &number, &why) && number >= min && number <= UINT32_MAX;

    strbuf_release(&why);
    if (!ok) {
        usage_error("'--%s' needs a whole number of at least %" PRIu32 ", got '%s'", option->name,
                    min, text);
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

static bool parse_integer(const struct option *option, const char *text, const char **value)
{
    char *end = NULL;

    errno = 0;
    if (text[0] >= '0' && text[0] <= '9')
        (void)strtoull(text, &end, 10);
    if (!end || *end != '\0' || errno != 0) {
        usage_error("'--%s' needs a whole number from 0 to 2^64 - 1, got '%s'", option->name, text);
        return false;
    }
    *value = text;
    return true;
}

static bool parse_choice(const struct option *option, const char *text, int *value)
{
    struct strbuf names = STRBUF_INIT;
    size_t count = 0;

    for (; option->choices[count]; count++) {
        if (strcmp(option->choices[count], text) == 0) {
            *value = (int)count + 1;
            strbuf_release(&names);
            return true;
        }
        strbuf_addf(&names, "%s%s", count ? ", " : "", option->choices[count]);
    }
    const char *nearest = suggest_nearest(text, option->choices, count);
    if (nearest)
        usage_error("invalid value '%s' for '--%s'; did you mean '%s'?", text, option->name,
                    nearest);
    else
        usage_error("invalid value '%s' for '--%s'; allowed are %s", text, option->name,
                    names.text);
    strbuf_release(&names);
    return false;
}

static void list_add(struct text_list *list, const char *text)
{
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count++] = text;
}

static bool option_store(const struct option *option, const char *text, void *values)
{
    void *member = (char *)values + option->offset;

    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return true;
    case OPTION_TEXT:
        *(const char **)member = text;
        return true;
    case OPTION_LIST:
        list_add(member, text);
        return true;
    case OPTION_COUNT:
        return parse_uint32(option, text, 1, member);
    case OPTION_INDEX:
        return parse_uint32(option, text, 0, member);
    case OPTION_INTEGER:
        return parse_integer(option, text, member);
    case OPTION_CHOICE:
    case OPTION_DEFAULTED_CHOICE:
        return parse_choice(option, text, member);
    }
    BUG("option '%s' of unknown type %d", option->name, (int)option->type);
}

/* `word` is "--name" or "--name=value". */
static bool option_parse(struct invocation *invocation, struct words *words, const char *word)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct option *option = option_find(invocation->command, name, length);
    const char *text = equals ? equals + 1 : NULL;

    if (!option)
        option = option_find_old(invocation->command, name, length);
    if (!option) {
        option_unknown(invocation->command, name, length);
        return false;
    }
    const struct refused_option *refused = refusal_of(invocation->command, option->name);
    if (refused) {
        usage_error("'%s' does not accept '--%s'; %s", invocation->command->name, option->name,
                    refused->instead);
        return false;
    }
    if (option->type == OPTION_FLAG) {
        if (text)
            usage_error("'--%s' accepts no value, got '%s'", option->name, text);
        return !text && option_store(option, NULL, invocation->values);
    }
    if (!text && option->type == OPTION_DEFAULTED_CHOICE)
        text = option->choices[0];
    if (!text && words->next < words->count)
        text = words->items[words->next++];
    if (!text) {
        usage_error("'--%s' needs a value: --%s %s", option->name, option->name,
                    option->argument ? option->argument : "CHOICE");
        return false;
    }
    return option_store(option, text, invocation->values);
}

static bool arguments_fit(const struct invocation *invocation)
{
    const struct command *command = invocation->command;

    if (invocation->argument_count < command->argument_min)
        usage_error("'%s' needs an argument: isthmus %s %s", command->name, command->name,
                    command->arguments);
    else if (invocation->argument_count > command->argument_max)
        usage_error("unexpected argument '%s': isthmus %s %s",
                    invocation->arguments[command->argument_max], command->name,
                    command->arguments);
    else
        return true;
    return false;
}

enum parse_outcome options_parse(const struct command *command, int word_count, char **words,
                                 struct invocation *invocation)
{
    struct words rest = {words, word_count, 0};
    bool options_over = false;

    invocation->command = command;
    invocation->values = mem_zalloc(1, command->values_size);
    invocation->arguments = mem_alloc((size_t)word_count, sizeof *invocation->arguments);
    invocation->argument_count = 0;
    while (rest.next < rest.count) {
        const char *word = rest.items[rest.next++];
        if (options_over || word[0] != '-' || word[1] == '\0') {
            invocation->arguments[invocation->argument_count++] = word;
        } else if (strcmp(word, "--") == 0) {
            options_over = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            return PARSE_HELP;
        } else if (word[1] != '-') {
            usage_error("unknown option '%s'; options have long names, such as '--%s'", word,
                        option_count(command) ? option_at(command, 0)->name : "help");
            return PARSE_WRONG;
        } else if (!option_parse(invocation, &rest, word)) {
            return PARSE_WRONG;
        }
    }
    return arguments_fit(invocation) ? PARSE_RUN : PARSE_WRONG;
}

void options_release(struct invocation *invocation)
{
    const struct command *command = invocation->command;

    for (size_t i = 0; command && i < option_count(command); i++) {
        const struct option *option = option_at(command, i);
        void *member = (char *)invocation->values + option->offset;
        if (option->type == OPTION_LIST)
            free(((struct text_list *)member)->items);
    }
    free(invocation->values);
    free(invocation->arguments);
    invocation->values = NULL;
    invocation->arguments = NULL;
}

/* --- help ----------------------------------------------------------------------------------- */

#define HELP_COLUMN 28 /* column of the meanings */
#define HELP_WIDTH 100

const struct option *options_accepted(const struct command *command, size_t index)
{
    for (size_t i = 0; i < option_count(command); i++)
        if (!refusal_of(command, option_at(command, i)->name) && index-- == 0)
            return option_at(command, i);
    return NULL;
}

void options_add_usage(struct strbuf *out, const struct option *option)
{
    strbuf_addf(out, "--%s", option->name);
    if (option->type == OPTION_DEFAULTED_CHOICE)
        strbuf_add(out, "[=");
    else if (option->choices || option->argument)
        strbuf_add_char(out, ' ');
    if (option->argument)
        strbuf_add(out, option->argument);
    for (size_t i = 0; option->choices && option->choices[i]; i++)
        strbuf_addf(out, "%s%s", i ? "|" : "", option->choices[i]);
    if (option->type == OPTION_DEFAULTED_CHOICE)
        strbuf_add_char(out, ']');
}

/* Wrap the words of `text` at column `indent`, after the contents of `line`. */
static void help_wrap(struct strbuf *line, size_t indent, const char *text, FILE *out)
{
    bool fresh = true;

    if (line->length > 0 && line->length + 2 > indent) {
        fprintf(out, "%s\n", line->text);
        strbuf_clear(line);
    }
    strbuf_addf(line, "%*s", (int)(indent - line->length), "");
    while (*text) {
        size_t length = strcspn(text, " ");
        if (!fresh && line->length + 1 + length > HELP_WIDTH) {
            fprintf(out, "%s\n", line->text);
            strbuf_clear(line);
            strbuf_addf(line, "%*s", (int)indent, "");
            fresh = true;
        }
        if (!fresh)
            strbuf_add_char(line, ' ');
        strbuf_add_bytes(line, text, length);
        fresh = false;
        text += length;
        text += strspn(text, " ");
    }
    fprintf(out, "%s\n", line->text);
    strbuf_clear(line);
}

/* The options that verbs share are explained once, by 'run'. */
static void help_shared(const struct command *command, FILE *out)
{
    struct strbuf line = STRBUF_INIT;
    struct strbuf names = STRBUF_INIT;
    const struct option *option;

    for (size_t i = table_length(command->options); (option = options_accepted(command, i)) != NULL;
         i++)
        strbuf_addf(&names, "%s--%s", names.length ? ", " : "", option->name);
    fprintf(out, "\nOptions of every study, explained by 'isthmus run --help':\n");
    help_wrap(&line, 2, names.text, out);
    strbuf_release(&names);
    strbuf_release(&line);
}

void options_help(const struct command *command, FILE *out)
{
    struct strbuf line = STRBUF_INIT;
    struct strbuf meaning = STRBUF_INIT;

    fprintf(out, "Usage: isthmus %s%s%s%s\n\n%s.\n", command->name,
            option_count(command) ? " [options]" : "", *command->arguments ? " " : "",
            command->arguments, command->summary);
    if (command->details) {
        fputc('\n', out);
        help_wrap(&line, 0, command->details, out);
    }
    if (command->options)
        fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < table_length(command->options); i++) {
        const struct option *option = &command->options[i];
        strbuf_add(&line, "  ");
        options_add_usage(&line, option);
        strbuf_clear(&meaning);
        strbuf_add(&meaning, option->meaning);
        if (option->initial)
            strbuf_addf(&meaning, " (default: %s)", option->initial);
        help_wrap(&line, HELP_COLUMN, meaning.text, out);
    }
    if (command->more_options)
        help_shared(command, out);
    if (command->more_help)
        command->more_help(out);
    if (command->examples)
        fprintf(out, "\nExamples:\n%s\n", command->examples);
    strbuf_release(&line);
    strbuf_release(&meaning);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "alarm_rule.h"

#include "bug.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LENGTH 63
#define NESTING_MAX 32

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-_.";

static bool is_word(const char *name)
{
    static const char *const words[] = {"and", "or", "not", "ok", "insufficient"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return false;
}

bool alarm_name_is_valid(const char *name)
{
    size_t length = strspn(name, name_characters);

    return length > 0 && length <= NAME_MAX_LENGTH && name[length] == '\0' && !is_word(name);
}

/* --- reading --------------------------------------------------------------------------------- */

struct rule_reader {
    struct composite_rule *rule;
    const char *at;
    char token[NAME_MAX_LENGTH + 1]; /* the next one; "": the end */
    int depth;
    int (*find)(const void *self, const char *name);
    const void *self;
    struct strbuf *why;
};

static void next_token(struct rule_reader *reader)
{
    size_t length;

    reader->at += strspn(reader->at, " \t");
    length = strspn(reader->at, name_characters);
    if (length == 0 && *reader->at != '\0')
        length = 1;
    if (length > NAME_MAX_LENGTH)
        length = NAME_MAX_LENGTH;
    memcpy(reader->token, reader->at, length);
    reader->token[length] = '\0';
    reader->at += length;
}

static bool take(struct rule_reader *reader, const char *token)
{
    if (strcmp(reader->token, token) != 0)
        return false;
    next_token(reader);
    return true;
}

static bool add_step(struct rule_reader *reader, struct composite_step step)
{
    if (reader->rule->count == COMPOSITE_STEPS_MAX) {
        strbuf_addf(reader->why, "has more than %d parts", COMPOSITE_STEPS_MAX);
        return false;
    }
    reader->rule->steps[reader->rule->count++] = step;
    return true;
}

static bool refuse_token(struct rule_reader *reader, const char *wanted)
{
    if (reader->token[0] == '\0')
        strbuf_addf(reader->why, "ends where %s is needed", wanted);
    else
        strbuf_addf(reader->why, "needs %s, got '%s'", wanted, reader->token);
    return false;
}

static bool read_name(struct rule_reader *reader, enum alarm_state state)
{
    int alarm;

    if (!alarm_name_is_valid(reader->token))
        return refuse_token(reader, "the name of an alarm");
    alarm = reader->find(reader->self, reader->token);
    if (alarm < 0) {
        strbuf_addf(reader->why, "names no alarm before it: '%s'", reader->token);
        return false;
    }
    next_token(reader);
    return add_step(reader, (struct composite_step){STEP_IS, (uint32_t)alarm, state});
}

static bool read_rule(struct rule_reader *reader);

static bool read_state(struct rule_reader *reader, enum alarm_state state)
{
    return (take(reader, "(") || refuse_token(reader, "'('")) && read_name(reader, state) &&
           (take(reader, ")") || refuse_token(reader, "')'"));
}

static bool read_factor(struct rule_reader *reader)
{
    bool good;

    if (++reader->depth > NESTING_MAX) {
        strbuf_addf(reader->why, "is nested more than %d deep", NESTING_MAX);
        return false;
    }
    if (take(reader, "not"))
        good = read_factor(reader) && add_step(reader, (struct composite_step){.kind = STEP_NOT});
    else if (take(reader, "("))
        good = read_rule(reader) && (take(reader, ")") || refuse_token(reader, "')'"));
    else if (take(reader, "ok"))
        good = read_state(reader, ALARM_OK);
    else if (take(reader, "insufficient"))
        good = read_state(reader, ALARM_INSUFFICIENT);
    else
        good = read_name(reader, ALARM_ALARM);
    reader->depth--;
    return good;
}

static bool read_term(struct rule_reader *reader)
{
    if (!read_factor(reader))
        return false;
    while (take(reader, "and"))
        if (!read_factor(reader) || !add_step(reader, (struct composite_step){.kind = STEP_AND}))
            return false;
    return true;
}

static bool read_rule(struct rule_reader *reader)
{
    if (!read_term(reader))
        return false;
    while (take(reader, "or"))
        if (!read_term(reader) || !add_step(reader, (struct composite_step){.kind = STEP_OR}))
            return false;
    return true;
}

bool composite_rule_read(struct composite_rule *rule, const char *text,
                         int (*find)(const void *self, const char *name), const void *self,
                         struct strbuf *why)
{
    struct rule_reader reader = {rule, text, "", 0, find, self, why};

    rule->count = 0;
    next_token(&reader);
    if (!read_rule(&reader))
        return false;
    return reader.token[0] == '\0' || refuse_token(&reader, "'and' or 'or'");
}

/* --- evaluation ------------------------------------------------------------------------------ */

bool composite_rule_holds(const struct composite_rule *rule, const enum alarm_state *states)
{
    bool stack[COMPOSITE_STEPS_MAX];
    size_t top = 0;

    for (size_t i = 0; i < rule->count; i++) {
        const struct composite_step *step = &rule->steps[i];

        switch (step->kind) {
        case STEP_IS:
            stack[top++] = states[step->alarm] == step->state;
            break;
        case STEP_NOT:
            stack[top - 1] = !stack[top - 1];
            break;
        case STEP_AND:
            top--;
            stack[top - 1] = stack[top - 1] && stack[top];
            break;
        case STEP_OR:
            top--;
            stack[top - 1] = stack[top - 1] || stack[top];
            break;
        }
    }
    invariant(top == 1);
    return stack[0];
}

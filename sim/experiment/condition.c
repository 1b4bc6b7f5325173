// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Parsed and evaluated in one pass, by recursive descent: a condition is one line and is evaluated
 * at most some thousand times in a study. Both sides of "and" and "or" are always evaluated, so a
 * misspelt name is reported at the first point.
 */
#include "condition.h"

#include "mem.h"
#include "quantity.h"
#include "sweep_axis.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum value_type { VALUE_TRUTH, VALUE_QUANTITY, VALUE_TEXT };

/* Value of an operand. */
struct value {
    enum value_type type;
    bool truth;
    struct quantity quantity;
    char *text; /* TEXT: owned */
};

enum { DEPTH_MAX = 50 };

struct reader {
    const char *text, *at;
    condition_lookup *lookup;
    void *self;
    struct strbuf *why;
    int depth;
    bool is_good;
};

static struct value read_or(struct reader *reader);

static void condition_error(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void condition_error(struct reader *reader, const char *format, ...)
{
    va_list args;

    if (!reader->is_good)
        return;
    va_start(args, format);
    strbuf_addv(reader->why, format, args);
    va_end(args);
    reader->is_good = false;
}

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\n");
}

/* Consume `word` if it is next: a sign, or a keyword that is not the start of a name. */
static bool take(struct reader *reader, const char *word)
{
    size_t length = strlen(word);

    skip_blanks(reader);
    if (strncmp(reader->at, word, length) != 0)
        return false;
    if (isalpha((unsigned char)word[0]) &&
        (isalnum((unsigned char)reader->at[length]) || strchr("._-", reader->at[length])) &&
        reader->at[length])
        return false;
    reader->at += length;
    return true;
}

static struct value truth_value(bool truth)
{
    return (struct value){.type = VALUE_TRUTH, .truth = truth};
}

static void value_release(struct value *value)
{
    free(value->text);
    value->text = NULL;
}

/* Length in bytes of the name, path or quantity that is next. */
static size_t word_length(const char *at)
{
    bool is_quantity = isdigit((unsigned char)*at) || *at == '.';
    size_t i = 0;

    while (at[i] && (isalnum((unsigned char)at[i]) || strchr("._-%[]\"", at[i]) ||
                     (is_quantity && at[i] == '/' && isalpha((unsigned char)at[i + 1])))) {
        if (at[i] == '"') /* a quoted part of a path may contain anything */
            i += 1 + strcspn(at + i + 1, "\"");
        i += at[i] != '\0';
    }
    return i;
}

static struct value read_path(struct reader *reader, const char *path)
{
    const char *text = reader->lookup(reader->self, path);
    struct value value = {.type = VALUE_TEXT};

    if (!text) {
        condition_error(reader, "has no single value for '%s' in this scenario", path);
        return value;
    }
    if (quantity_parse(text, &value.quantity))
        value.type = VALUE_QUANTITY;
    else
        value.text = mem_strdup(text);
    return value;
}

static struct value read_operand(struct reader *reader)
{
    struct value value = truth_value(false);

    if (take(reader, "(")) {
        value = read_or(reader);
        if (!take(reader, ")"))
            condition_error(reader, "needs a closing ')' at '%s'", reader->at);
        return value;
    }
    if (*reader->at == '\'' || *reader->at == '"') {
        size_t length = strcspn(reader->at + 1, *reader->at == '"' ? "\"" : "'");
        value.type = VALUE_TEXT;
        value.text = mem_strndup(reader->at + 1, length);
        reader->at += 1 + length;
        if (*reader->at)
            reader->at++;
        else
            condition_error(reader, "needs a closing quote after '%s'", value.text);
        return value;
    }
    size_t length = word_length(reader->at);
    char *word = sweep_path_make(reader->at, length);
    bool is_quantity = isdigit((unsigned char)*word) || *word == '.';
    if (length == 0)
        condition_error(reader, "needs a parameter or a quantity at '%s'", reader->at);
    else if (!is_quantity)
        value = read_path(reader, word);
    else if (quantity_parse(word, &value.quantity))
        value.type = VALUE_QUANTITY;
    else
        condition_error(reader, "has an invalid quantity '%s'", word);
    reader->at += length;
    free(word);
    return value;
}

static const char *type_name(const struct value *value)
{
    switch (value->type) {
    case VALUE_TRUTH:
        return "a condition";
    case VALUE_TEXT:
        return "a text";
    case VALUE_QUANTITY:
        break;
    }
    return quantity_kind_name(value->quantity.kind);
}

static bool both_quantities(struct reader *reader, const char *sign, const struct value *left,
                            const struct value *right)
{
    bool good = left->type == VALUE_QUANTITY && right->type == VALUE_QUANTITY;

    if (!good)
        condition_error(reader, "cannot compute %s %s %s", type_name(left), sign, type_name(right));
    return good;
}

static void multiply(struct reader *reader, struct value *left, const struct value *right)
{
    if (!both_quantities(reader, "*", left, right))
        return;
    if (left->quantity.kind != QUANTITY_NUMBER && right->quantity.kind != QUANTITY_NUMBER)
        condition_error(reader, "cannot compute %s * %s", type_name(left), type_name(right));
    if (left->quantity.kind == QUANTITY_NUMBER)
        left->quantity.kind = right->quantity.kind;
    left->quantity.value *= right->quantity.value;
}

static void divide(struct reader *reader, struct value *left, const struct value *right)
{
    if (!both_quantities(reader, "/", left, right))
        return;
    if (right->quantity.value == 0)
        condition_error(reader, "divides by zero");
    else if (left->quantity.kind == right->quantity.kind)
        left->quantity.kind = QUANTITY_NUMBER;
    else if (right->quantity.kind != QUANTITY_NUMBER)
        condition_error(reader, "cannot compute %s / %s", type_name(left), type_name(right));
    left->quantity.value /= right->quantity.value != 0 ? right->quantity.value : 1;
}

static struct value read_product(struct reader *reader)
{
    struct value left = read_operand(reader);

    for (;;) {
        bool times = reader->is_good && take(reader, "*");
        if (!times && !(reader->is_good && take(reader, "/")))
            return left;
        struct value right = read_operand(reader);
        if (reader->is_good)
            (times ? multiply : divide)(reader, &left, &right);
        value_release(&right);
    }
}

/* Same kind; a plain 0 fits every kind, and a plain number fits a share. */
static bool alike(struct quantity *left, struct quantity *right)
{
    if (left->kind == right->kind)
        return true;
    if ((left->kind == QUANTITY_NUMBER && right->kind == QUANTITY_SHARE) ||
        (left->kind == QUANTITY_SHARE && right->kind == QUANTITY_NUMBER))
        return true;
    return (left->kind == QUANTITY_NUMBER && left->value == 0) ||
           (right->kind == QUANTITY_NUMBER && right->value == 0);
}

static struct value read_sum(struct reader *reader)
{
    struct value left = read_product(reader);

    for (;;) {
        bool plus = reader->is_good && take(reader, "+");
        if (!plus && !(reader->is_good && take(reader, "-")))
            return left;
        struct value right = read_product(reader);
        const char *sign = plus ? "+" : "-";
        if (reader->is_good && both_quantities(reader, sign, &left, &right)) {
            if (!alike(&left.quantity, &right.quantity))
                condition_error(reader, "cannot compute %s %s %s", type_name(&left), sign,
                                type_name(&right));
            if (left.quantity.kind == QUANTITY_NUMBER)
                left.quantity.kind = right.quantity.kind;
            left.quantity.value += plus ? right.quantity.value : -right.quantity.value;
        }
        value_release(&right);
    }
}

/* In the order in which they must be tried. */
static const char *const relations[] = {"<=", ">=", "==", "!=", "<", ">"};
enum relation { LESS_EQUAL, GREATER_EQUAL, EQUAL, UNEQUAL, LESS, GREATER, RELATIONS };

/* "300ms" and "0.3s" are equal, regardless of rounding. */
static bool equal(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static bool relate(double left, double right, enum relation relation)
{
    bool same = equal(left, right);

    switch (relation) {
    case LESS_EQUAL:
        return left < right || same;
    case GREATER_EQUAL:
        return left > right || same;
    case EQUAL:
        return same;
    case UNEQUAL:
        return !same;
    case LESS:
        return left < right && !same;
    case GREATER:
    case RELATIONS:
        break;
    }
    return left > right && !same;
}

static bool compare(struct reader *reader, struct value *left, struct value *right,
                    enum relation relation)
{
    if (left->type == VALUE_TEXT && right->type == VALUE_TEXT &&
        (relation == EQUAL || relation == UNEQUAL))
        return (strcmp(left->text, right->text) == 0) == (relation == EQUAL);
    if (!both_quantities(reader, relations[relation], left, right))
        return false;
    if (!alike(&left->quantity, &right->quantity))
        condition_error(reader, "cannot compare %s with %s", type_name(left), type_name(right));
    return relate(left->quantity.value, right->quantity.value, relation);
}

static struct value read_comparison(struct reader *reader)
{
    struct value left = read_sum(reader);

    for (int i = 0; i < RELATIONS && reader->is_good; i++) {
        if (!take(reader, relations[i]))
            continue;
        struct value right = read_sum(reader);
        bool truth = reader->is_good && compare(reader, &left, &right, (enum relation)i);
        value_release(&left);
        value_release(&right);
        return truth_value(truth);
    }
    return left;
}

static bool truth_of(struct reader *reader, struct value *value)
{
    if (value->type != VALUE_TRUTH)
        condition_error(reader, "needs a comparison, such as 'client.timeout < 1s', got %s",
                        type_name(value));
    value_release(value);
    return value->truth;
}

static struct value read_not(struct reader *reader)
{
    if (!take(reader, "not"))
        return read_comparison(reader);
    struct value value = read_comparison(reader);
    return truth_value(!truth_of(reader, &value));
}

static struct value read_and(struct reader *reader)
{
    struct value left = read_not(reader);

    while (reader->is_good && take(reader, "and")) {
        struct value right = read_not(reader);
        bool a = truth_of(reader, &left), b = truth_of(reader, &right);
        left = truth_value(a && b);
    }
    return left;
}

static struct value read_or(struct reader *reader)
{
    if (++reader->depth > DEPTH_MAX) {
        condition_error(reader, "is nested deeper than %d", DEPTH_MAX);
        return truth_value(false);
    }
    struct value left = read_and(reader);

    while (reader->is_good && take(reader, "or")) {
        struct value right = read_and(reader);
        bool a = truth_of(reader, &left), b = truth_of(reader, &right);
        left = truth_value(a || b);
    }
    reader->depth--;
    return left;
}

bool condition_evaluate(const char *text, condition_lookup *lookup, void *self, bool *holds,
                        struct strbuf *why)
{
    struct reader reader = {text, text, lookup, self, why, 0, true};
    struct value value = read_or(&reader);

    *holds = truth_of(&reader, &value);
    skip_blanks(&reader);
    if (*reader.at)
        condition_error(&reader, "does not expect '%s'", reader.at);
    return reader.is_good;
}

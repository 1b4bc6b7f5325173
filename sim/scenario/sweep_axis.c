// SPDX-License-Identifier: GPL-3.0-or-later
#include "sweep_axis.h"

#include "mem.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A step that misses the end only by rounding still reaches it. */
#define MEETS (1 + 1e-9)

void sweep_axis_release(struct sweep_axis *axis)
{
    for (size_t i = 0; i < axis->value_count; i++)
        free(axis->values[i]);
    free(axis->values);
    free(axis->path);
    *axis = (struct sweep_axis){0};
}

char *sweep_path_make(const char *text, size_t length)
{
    struct strbuf path = STRBUF_INIT;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        size_t digits = text[i] == '[' ? strspn(text + i + 1, "0123456789") : 0;

        quoted = quoted != (text[i] == '"');
        if (quoted || digits == 0 || i + 1 + digits >= length || text[i + 1 + digits] != ']') {
            strbuf_add_char(&path, text[i]);
            continue;
        }
        strbuf_addf(&path, ".%.*s", (int)digits, text + i + 1);
        i += digits + 1;
    }
    return strbuf_detach(&path);
}

/* A copy without surrounding blanks; the caller frees it. */
static char *trimmed(const char *text, size_t length)
{
    while (length > 0 && strchr(" \t\n", text[length - 1]))
        length--;
    while (length > 0 && strchr(" \t\n", *text)) {
        text++;
        length--;
    }
    return mem_strndup(text, length);
}

static void add_value(struct sweep_axis *axis, char *value)
{
    axis->values = mem_realloc(axis->values, axis->value_count + 1, sizeof *axis->values);
    axis->values[axis->value_count++] = value;
}

static void add_quantity(struct sweep_axis *axis, const struct quantity *quantity)
{
    struct strbuf text = STRBUF_INIT;

    quantity_add(&text, quantity);
    add_value(axis, strbuf_detach(&text));
}

/* Bytes up to the next comma that is in no bracket and no quotes. */
static size_t item_length(const char *text)
{
    int depth = 0;
    char quote = '\0';
    size_t i = 0;

    for (; text[i] && (text[i] != ',' || depth > 0 || quote); i++)
        if (quote)
            quote = text[i] == quote ? '\0' : quote;
        else if (text[i] == '"' || text[i] == '\'')
            quote = text[i];
        else if (strchr("{[(", text[i]))
            depth++;
        else if (strchr("}])", text[i]))
            depth--;
    return i;
}

static bool parse_list(const char *text, struct sweep_axis *axis, struct strbuf *why)
{
    const char *at = text;

    for (;;) {
        size_t length = item_length(at);
        char *value = trimmed(at, length);
        add_value(axis, value);
        if (!*value) {
            strbuf_addf(why,
                        "needs values such as '100ms, 1s' or a range such as "
                        "'100ms..1s/100ms', got '%s'",
                        text);
            return false;
        }
        if (axis->value_count > SWEEP_VALUES_MAX) {
            strbuf_addf(why, "has more than %d values", SWEEP_VALUES_MAX);
            return false;
        }
        if (!at[length])
            return true;
        at += length + 1;
    }
}

/* The parts of "FROM..TO/STEP" and similar forms. */
struct range_text {
    char *from, *to, *step; /* step NULL: none */
    char separator;         /* '/' '*' or '\0' */
};

/* Split at the last separating '/' or '*': "10/s..100/s" has none, "10/s..100/s/10/s" the third
 * one. The text before it must be a quantity. */
static void cut_step(const char *rest, struct range_text *range)
{
    for (const char *c = rest; *c; c++) {
        struct quantity to;
        char *head = trimmed(rest, (size_t)(c - rest));
        bool divides = (*c == '/' || *c == '*') && quantity_parse(head, &to);
        /* "100/s" is a rate: only text after it may be a step. */
        struct quantity whole;
        char *all = trimmed(rest, strlen(rest));
        divides = divides && !quantity_parse(all, &whole);
        free(all);
        if (divides) {
            struct quantity step;
            char *tail = trimmed(c + 1, strlen(c + 1));
            if ((*c == '*' && !*tail) || quantity_parse(tail, &step)) {
                range->to = head;
                range->separator = *c;
                range->step = tail;
                return;
            }
            free(tail);
        }
        free(head);
    }
    range->to = trimmed(rest, strlen(rest));
}

static bool parse_ends(const struct range_text *range, struct sweep_axis *axis, struct strbuf *why)
{
    const char *wrong = !quantity_parse(range->from, &axis->from) ? range->from
                        : !quantity_parse(range->to, &axis->to)   ? range->to
                                                                  : NULL;

    if (wrong) {
        strbuf_addf(why,
                    "needs a quantity at each end of a range, such as '100ms..1s/100ms', got "
                    "'%s'",
                    wrong);
        return false;
    }
    if (axis->from.value == 0 && axis->from.kind == QUANTITY_NUMBER)
        axis->from.kind = axis->to.kind; /* 0 fits any unit */
    if (axis->from.kind != axis->to.kind)
        strbuf_addf(why, "goes from %s to %s", quantity_kind_name(axis->from.kind),
                    quantity_kind_name(axis->to.kind));
    else if (axis->from.value >= axis->to.value)
        strbuf_addf(why, "needs a range in ascending order, got '%s..%s'", range->from, range->to);
    else
        return true;
    return false;
}

static bool parse_steps(const struct range_text *range, struct sweep_axis *axis, struct strbuf *why)
{
    struct quantity step, value = axis->from;
    double ratio = 0;
    bool is_factor = range->separator == '*';

    quantity_parse(range->step, &step);
    if (is_factor && (step.kind != QUANTITY_NUMBER || step.value <= 1 || value.value <= 0)) {
        strbuf_addf(why, "needs a factor above 1 after '*' and a start above 0, got '%s' and '%s'",
                    range->step, range->from);
        return false;
    }
    if (!is_factor && (step.kind != value.kind || step.value <= 0)) {
        strbuf_addf(why, "needs %s above 0 after '/', got '%s'", quantity_kind_name(value.kind),
                    range->step);
        return false;
    }
    ratio = is_factor ? log(axis->to.value / value.value) / log(step.value)
                      : (axis->to.value - value.value) / step.value;
    if (ratio * MEETS >= SWEEP_VALUES_MAX) {
        strbuf_addf(why, "has more than %d values", SWEEP_VALUES_MAX);
        return false;
    }
    for (int i = 0; i <= ratio * MEETS; i++) {
        value.value =
            is_factor ? axis->from.value * pow(step.value, i) : axis->from.value + i * step.value;
        add_quantity(axis, &value);
    }
    return true;
}

static bool parse_range(const char *text, const char *dots, struct sweep_axis *axis,
                        struct strbuf *why)
{
    struct range_text range = {.from = trimmed(text, (size_t)(dots - text))};
    bool good;

    cut_step(dots + 2, &range);
    good = parse_ends(&range, axis, why);
    axis->is_log = range.separator == '*' && !*range.step;
    if (good && axis->is_log && axis->from.value <= 0) {
        strbuf_addf(why, "needs a start above 0 for a logarithmic range, got '%s'", range.from);
        good = false;
    }
    if (good && range.step && *range.step)
        good = parse_steps(&range, axis, why);
    axis->has_range = good;
    free(range.from);
    free(range.to);
    free(range.step);
    return good;
}

/* An invalid axis has no values. */
static bool finish_axis(struct sweep_axis *axis, bool good)
{
    char *path = axis->path;

    if (!good) {
        axis->path = NULL;
        sweep_axis_release(axis);
        axis->path = path;
    }
    return good;
}

bool sweep_axis_split(const char *text, struct sweep_axis *axis, struct strbuf *why)
{
    return finish_axis(axis, parse_list(text, axis, why));
}

bool sweep_axis_parse(const char *text, struct sweep_axis *axis, struct strbuf *why)
{
    const char *dots = strstr(text, "..");
    bool is_range = dots && item_length(text) == strlen(text) && text[0] != '{';

    return finish_axis(axis,
                       is_range ? parse_range(text, dots, axis, why) : parse_list(text, axis, why));
}

/* To four digits, easy to read and to type. */
static double rounded(double value)
{
    double unit = value > 0 ? pow(10, floor(log10(value)) - 3) : 0;

    return unit > 0 ? round(value / unit) * unit : value;
}

char *sweep_axis_at(const struct sweep_axis *axis, double share)
{
    struct quantity value = axis->from;
    struct strbuf text = STRBUF_INIT;

    if (axis->value_count > 0) {
        size_t index = (size_t)(share * (double)axis->value_count);
        return mem_strdup(axis->values[index < axis->value_count ? index : axis->value_count - 1]);
    }
    if (axis->is_log)
        value.value *= pow(axis->to.value / axis->from.value, share);
    else if (axis->from.whole && axis->to.whole)
        value.value =
            fmin(axis->to.value, floor(value.value + share * (axis->to.value - value.value + 1)));
    else
        value.value += share * (axis->to.value - value.value);
    if (axis->is_log && axis->from.whole && axis->to.whole)
        value.value = round(value.value);
    value.value = fmin(axis->to.value, fmax(axis->from.value, rounded(value.value)));
    quantity_add(&text, &value);
    return strbuf_detach(&text);
}

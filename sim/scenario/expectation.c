// SPDX-License-Identifier: GPL-3.0-or-later
#include "expectation.h"

#include "mem.h"
#include "metric_ref_internal.h"
#include "units.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void take_comparison(struct cursor *cursor, enum comparison *comparison)
{
    bool is_less = *cursor->at == '<', or_equal;

    if (!is_less && *cursor->at != '>') {
        cursor_error(cursor, cursor->at, "needs one of <, <=, >, >= here");
        return;
    }
    or_equal = cursor->at[1] == '=';
    cursor->at += or_equal ? 2 : 1;
    *comparison = is_less ? (or_equal ? CMP_LESS_EQUAL : CMP_LESS)
                          : (or_equal ? CMP_GREATER_EQUAL : CMP_GREATER);
    cursor_skip_blanks(cursor);
}

static void take_factor(struct cursor *cursor, struct expectation *expect)
{
    const char *star = strchr(cursor->at, '*');
    struct strbuf why = STRBUF_INIT;
    char *number;

    expect->factor = 1;
    if (!star)
        return;
    number = mem_strndup(cursor->at, (size_t)(star - cursor->at));
    while (number[0] && number[strlen(number) - 1] == ' ')
        number[strlen(number) - 1] = '\0';
    if (!units_parse_number(number, &expect->factor, &why))
        cursor_error(cursor, cursor->at, "the factor before '*' %s", why.text);
    free(number);
    strbuf_release(&why);
    cursor->at = star + 1;
}

static void take_right(struct cursor *cursor, struct expectation *expect)
{
    struct strbuf why = STRBUF_INIT;

    expect->right_is_metric = strchr(cursor->at, '*') || isalpha((unsigned char)*cursor->at);
    expect->factor = 1;
    if (expect->right_is_metric) {
        take_factor(cursor, expect);
        if (cursor->is_good)
            cursor_take_metric(cursor, &expect->right);
        if (cursor->is_good && *cursor->at)
            cursor_error(cursor, cursor->at, "does not expect '%s' here", cursor->at);
        if (cursor->is_good && metric_ref_unit(&expect->left) != metric_ref_unit(&expect->right))
            cursor_error(cursor, cursor->text, "compares '%s' with '%s', which has another unit",
                         expect->left.metric->name, expect->right.metric->name);
    } else if (!units_parse(cursor->at, metric_ref_unit(&expect->left), &expect->value, &why)) {
        cursor_error(cursor, cursor->at, "'%s' %s", expect->left.metric->name, why.text);
    }
    strbuf_release(&why);
}

/* In the order of enum expectation_side. */
static const char *const side_names[] = {NULL, "mean(", "lower(", "upper("};

static void take_expectation(struct cursor *cursor, struct expectation *expect)
{
    cursor_skip_blanks(cursor);
    for (int side = BY_MEAN; side <= BY_UPPER; side++) {
        size_t length = strlen(side_names[side]);
        if (strncmp(cursor->at, side_names[side], length) == 0) {
            expect->side = (enum expectation_side)side;
            cursor->at += length;
            break;
        }
    }
    cursor_take_metric(cursor, &expect->left);
    if (cursor->is_good && expect->side != BY_INTERVAL) {
        if (*cursor->at != ')')
            cursor_error(cursor, cursor->at, "needs a closing ')'");
        else
            cursor->at++;
        cursor_skip_blanks(cursor);
    }
    if (cursor->is_good)
        take_comparison(cursor, &expect->comparison);
    if (cursor->is_good)
        take_right(cursor, expect);
}

static void build_expectation(struct builder *builder, const struct yaml_node *node)
{
    struct expectation *expect = &builder->scenario->expects[builder->scenario->expect_count];
    struct cursor cursor = {builder, node, node->text, node->text, true};

    if (node->kind != YAML_SCALAR || node->is_null) {
        error_at(builder->errors, node,
                 "an expectation is a text such as 'reauth_rate < 0.1%%', got %s",
                 yaml_kind_name(node));
        return;
    }
    builder->scenario->expect_count++;
    expect->text = mem_strdup(node->text);
    take_expectation(&cursor, expect);
}

void expectations_build(struct builder *builder)
{
    const struct yaml_node *node = yaml_get(builder->root, "expect");
    size_t count = node && node->kind == YAML_LIST ? node->count : 1;

    if (!node || node->is_null)
        return;
    if (count > SCENARIO_ITEMS_MAX) {
        error_at(builder->errors, node, "'expect' has %zu items and at most %d are allowed", count,
                 SCENARIO_ITEMS_MAX);
        return;
    }
    builder->scenario->expects = mem_zalloc(count + 1, sizeof builder->scenario->expects[0]);
    if (node->kind != YAML_LIST)
        build_expectation(builder, node);
    else
        for (size_t i = 0; i < count; i++)
            build_expectation(builder, node->entries[i].value);
}

void expectation_release(struct expectation *expect)
{
    free(expect->text);
    metric_ref_release(&expect->left);
    metric_ref_release(&expect->right);
    expect->text = NULL;
}

void expectations_free(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->expect_count; i++)
        expectation_release(&scenario->expects[i]);
    free(scenario->expects);
}

bool scenario_parse_expectation(const struct scenario *scenario, const char *name, const char *text,
                                struct expectation *expect, struct diag *diag)
{
    struct loose_text loose;
    struct cursor cursor = cursor_of_text(&loose, scenario, name, text, diag);

    *expect = (struct expectation){.text = mem_strdup(text)};
    take_expectation(&cursor, expect);
    error_list_release(&loose.errors);
    return cursor.is_good;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "condition.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const char *lookup(void *self, const char *path)
{
    static const struct {
        const char *path, *value;
    } values[] = {
        {"client.timeout", "300ms"},
        {"client.retry.attempts", "4"},
        {"client.retry.deadline", "1.2s"},
        {"client.retry.jitter", "full"},
        {"network.\"us-west-1 -> us-west-2\".loss", "0.5%"},
        {"regions.us-west-2.population.sessions", "600/min"},
        {"android", "1"},
    };

    (void)self;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].path, path) == 0)
            return values[i].value;
    return NULL;
}

static void expect_truth(const char *text, bool expected)
{
    struct strbuf why = STRBUF_INIT;
    bool holds = !expected;

    if (!condition_evaluate(text, lookup, NULL, &holds, &why))
        fail_msg("'%s' %s", text, why.text);
    if (holds != expected)
        fail_msg("'%s' is %s", text, holds ? "true" : "false");
    strbuf_release(&why);
}

static void expect_wrong(const char *text, const char *reason)
{
    struct strbuf why = STRBUF_INIT;
    bool holds;

    assert_false(condition_evaluate(text, lookup, NULL, &holds, &why));
    assert_string_equal(why.text, reason);
    strbuf_release(&why);
}

static void parameters_and_quantities_compare(void **state)
{
    (void)state;
    expect_truth("client.timeout < client.retry.deadline", true);
    expect_truth("client.timeout == 0.3s", true);
    expect_truth("client.timeout*client.retry.attempts <= client.retry.deadline", true);
    expect_truth("client.timeout * client.retry.attempts < client.retry.deadline", false);
    expect_truth("client.timeout + 100ms > 2 * client.timeout", false);
    expect_truth("client.retry.deadline - client.timeout >= 900ms", true);
    expect_truth("client.retry.deadline / client.timeout == client.retry.attempts", true);
    expect_truth("client.retry.jitter == 'full' and client.retry.jitter != \"none\"", true);
    expect_truth("network.\"us-west-1 -> us-west-2\".loss < 1%", true);
    expect_truth("network.\"us-west-1 -> us-west-2\".loss > 0.004", true);
    expect_truth("regions.us-west-2.population.sessions == 10/s", true);
    expect_truth("client.timeout > 0", true);
}

static void logic_binds_as_usual(void **state)
{
    (void)state;
    expect_truth("1 > 2 and 1 > 2 or 1 < 2", true);
    expect_truth("1 > 2 and (1 > 2 or 1 < 2)", false);
    expect_truth("not 1 > 2 and 2 > 1", true);
    expect_truth("not (1 < 2 and 2 > 1)", false);
    expect_truth("1 + 2 * 3 == 7 and (1 + 2) * 3 == 9", true);
    expect_truth("android == 1", true);
    expect_truth("8 - 4 - 2 == 2 and 8 / 4 / 2 == 1", true);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    expect_wrong("client.timout < 1s", "has no single value for 'client.timout' in this scenario");
    expect_wrong("client.timeout < 5", "cannot compare a duration with a number");
    expect_wrong("client.timeout < ", "needs a parameter or a quantity at ''");
    expect_wrong("client.timeout",
                 "needs a comparison, such as 'client.timeout < 1s', got a duration");
    expect_wrong("(1 < 2", "needs a closing ')' at ''");
    expect_wrong("1 < 2 3", "does not expect '3'");
    expect_wrong("client.timeout * 1s > 2s", "cannot compute a duration * a duration");
    expect_wrong("client.retry.jitter < 'full'", "cannot compute a text < a text");
    expect_wrong("1 / 0 > 1", "divides by zero");
    expect_wrong("1 < 5xs", "has an invalid quantity '5xs'");
    expect_wrong("client.retry.jitter == 'full", "needs a closing quote after 'full'");
    expect_wrong("", "needs a parameter or a quantity at ''");
    expect_wrong("((((((((((((((((((((((((((((((((((((((((((((((((((((((1", "is nested deeper than "
                                                                            "50");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_and_quantities_compare),
        cmocka_unit_test(logic_binds_as_usual),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

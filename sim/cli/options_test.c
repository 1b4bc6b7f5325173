// SPDX-License-Identifier: GPL-3.0-or-later
#include "options.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

struct sample_values {
    bool quiet;
    const char *output, *seed;
    struct text_list sets;
    uint32_t count, index;
    int format, plot;
};
#define OPTION_VALUES struct sample_values
static const char *const formats[] = {"png", "svg", NULL};

/* clang-format off */
static const struct option sample_options[] = {
    FLAG_OPTION   ("quiet",  quiet,  "say nothing"),
    TEXT_OPTION   ("output", output, "FILE", NULL, "where to"),
    INTEGER_OPTION("seed",   seed,   "N", NULL, "seed"),
    LIST_OPTION   ("set",    sets,   "PATH=VALUE", "set"),
    COUNT_OPTION  ("count",  count,  "N", "1", "how many"),
    INDEX_OPTION  ("index",  index,  "N", "0", "which"),
    CHOICE_OPTION ("format", format, formats, "png", "kind"),
    DEFAULTED_CHOICE_OPTION("plot", plot, formats, "none", "draw"),
    OPTIONS_END,
};
/* clang-format on */
static const struct command sample = {
    .name = "sample",
    .arguments = "FILE",
    .argument_min = 1,
    .argument_max = 2,
    .summary = "A sample",
    .options = sample_options,
    .values_size = sizeof(struct sample_values),
};
/* A verb that shares the options of the sample but refuses one. */
static const struct refused_option refused[] = {{"seed", "use '--index'"}, {NULL, NULL}};
static const struct command choosy = {
    .name = "choosy",
    .arguments = "FILE",
    .argument_min = 1,
    .argument_max = 2,
    .summary = "A choosy sample",
    .more_options = sample_options,
    .refused = refused,
    .values_size = sizeof(struct sample_values),
};

static enum parse_outcome parse_by(const struct command *command, const char *const *words,
                                   struct invocation *invocation)
{
    char *copies[16] = {NULL};
    int count = 0;

    for (; words[count]; count++)
        copies[count] = (char *)(uintptr_t)words[count];
    *invocation = (struct invocation){0};
    return options_parse(command, count, copies, invocation);
}

static enum parse_outcome parse(const char *const *words, struct invocation *invocation)
{
    return parse_by(&sample, words, invocation);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void values_come_in_both_spellings_and_any_order(void **state)
{
    struct invocation it;

    (void)state;
    assert_int_equal(
        parse(WORDS("a.yaml", "--set", "x=1", "--quiet", "--set=y=2", "--count=3", "--index", "0",
                    "--seed", "18446744073709551615", "--format", "svg", "b"),
              &it),
        PARSE_RUN);
    const struct sample_values *values = it.values;
    assert_true(values->quiet);
    assert_null(values->output);
    assert_int_equal(values->sets.count, 2);
    assert_string_equal(values->sets.items[0], "x=1");
    assert_string_equal(values->sets.items[1], "y=2");
    assert_int_equal(values->count, 3);
    assert_string_equal(values->seed, "18446744073709551615");
    assert_int_equal(values->format, 2);
    assert_int_equal(values->plot, 0);
    assert_int_equal(it.argument_count, 2);
    assert_string_equal(it.arguments[0], "a.yaml");
    assert_string_equal(it.arguments[1], "b");
    options_release(&it);
}

static void two_dashes_end_the_options(void **state)
{
    struct invocation it;

    (void)state;
    assert_int_equal(parse(WORDS("--", "--quiet", "-"), &it), PARSE_RUN);
    assert_int_equal(it.argument_count, 2);
    assert_string_equal(it.arguments[0], "--quiet");
    options_release(&it);
}

static void a_choice_with_a_default_takes_no_word_of_its_own(void **state)
{
    struct invocation it;

    (void)state;
    assert_int_equal(parse(WORDS("--plot", "a"), &it), PARSE_RUN);
    assert_int_equal(((struct sample_values *)it.values)->plot, 1);
    assert_string_equal(it.arguments[0], "a");
    options_release(&it);
    assert_int_equal(parse(WORDS("--plot=svg", "a"), &it), PARSE_RUN);
    assert_int_equal(((struct sample_values *)it.values)->plot, 2);
    options_release(&it);
}

static void errors_are_refused(void **state)
{
    static const char *const cases[][4] = {
        {"a", "--quite"},       {"a", "--quiet=yes"},  {"a", "--count"},
        {"a", "--count", "0"},  {"a", "--count", "x"}, {"a", "--seed", "-1"},
        {"a", "--seed", "1e9"}, {"a", "--seed="},      {"a", "--seed", "18446744073709551616"},
        {"a", "--format=gif"},  {"a", "--plot=gif"},   {"a", "-q"},
        {"a", "b", "c"},        {"--quiet"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct invocation it;
        assert_int_equal(parse(cases[i], &it), PARSE_WRONG);
        options_release(&it);
    }
}

static void help_is_asked_for_anywhere(void **state)
{
    struct invocation it;

    (void)state;
    assert_int_equal(parse(WORDS("a", "b", "c", "--help"), &it), PARSE_HELP);
    options_release(&it);
}

static void help_names_every_option(void **state)
{
    char text[4096] = {0};
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    assert_non_null(out);
    options_help(&sample, out);
    fclose(out);
    for (const struct option *option = sample_options; option->name; option++) {
        assert_non_null(strstr(text, option->name));
        assert_non_null(strstr(text, option->meaning));
    }
    assert_non_null(strstr(text, "--plot[=png|svg]"));
}

static void a_refused_option_is_neither_accepted_nor_listed(void **state)
{
    struct invocation it;
    char text[4096] = {0};
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    assert_int_equal(parse_by(&choosy, WORDS("a", "--index", "2"), &it), PARSE_RUN);
    options_release(&it);
    assert_int_equal(parse_by(&choosy, WORDS("a", "--seed", "2"), &it), PARSE_WRONG);
    options_release(&it);
    options_help(&choosy, out);
    fclose(out);
    assert_non_null(strstr(text, "--set, --count, --index"));
    assert_null(strstr(text, "--seed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_in_both_spellings_and_any_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_choice_with_a_default_takes_no_word_of_its_own),
        cmocka_unit_test(errors_are_refused),
        cmocka_unit_test(help_is_asked_for_anywhere),
        cmocka_unit_test(help_names_every_option),
        cmocka_unit_test(a_refused_option_is_neither_accepted_nor_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

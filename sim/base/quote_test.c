// SPDX-License-Identifier: GPL-3.0-or-later
#include "quote.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

struct quote_case {
    const char *text, *quoted;
};

static void check_all(enum quote_target target, const struct quote_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct strbuf out = STRBUF_INIT;
        quote_add(&out, target, cases[i].text);
        assert_string_equal(out.text, cases[i].quoted);
        strbuf_release(&out);
    }
}
#define CHECK_ALL(target, cases) check_all(target, cases, sizeof(cases) / sizeof((cases)[0]))

/* An escape sequence, BEL, DEL, CSI as one character (U+009B), U+202E (right-to-left override), a
 * byte that is not UTF-8; what is printable stays. */
static void a_terminal_is_not_driven(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {
        {"plain é 😀", "plain é 😀"},
        {"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
        {"\a\x7f\xc2\x9b", "???"},
        {"two\nlines\tand\r", "two lines and "},
        {"a\xe2\x80\xae"
         "b",
         "a?b"},
        {"\xff\xc3z", "??z"},
        {"", ""},
    };
    CHECK_ALL(QUOTE_TERMINAL, cases);
    static const struct quote_case tabs[] = {{"\ta\x1b\n", "\ta? "}};
    CHECK_ALL(QUOTE_EXCERPT, tabs);
}

/* Each of these reorders what follows it (UAX #9), or ends the line. */
static void what_reorders_or_ends_a_line_is_not_printed(void **state)
{
    (void)state;
    static const char *const all[] = {
        "\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xab",
        "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7",
        "\xe2\x81\xa8", "\xe2\x81\xa9", "\xe2\x80\xa8", "\xe2\x80\xa9",
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct quote_case cases[] = {{all[i], "?"}};
        CHECK_ALL(QUOTE_TERMINAL, cases);
    }
    /* Their neighbours are letters and signs like others. */
    static const struct quote_case neighbours[] = {
        {"\xe2\x80\xaf\xe2\x80\xa7\xe2\x81\xaa", "\xe2\x80\xaf\xe2\x80\xa7\xe2\x81\xaa"}};
    CHECK_ALL(QUOTE_TERMINAL, neighbours);
}

static void a_file_name_stays_in_its_folder(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {{"../a b/c", "_.-a-b-c"}, {"-|touch x", "_-touch-x"},
                                              {"$(x)`y`", "_(x)-y-"},   {"\x1b[0m\xff\n", "_[0m--"},
                                              {"é_1.2", "é_1.2"},       {"", ""}};
    CHECK_ALL(QUOTE_FILE_NAME, cases);
}

/* XML 1.0, section 2.2: no control characters but tab, newline and return; no U+FFFE, U+FFFF. */
static void markup_has_no_tags_and_no_forbidden_characters(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {
        {"a<b>&\"c\"'", "a&lt;b&gt;&amp;&quot;c&quot;&#39;"},
        {"\x1b\x01\xef\xbf\xbf\xef\xbf\xbe", "????"},
        {"a\nb", "a b"},
        {"é]]>", "é]]&gt;"},
    };
    CHECK_ALL(QUOTE_MARKUP, cases);
}

static void gnuplot_reads_one_string(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {
        {"'leading", "\"'leading\""},
        {"''", "\"''\""},
        {"a\"b\\n", "\"a\\\"b\\\\n\""},
        {"`touch x`", "\"\\140touch x\\140\""},
        {"10%", "\"10%\""},
        {"a\nplot x", "\"a plot x\""},
        {"\x1b\xff", "\"??\""},
        {"", "\"\""},
    };
    CHECK_ALL(QUOTE_GNUPLOT, cases);
    static const struct quote_case tics[] = {{"10%", "\"10%%\""}, {"%g\"", "\"%%g\\\"\""}};
    CHECK_ALL(QUOTE_GNUPLOT_TIC, tics);
}

static const struct quote_case shell_cases[] = {
    {"scenarios/a-b_c.yaml", "scenarios/a-b_c.yaml"},
    {"", "''"},
    {"two words", "'two words'"},
    {"it's", "'it'\\''s'"},
    {"$(touch x)", "'$(touch x)'"},
    {"|cat", "'|cat'"},
    {"~", "'~'"},
    {"é", "'é'"},
    {"a\nb'c\\", "$'a\\012b\\'c\\\\'"},
    {"\x1b"
     "1",
     "$'\\0331'"},
    {"\xff", "$'\\377'"},
    {"\xe2\x80\xae", "$'\\342\\200\\256'"},
};

static void a_shell_reads_one_word(void **state)
{
    (void)state;
    CHECK_ALL(QUOTE_SHELL, shell_cases);
}

static void quoted_words_are_read_back(void **state)
{
    (void)state;
    struct strbuf line = STRBUF_INIT;
    size_t count = sizeof(shell_cases) / sizeof(shell_cases[0]);
    for (size_t i = 0; i < count; i++) {
        strbuf_add(&line, "  ");
        quote_add(&line, QUOTE_SHELL, shell_cases[i].text);
    }
    const char *at = line.text;
    for (size_t i = 0; i < count; i++) {
        char *word = quote_next_shell_word(&at);
        assert_string_equal(word, shell_cases[i].text);
        free(word);
    }
    assert_null(quote_next_shell_word(&at));
    strbuf_release(&line);
}

/* A line of a damaged file ends wherever it likes. */
static void a_word_that_is_cut_off_ends(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {
        {"'open", "open"}, {"$'\\", ""}, {"$'\\1", "\x01"}, {"a\\", "a\\"}, {"$", "$"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *at = cases[i].text;
        char *word = quote_next_shell_word(&at);
        assert_string_equal(word, cases[i].quoted);
        assert_null(quote_next_shell_word(&at));
        free(word);
    }
}

/* RFC 4180, section 2, rules 5 to 7. */
static void a_csv_field_is_one_field(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {
        {"plain", "plain"},   {"a,b", "\"a,b\""}, {"say \"x\"", "\"say \"\"x\"\"\""},
        {"a\nb", "\"a\nb\""}, {"", ""},           {"\xff,", "\"\xff,\""}};
    CHECK_ALL(QUOTE_CSV, cases);
}

/* Marks of GitHub's Markdown, in a cell of a table: neither the cell nor the line ends. */
static void markdown_is_not_marked_up(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {
        {"write_failure_rate", "write_failure_rate"},
        {"a|b *c* `d` <e> [f](g) &h", "a\\|b \\*c\\* \\`d\\` \\<e> [f\\](g) \\&h"},
        {"rpo < 1 s [2, 3]", "rpo < 1 s [2, 3]"},
        {"a\nb\\", "a b\\\\"}};
    CHECK_ALL(QUOTE_MARKDOWN, cases);
}

/* What RFC 8259 says must be escaped: quote, backslash and everything below U+0020; what could
 * drive a terminal beyond that is escaped too. U+FFFD is EF BF BD; "\xe2\x82" is the head of a euro
 * sign: two bytes, two replacements. */
static void json_escapes_what_must_be(void **state)
{
    (void)state;
    static const struct quote_case cases[] = {
        {"a\"b\\c/\b\f\n\r\t\x01\x1f", "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\""},
        {"\x7f\xc2\x9b\xe2\x80\xae", "\"\\u007f\\u009b\\u202e\""},
        {"", "\"\""},
        {"\xc3\xa9\xf0\x9f\x98\x80\xff\xe2\x82z",
         "\"\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\""},
    };
    CHECK_ALL(QUOTE_JSON, cases);
}

static void a_file_gets_what_a_buffer_gets(void **state)
{
    (void)state;
    char text[64] = "";
    FILE *file = fmemopen(text, sizeof(text), "w");
    quote_write(file, QUOTE_SHELL, "it's");
    quote_print_line(file, ": %s", "a\x1b\nb");
    fclose(file);
    assert_string_equal(text, "'it'\\''s': a? b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_is_not_driven),
        cmocka_unit_test(what_reorders_or_ends_a_line_is_not_printed),
        cmocka_unit_test(a_file_name_stays_in_its_folder),
        cmocka_unit_test(markup_has_no_tags_and_no_forbidden_characters),
        cmocka_unit_test(gnuplot_reads_one_string),
        cmocka_unit_test(a_shell_reads_one_word),
        cmocka_unit_test(quoted_words_are_read_back),
        cmocka_unit_test(a_word_that_is_cut_off_ends),
        cmocka_unit_test(a_csv_field_is_one_field),
        cmocka_unit_test(markdown_is_not_marked_up),
        cmocka_unit_test(json_escapes_what_must_be),
        cmocka_unit_test(a_file_gets_what_a_buffer_gets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

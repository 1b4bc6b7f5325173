// SPDX-License-Identifier: GPL-3.0-or-later
#include "utf8.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

struct utf8_case {
    const char *text;
    size_t size;
};

/* The first and the last character of each length, and around the gap of the surrogates. */
static void well_formed_characters_have_their_size(void **state)
{
    (void)state;
    static const struct utf8_case cases[] = {
        {"\x01", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"az", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(utf8_size(cases[i].text), cases[i].size);
}

static void what_is_not_utf8_has_size_zero(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",                 /* the end */
        "\x80",             /* a continuation alone */
        "\xc1\xbf",         /* overlong U+007F */
        "\xe0\x9f\xbf",     /* overlong U+07FF */
        "\xf0\x8f\xbf\xbf", /* overlong U+FFFF */
        "\xed\xa0\x80",     /* U+D800, a surrogate */
        "\xf4\x90\x80\x80", /* U+110000 */
        "\xff",             /* in no character */
        "\xe2\x82",         /* cut off */
        "\xf0\x9f\x98",     /* cut off */
        "\xe2\x28\xa1",     /* a letter where a continuation must be */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(utf8_size(cases[i]), 0);
}

/* The first and the last of each length. */
static void characters_have_their_code_points(void **state)
{
    (void)state;
    assert_int_equal(utf8_code("\x7f", 1), 0x7f);
    assert_int_equal(utf8_code("\xc2\x80", 2), 0x80);
    assert_int_equal(utf8_code("\xdf\xbf", 2), 0x7ff);
    assert_int_equal(utf8_code("\xe0\xa0\x80", 3), 0x800);
    assert_int_equal(utf8_code("\xef\xbf\xbf", 3), 0xffff);
    assert_int_equal(utf8_code("\xf0\x90\x80\x80", 4), 0x10000);
    assert_int_equal(utf8_code("\xf4\x8f\xbf\xbf", 4), 0x10ffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_characters_have_their_size),
        cmocka_unit_test(what_is_not_utf8_has_size_zero),
        cmocka_unit_test(characters_have_their_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "strbuf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void an_empty_buffer_is_printable_and_owns_nothing(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    assert_string_equal(buf.text, "");
    assert_int_equal(buf.length, 0);
    strbuf_clear(&buf);
    strbuf_truncate(&buf, 0);
    strbuf_add(&buf, "");
    strbuf_add_bytes(&buf, NULL, 0);
    assert_ptr_equal(buf.text, strbuf_empty); /* never released: the sanitizer sees no leak */
}

static void additions_follow_each_other(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    strbuf_add(&buf, "a");
    strbuf_add_bytes(&buf, "bcd", 2);
    strbuf_add_char(&buf, 'd');
    strbuf_addf(&buf, "-%d-%s", 7, "e");
    assert_string_equal(buf.text, "abcd-7-e");
    assert_int_equal(buf.length, 8);
    strbuf_release(&buf);
    assert_ptr_equal(buf.text, strbuf_empty);
    assert_int_equal(buf.capacity, 0);
}

static void bytes_may_hold_a_zero(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    strbuf_add_bytes(&buf, "a\0b", 3);
    strbuf_add_char(&buf, '\0');
    assert_int_equal(buf.length, 4);
    assert_memory_equal(buf.text, "a\0b\0", 5);
    strbuf_release(&buf);
}

static void text_stays_terminated_while_it_grows(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    for (size_t i = 1; i <= 5000; i++) {
        strbuf_addf(&buf, "%c", 'a' + (int)(i % 26));
        assert_int_equal(buf.length, i);
        assert_int_equal(buf.text[i], '\0');
        assert_true(buf.capacity > i);
    }
    assert_int_equal(strlen(buf.text), 5000);
    strbuf_release(&buf);
}

static void a_long_format_fits(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    strbuf_addf(&buf, "%1000d%s", 1, "!");
    assert_int_equal(buf.length, 1001);
    assert_string_equal(buf.text + 998, " 1!");
    strbuf_release(&buf);
}

static void clear_keeps_memory_and_truncate_shortens(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    strbuf_add(&buf, "peninsula");
    const char *memory = buf.text;
    strbuf_truncate(&buf, 3);
    assert_string_equal(buf.text, "pen");
    strbuf_clear(&buf);
    assert_string_equal(buf.text, "");
    assert_ptr_equal(buf.text, memory);
    strbuf_release(&buf);
}

static void detach_hands_over_even_nothing(void **state)
{
    (void)state;
    struct strbuf buf = STRBUF_INIT;
    char *nothing = strbuf_detach(&buf);
    assert_string_equal(nothing, "");
    free(nothing); /* so it is not the shared empty string */
    strbuf_add(&buf, "text");
    char *text = strbuf_detach(&buf);
    assert_string_equal(text, "text");
    assert_ptr_equal(buf.text, strbuf_empty);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_printable_and_owns_nothing),
        cmocka_unit_test(additions_follow_each_other),
        cmocka_unit_test(bytes_may_hold_a_zero),
        cmocka_unit_test(text_stays_terminated_while_it_grows),
        cmocka_unit_test(a_long_format_fits),
        cmocka_unit_test(clear_keeps_memory_and_truncate_shortens),
        cmocka_unit_test(detach_hands_over_even_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "json_writer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "child.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

/* What is written to `file`, to be freed. */
struct page {
    FILE *file;
    char *text;
    size_t size;
};

static void page_open(struct page *page, struct json_writer *json)
{
    page->file = open_memstream(&page->text, &page->size);
    json_begin(json, page->file);
}

static void page_close(struct page *page, struct json_writer *json)
{
    assert_int_equal(json_end(json), 0);
    fclose(page->file);
}

static void a_document_is_laid_out_in_lines_of_two_levels(void **state)
{
    (void)state;
    struct json_writer json;
    struct page page;
    page_open(&page, &json);
    json_open_object(&json, NULL);
    json_text(&json, "name", "a \"b\"");
    json_open_array(&json, "rows");
    for (int i = 0; i < 2; i++) {
        json_open_object(&json, NULL);
        json_integer(&json, "i", i);
        json_flag(&json, "odd", i == 1);
        json_close(&json);
    }
    json_close(&json);
    json_open_array(&json, "none");
    json_close(&json);
    json_close(&json);
    page_close(&page, &json);
    assert_string_equal(page.text, "{\n \"name\": \"a \\\"b\\\"\",\n \"rows\": [\n"
                                   "  {\"i\": 0, \"odd\": false},\n  {\"i\": 1, \"odd\": true}],\n"
                                   " \"none\": []}\n");
    free(page.text);
}

/* 2^53 + 1 is the first integer that a double cannot hold, 0.1 + 0.2 the classic that needs 17
 * digits; 0.95 needs two. */
static void json_lines_are_documents_of_a_line_each(void **state)
{
    (void)state;
    struct json_writer json;
    struct page page;
    page_open(&page, &json);
    json_begin_lines(&json, page.file);
    for (int i = 0; i < 2; i++) {
        json_open_object(&json, NULL);
        json_integer(&json, "i", i);
        json_open_array(&json, "a");
        json_flag(&json, NULL, true);
        json_close(&json);
        json_close(&json);
    }
    page_close(&page, &json);
    assert_string_equal(page.text, "{\"i\": 0, \"a\": [true]}\n{\"i\": 1, \"a\": [true]}\n");
    free(page.text);
    page_open(&page, &json);
    json_begin_lines(&json, page.file); /* none */
    page_close(&page, &json);
    assert_string_equal(page.text, "");
    free(page.text);
}

static void numbers_keep_all_their_digits(void **state)
{
    (void)state;
    struct json_writer json;
    struct page page;
    page_open(&page, &json);
    json_open_array(&json, NULL);
    json_number(&json, NULL, 0.95);
    json_number(&json, NULL, 0.1 + 0.2);
    json_number(&json, NULL, -1e300);
    json_number(&json, NULL, 3e11);
    json_number(&json, NULL, NAN);
    json_number(&json, NULL, -INFINITY);
    json_integer(&json, NULL, INT64_MIN);
    json_count(&json, NULL, 9007199254740993);
    json_seed(&json, NULL, UINT64_MAX);
    json_digest(&json, NULL, 255);
    json_text(&json, NULL, NULL);
    json_close(&json);
    page_close(&page, &json);
    assert_string_equal(page.text,
                        "[\n 0.95,\n 0.30000000000000004,\n -1e+300,\n 300000000000,\n null,\n"
                        " null,\n -9223372036854775808,\n 9007199254740993,\n"
                        " \"18446744073709551615\",\n \"00000000000000ff\",\n null]\n");
    free(page.text);
}

/* A page of a megabyte goes out in pieces, and is read back by another parser. */
static void a_large_document_is_read_back(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    struct json_writer json;
    struct page page;
    page_open(&page, &json);
    json_open_array(&json, NULL);
    for (int i = 0; i < ROWS; i++) {
        json_open_object(&json, NULL);
        json_number(&json, "value", sqrt(i));
        json_text(&json, "text", "\x1b[0m\n\"\\\xff");
        json_close(&json);
        assert_true(json.text.length < 2 << 16);
    }
    json_close(&json);
    page_close(&page, &json);
    cJSON *tree = cJSON_Parse(page.text);
    assert_int_equal(cJSON_GetArraySize(tree), ROWS);
    int i = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, tree)
    {
        assert_true(cJSON_GetObjectItem(row, "value")->valuedouble == sqrt(i++));
    }
    assert_string_equal(cJSON_GetObjectItem(tree->child, "text")->valuestring,
                        "\x1b[0m\n\"\\\xef\xbf\xbd");
    cJSON_Delete(tree);
    free(page.text);
}

static void a_tree_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char text[] = "{\n \"a\": [\n  1,\n  [2, {\"b\": null}],\n  \"c\"],\n"
                               " \"d\": true,\n \"e\": {},\n \"f\": -0.5}\n";
    struct json_writer json;
    struct page page;
    cJSON *tree = cJSON_Parse(text);
    page_open(&page, &json);
    json_tree(&json, NULL, tree);
    page_close(&page, &json);
    assert_string_equal(page.text, text);
    cJSON_Delete(tree);
    free(page.text);
}

static void full_disks_are_reported(void **state)
{
    (void)state;
    struct json_writer json;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    json_begin(&json, full);
    json_text(&json, NULL, "x");
    assert_int_equal(json_end(&json), -1);
    fclose(full);
}

static void name_an_element(void)
{
    struct json_writer json;
    json_begin(&json, stdout);
    json_open_array(&json, NULL);
    json_flag(&json, "name", true);
}

static void leave_one_open(void)
{
    struct json_writer json;
    json_begin(&json, stdout);
    json_open_array(&json, NULL);
    json_end(&json);
}

static void write_two_documents(void)
{
    struct json_writer json;
    json_begin(&json, stdout);
    json_flag(&json, NULL, true);
    json_flag(&json, NULL, true);
}

static void a_value_in_the_wrong_place_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(name_an_element);
    assert_aborts(leave_one_open);
    assert_aborts(write_two_documents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_laid_out_in_lines_of_two_levels),
        cmocka_unit_test(json_lines_are_documents_of_a_line_each),
        cmocka_unit_test(numbers_keep_all_their_digits),
        cmocka_unit_test(a_large_document_is_read_back),
        cmocka_unit_test(a_tree_is_written_as_it_was_read),
        cmocka_unit_test(full_disks_are_reported),
        cmocka_unit_test(a_value_in_the_wrong_place_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

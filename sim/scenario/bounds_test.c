// SPDX-License-Identifier: GPL-3.0-or-later
/* Hostile or broken files: each is rejected quickly, with a short message and little memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_models.h"

#include "mem.h"
#include "scratch_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "regions: {us-west-1: {}, us-west-2: {}}\nstore: {kind: regional}\n"

#if defined(__SANITIZE_ADDRESS__)
enum { MEMORY_MIB_MAX = 500, TIME_S_MAX = 20 };
#else
enum { MEMORY_MIB_MAX = 50, TIME_S_MAX = 1 };
#endif
enum { OUTPUT_MAX = 100 * (DIAG_MESSAGE_SIZE_MAX + 600) };

/* --- one file, in a separate process --------------------------------------------------- */

static void report(const char *text, size_t length)
{
    struct diag diag = {0};

    scenario_free(scenario_load_text(text, length, "t.yaml", &fake_registry, NULL, 0, &diag));
    diag_print(&diag, stdout);
    diag_release(&diag);
}

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + 1e-6 * (double)time->tv_usec;
}

/* The messages about a text; fails if the cost exceeds the bounds. The caller frees the result. */
static char *reported(const char *name, const struct strbuf *text)
{
    struct strbuf output = STRBUF_INIT;
    struct rusage usage = {0};
    FILE *pipe_end;
    char bytes[4096];
    int ends[2], status;
    pid_t child;
    size_t got;

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        report(text->text, text->length);
        fflush(NULL);
        getrusage(RUSAGE_SELF, &usage);
        if (usage.ru_maxrss > MEMORY_MIB_MAX * 1024L ||
            seconds(&usage.ru_utime) + seconds(&usage.ru_stime) > TIME_S_MAX)
            printf("too much: %ld KiB, %.1f s\n", usage.ru_maxrss, seconds(&usage.ru_utime));
        fflush(NULL);
        _exit(0);
    }
    close(ends[1]);
    pipe_end = fdopen(ends[0], "rb");
    assert_non_null(pipe_end);
    while ((got = fread(bytes, 1, sizeof bytes, pipe_end)) > 0)
        strbuf_add_bytes(&output, bytes, got);
    fclose(pipe_end);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || strstr(output.text, "too much:") || output.length > OUTPUT_MAX)
        fail_msg("%s: status %d, %zu bytes: %.500s", name, status, output.length,
                 output.length > 500 ? output.text + output.length - 500 : output.text);
    return strbuf_detach(&output);
}

/* "{k0: 1, k1: 1, ...}": `count` numbered pieces between brackets. */
static void add_many(struct strbuf *text, const char *open, const char *piece, const char *close,
                     int count)
{
    const char *hash = strchr(piece, '#');

    strbuf_add(text, open);
    for (int i = 0; i < count; i++) {
        strbuf_add(text, i > 0 ? ", " : "");
        if (hash)
            strbuf_addf(text, "%.*s%d%s", (int)(hash - piece), piece, i, hash + 1);
        else
            strbuf_add(text, piece);
    }
    strbuf_add(text, close);
}

/* --- many of a thing ------------------------------------------------------------------- */

/*
 * Columns: "client: {" and 1000 times "k: 1, " put the next key at 10 + 6000; "x: [" and "&a0 1, "
 * to "&a999 1, " put the next anchor at 5 + 10 * 7 + 90 * 8 + 900 * 9, and its value 7 further.
 */
static const struct many_case {
    const char *name, *open, *piece, *close; /* '#' in a piece: its number */
    int count;
    const char *want; /* contained in the messages */
} many_cases[] = {
    {"duplicate keys on one line", HEAD "client: {", "k: 1", "}\n", 20000,
     "t.yaml:3:6010: error: too large: more than 1000 keys in one map\n"},
    {"as many as may be", HEAD "client: {", "k: 1", "}\n", 1000,
     "note: 899 more errors are not shown\n"},
    {"pages between them", HEAD "client: {",
     "k:                                                                                        "
     "                                                                                         1",
     "}\n", 1000, "note: 899 more errors are not shown\n"},
    {"unknown keys", HEAD "client: {", "k#: 1", "}\n", 1000,
     "note: 900 more errors are not shown\n"},
    {"regions", "regions: {", "R#: {}", "}\nstore: {kind: regional}\n", 1000,
     "note: 900 more errors are not shown\n"},
    {"regions in a million bytes", "regions: {", "r#: {}", "}\n", 70000,
     "error: too large: more than 1000 keys in one map\n"},
    {"links", HEAD "network: {", "a# -> b#: {}", "}\n", 1000, "more errors are not shown\n"},
    {"faults", HEAD "faults: [", "{at: x}", "]\n", 1000, "note: 900 more errors are not shown\n"},
    {"more faults", HEAD "faults: [", "{at: 1s}", "]\n", 40000,
     "t.yaml:3:9: error: 'faults' has 40000 items and at most 1000 are allowed\n"},
    {"expectations", HEAD "expect: [", "x# < 1", "]\n", 60000,
     "t.yaml:3:9: error: 'expect' has 60000 items and at most 1000 are allowed\n"},
    {"conditions", HEAD "where: [", "a < b", "]\n", 60000,
     "t.yaml:3:8: error: 'where' has 60000 items and at most 1000 are allowed\n"},
    {"axes", HEAD "sweep: {", "client.k#: 1s", "}\n", 1000,
     "t.yaml:3:8: error: 'sweep' has 1000 axes and at most 64 are allowed\n"},
    {"values of axes", HEAD "sweep: {", "\"client.timeout..#\": 1s..900s/1s", "}\n", 60,
     "'sweep' has more than 2000 values in total\n"},
    {"anchors", HEAD "x: [", "&a# 1", "]\n", 60000,
     "t.yaml:3:8902: error: too large: more than 1000 anchors\n"},
    {"values", HEAD "x: [", "1", "]\n", 250000, "error: too large: more than 200000 values\n"},
    {"parts of a distribution", HEAD "network: {inside: {rtt: {mixture: [", "{weight: 1, of: 1ms}",
     "]}}}\n", 65, "needs a list of 1 to 64 parts"},
    {"pieces of a distribution", HEAD "network: {inside: {rtt: {mixture: [",
     "{weight: 1, of: {mixture: [{weight: 1, of: 1ms}, {weight: 1, of: 1ms}, "
     "{weight: 1, of: 1ms}, {weight: 1, of: 1ms}]}}",
     "]}}}\n", 60, "'network.rtt' consists of more than 256 distributions\n"},
};

static void many_of_a_thing_are_answered_in_few_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(many_cases); i++) {
        const struct many_case *many = &many_cases[i];
        struct strbuf text = STRBUF_INIT;
        char *output;

        add_many(&text, many->open, many->piece, many->close, many->count);
        output = reported(many->name, &text);
        if (!strstr(output, many->want))
            fail_msg("%s: wants '%s', got %.300s ... %s", many->name, many->want, output,
                     output + (strlen(output) > 300 ? strlen(output) - 300 : 0));
        free(output);
        strbuf_release(&text);
    }
}

/* --- long words and deep nesting ------------------------------------------------------- */

static void a_long_word_is_not_repeated_in_full(void **state)
{
    static const char *const heads[] = {HEAD "client: {",
                                        HEAD "client: {timeout: ", HEAD "store: ", HEAD "expect: [",
                                        HEAD "network: {"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct strbuf text = STRBUF_INIT;
        char *output;

        strbuf_add(&text, heads[i]);
        for (int j = 0; j < 900000; j++)
            strbuf_add_char(&text, 'a');
        output = reported(heads[i], &text);
        assert_true(strlen(output) < 2 * DIAG_MESSAGE_SIZE_MAX);
        free(output);
        strbuf_release(&text);
    }
}

static void a_nest_is_refused_at_its_sixty_fifth_level(void **state)
{
    struct strbuf text = STRBUF_INIT;
    char *output;

    (void)state;
    for (int i = 0; i < 900000; i++)
        strbuf_add_char(&text, '[');
    output = reported("nest", &text);
    assert_non_null(strstr(output, "t.yaml:1:65: error: nested more than 64 deep\n"));
    free(output);
    strbuf_release(&text);
}

/* --- files that are none --------------------------------------------------------------- */

/* The messages about child.yaml, without the folder. */
static char *reported_of_child(struct scratch_folder *folder)
{
    struct diag diag = {0};
    char *text;

    assert_null(
        scenario_load(scratch_path(folder, "child.yaml"), &fake_registry, NULL, 0, &diag, NULL));
    text = diag_text(&diag);
    diag_release(&diag);
    scratch_strip(folder, text);
    *strchr(text, '\n') = '\0';
    return text;
}

static const struct {
    const char *path, *why;
} odd_files[] = {
    {"fifo", "'fifo'%s: is a named pipe, not a regular file"},
    {"/dev/zero", "'/dev/zero'%s: is a device, not a regular file"},
    {"/dev", "'/dev'%s: is a directory"},
    {"big", "'big'%s: is larger than %s"},
    {"none", "'none'%s: No such file or directory"},
};

static void make_odd_files(struct scratch_folder *folder)
{
    scratch_open(folder);
    assert_int_equal(mkfifo(scratch_path(folder, "fifo"), 0600), 0);
    scratch_write(folder, "big", "");
    assert_int_equal(truncate(scratch_path(folder, "big"), (off_t)1 << 40), 0);
}

static void what_is_no_regular_file_is_not_extended(void **state)
{
    struct scratch_folder folder;

    (void)state;
    make_odd_files(&folder);
    for (size_t i = 0; i < COUNT_OF(odd_files); i++) {
        char child[200], want[400], why[200], *text;

        snprintf(child, sizeof child, "extends: %s\n", odd_files[i].path);
        scratch_write(&folder, "child.yaml", child);
        text = reported_of_child(&folder);
        snprintf(why, sizeof why, odd_files[i].why, ", which this file extends", "1 MiB");
        snprintf(want, sizeof want, "child.yaml:1:10: error: cannot read %s", why);
        assert_string_equal(text, want);
        free(text);
    }
    scratch_remove(&folder);
}

static void what_is_no_regular_file_holds_no_measured_values(void **state)
{
    struct scratch_folder folder;

    (void)state;
    make_odd_files(&folder);
    for (size_t i = 0; i < COUNT_OF(odd_files); i++) {
        char child[200], want[400], why[200], *text;

        snprintf(child, sizeof child, HEAD "network: {inside: {rtt: {empirical: %s}}}\n",
                 odd_files[i].path);
        scratch_write(&folder, "child.yaml", child);
        text = reported_of_child(&folder);
        snprintf(why, sizeof why, odd_files[i].why, "", "16 MiB");
        snprintf(want, sizeof want, "child.yaml:3:37: error: cannot read %s", why);
        assert_string_equal(text, want);
        free(text);
    }
    scratch_remove(&folder);
}

static void a_chain_of_files_is_at_most_sixteen(void **state)
{
    struct scratch_folder folder;
    char name[32], text[64], *output;

    (void)state;
    scratch_open(&folder);
    scratch_write(&folder, "child.yaml", "extends: 2.yaml\n");
    for (int i = 2; i <= 20; i++) {
        snprintf(name, sizeof name, "%d.yaml", i);
        snprintf(text, sizeof text, "extends: %d.yaml\n", i + 1);
        scratch_write(&folder, name, text);
    }
    output = reported_of_child(&folder);
    assert_string_equal(output, "16.yaml:1:10: error: 'extends' is more than 16 files deep");
    free(output);
    scratch_remove(&folder);
}

/* A value that every link inherits is one value: its file is read once, and reported once. */
static void a_file_of_values_is_read_once(void **state)
{
    struct strbuf values = STRBUF_INIT;
    struct scratch_folder folder;
    struct diag diag = {0};
    struct scenario *scenario;
    char *text;

    (void)state;
    for (int i = 0; i < 9999; i++)
        strbuf_addf(&values, "%dms,%0900d\n", i % 100 + 1, i);
    scratch_open(&folder);
    scratch_write(&folder, "m.csv", values.text);
    scratch_write(&folder, "s.yaml",
                  "regions: {a: , b: , c: , d: , e: , f: , g: , h: , i: , j: , k: , l: }\n"
                  "store: {kind: regional}\n"
                  "network: {default: {rtt: {empirical: m.csv}}}\n");
    scenario = scenario_load(scratch_path(&folder, "s.yaml"), &fake_registry, NULL, 0, &diag, NULL);
    text = diag_text(&diag);
    assert_string_equal(text, "");
    assert_non_null(scenario);
    free(text);
    scenario_free(scenario);
    scratch_remove(&folder);
    strbuf_release(&values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_of_a_thing_are_answered_in_few_words),
        cmocka_unit_test(a_long_word_is_not_repeated_in_full),
        cmocka_unit_test(a_nest_is_refused_at_its_sixty_fifth_level),
        cmocka_unit_test(what_is_no_regular_file_is_not_extended),
        cmocka_unit_test(what_is_no_regular_file_holds_no_measured_values),
        cmocka_unit_test(a_chain_of_files_is_at_most_sixteen),
        cmocka_unit_test(a_file_of_values_is_read_once),
    };

    alarm(120); /* reading from the pipe would block forever */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

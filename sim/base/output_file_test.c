// SPDX-License-Identifier: GPL-3.0-or-later
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "output_file.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "child.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ours begin with "ours". */
static bool is_ours(const char *head, size_t size)
{
    return size >= 4 && memcmp(head, "ours", 4) == 0;
}
static const struct output_kind kind = {"one of ours", is_ours};

/* Every test runs in an empty folder of its own. */
static char folder[] = "/tmp/output_file_test_XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    memcpy(strrchr(folder, '_'), "_XXXXXX", 8);
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    char command[80];
    snprintf(command, sizeof(command), "chmod -R u+w %s && rm -r %s", folder, folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_holds(const char *path, const char *text)
{
    char found[100] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    (void)!fread(found, 1, sizeof(found) - 1, file);
    fclose(file);
    assert_string_equal(found, text);
}

static size_t count_files(void)
{
    size_t count = 0;
    DIR *all = opendir(".");
    while (readdir(all) != NULL)
        count++;
    closedir(all);
    return count - 2; /* "." and ".." */
}

static void write_output(const char *path, const char *text)
{
    struct diag diag = {0};
    struct output_file file;
    assert_int_equal(output_file_open(&file, path, &kind, &diag), 0);
    fputs(text, file.stream);
    assert_int_equal(output_file_commit(&file, &diag), 0);
    assert_int_equal(diag.count, 0);
}

static void assert_refused(const char *path, const char *error)
{
    struct diag diag = {0};
    struct output_file file;
    size_t before = count_files();
    assert_int_equal(output_file_open(&file, path, &kind, &diag), -1);
    char *text = diag_text(&diag);
    assert_string_equal(text, error);
    assert_int_equal(count_files(), before);
    output_file_discard(&file); /* nothing is open */
    free(text);
    diag_release(&diag);
}

/* --- complete or not at all ------------------------------------------------------------------ */

static void a_file_has_its_name_only_once_it_is_complete(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct output_file file;
    put("a", "ours, old");
    assert_int_equal(output_file_open(&file, "a", &kind, &diag), 0);
    fputs("ours, new", file.stream);
    fflush(file.stream);
    assert_holds("a", "ours, old");
    assert_int_equal(output_file_commit(&file, &diag), 0);
    assert_holds("a", "ours, new");
    assert_int_equal(count_files(), 1);
}

static void a_discarded_file_leaves_nothing(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct output_file file;
    put("a", "ours, old");
    assert_int_equal(output_file_open(&file, "a", &kind, &diag), 0);
    fputs("half", file.stream);
    output_file_discard(&file);
    assert_holds("a", "ours, old");
    assert_int_equal(count_files(), 1);
}

static void die_while_writing(void)
{
    struct diag diag = {0};
    struct output_file file;
    output_file_open(&file, "a", &kind, &diag);
    fputs("half", file.stream);
    fflush(file.stream);
    raise(SIGKILL);
}

/* The incomplete output stays beside the file, under a name that shows it. */
static void a_kill_leaves_the_old_file(void **state)
{
    (void)state;
    char output[100];
    put("a", "ours, old");
    assert_true(WIFSIGNALED(run_child(die_while_writing, output, sizeof(output))));
    assert_holds("a", "ours, old");
    write_output("a", "ours, new");
    assert_holds("a", "ours, new");
}

static void assert_commit_fails(struct output_file *file, const char *error)
{
    struct diag diag = {0};
    assert_int_equal(output_file_commit(file, &diag), -1);
    char *text = diag_text(&diag);
    assert_string_equal(text, error);
    free(text);
    diag_release(&diag);
}

/* A device accepts bytes and fails to store them; so does a file at its size limit. */
static void a_full_disk_is_an_error_and_keeps_the_old_file(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct output_file file;
    struct rlimit before, small = {.rlim_cur = 10};
    assert_int_equal(output_file_open(&file, "/dev/full", &kind, &diag), 0);
    fputs("ours", file.stream);
    assert_commit_fails(&file, "error: cannot write '/dev/full': No space left on device\n");
    put("a", "ours, old");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(output_file_open(&file, "a", &kind, &diag), 0);
    fputs("ours, but too long for it", file.stream);
    assert_commit_fails(&file, "error: cannot write 'a': File too large\n");
    setrlimit(RLIMIT_FSIZE, &before);
    assert_holds("a", "ours, old");
    assert_int_equal(count_files(), 1);
}

/* The folder is removed while the file is written: an error reports that it cannot be renamed. */
static void a_rename_that_fails_is_an_error(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct output_file file;
    mkdir("f", 0777);
    assert_int_equal(output_file_open(&file, "f/a", &kind, &diag), 0);
    unlink(file.temporary);
    rmdir("f");
    assert_commit_fails(&file, "error: cannot write 'f/a': No such file or directory\n");
}

/* --- what may be replaced -------------------------------------------------------------------- */

static void nothing_an_empty_file_and_ours_are_replaced(void **state)
{
    (void)state;
    write_output("new", "ours 1");
    put("empty", "");
    write_output("empty", "ours 2");
    write_output("new", "ours 3");
    assert_holds("new", "ours 3");
    assert_holds("empty", "ours 2");
    assert_int_equal(count_files(), 2);
}

static void what_is_not_ours_is_refused(void **state)
{
    (void)state;
    put("letter", "dear grandmother");
    mkdir("folder", 0777);
    put("target", "ours");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_refused("letter",
                   "error: cannot write 'letter': the file that is there is not one of ours\n");
    assert_refused("folder", "error: cannot write 'folder': it is a folder\n");
    assert_refused("link", "error: cannot write 'link': it is a symbolic link; name the file that "
                           "it leads to\n");
    assert_refused("dangling", "error: cannot write 'dangling': it is a symbolic link; name the "
                               "file that it leads to\n");
    assert_refused("letter/a", "error: cannot write 'letter/a': Not a directory\n");
    assert_refused("no/a", "error: cannot write 'no/a': No such file or directory\n");
    assert_refused("", "error: cannot write '': a file needs a name\n");
    assert_holds("letter", "dear grandmother");
    assert_holds("target", "ours");
}

static void a_replaced_file_keeps_its_permissions(void **state)
{
    (void)state;
    struct stat info;
    put("secret", "ours");
    chmod("secret", 0600);
    write_output("secret", "ours, new");
    assert_int_equal(stat("secret", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_pipe_and_a_device_are_written_as_they_are(void **state)
{
    (void)state;
    char text[10] = "";
    write_output("/dev/null", "gone");
    assert_int_equal(mkfifo("pipe", 0666), 0);
    int end = open("pipe", O_RDONLY | O_NONBLOCK);
    write_output("pipe", "here");
    assert_int_equal(read(end, text, sizeof(text)), 4);
    assert_string_equal(text, "here");
    close(end);
    assert_int_equal(count_files(), 1);
}

/* --- inputs and other outputs ---------------------------------------------------------------- */

/* By its own name, another path to it, a hard link: the same file. */
static void an_input_is_never_replaced(void **state)
{
    (void)state;
    put("input", "ours");
    mkdir("f", 0777);
    assert_int_equal(link("input", "twin"), 0);
    output_protect_input("input");
    assert_refused("input", "error: cannot write 'input': this command reads it\n");
    assert_refused("f/../input", "error: cannot write 'f/../input': this command reads it\n");
    assert_refused("twin", "error: cannot write 'twin': this command reads it\n");
    struct diag diag = {0};
    assert_int_equal(output_claim("input", &diag), -1);
    assert_int_equal(diag.error_count, 1);
    diag_release(&diag);
    assert_holds("input", "ours");
}

static void two_outputs_are_two_files(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct output_file file;
    mkdir("f", 0777);
    assert_int_equal(output_file_open(&file, "a", &kind, &diag), 0);
    assert_refused("f/../a", "error: cannot write 'f/../a': this command already writes it\n");
    write_output("f/a", "ours");
    output_file_discard(&file);
    write_output("a", "ours"); /* once the other has released it */
    assert_int_equal(output_claim("results", &diag), 0);
    assert_refused("results", "error: cannot write 'results': this command already writes it\n");
}

/* What this command writes in place it may read and write again: a summary is made of it. */
static void a_claimed_output_may_be_read_and_claimed_again(void **state)
{
    (void)state;
    struct diag diag = {0};
    assert_int_equal(output_claim("results", &diag), 0);
    put("results", "rows");
    output_protect_input("results");
    assert_int_equal(output_claim("./results", &diag), 0);
    assert_refused("results", "error: cannot write 'results': this command already writes it\n");
}

/* --- names ----------------------------------------------------------------------------------- */

static void odd_names_are_names_of_files(void **state)
{
    (void)state;
    static const char *const odd[] = {"-x", "|touch y", "<a", ">b", "~", ":memory:", "@c", "é"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct strbuf path = STRBUF_INIT;
        output_path_add(&path, odd[i]);
        assert_memory_equal(path.text, "./", 2);
        assert_string_equal(path.text + 2, odd[i]);
        strbuf_release(&path);
        write_output(odd[i], "ours");
        assert_holds(odd[i], "ours");
    }
    static const char *const usual[] = {"a", "_", "9", "./-x", "../a", "/a", "", ".hidden"};
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        struct strbuf path = STRBUF_INIT;
        output_path_add(&path, usual[i]);
        assert_string_equal(path.text, usual[i]);
        strbuf_release(&path);
    }
    assert_int_equal(count_files(), sizeof(odd) / sizeof(odd[0]));
}

static void folders_are_made_on_the_way(void **state)
{
    (void)state;
    struct diag diag = {0};
    assert_int_equal(output_make_folders("a/b/c", &diag), 0);
    assert_int_equal(output_make_folders("a/b/d/", &diag), 0);
    assert_int_equal(output_make_folders("plain", &diag), 0);
    assert_int_equal(access("a/b/d", F_OK), 0);
    assert_int_equal(access("a/b/c", F_OK), -1);
    assert_int_equal(access("plain", F_OK), -1);
    put("file", "");
    assert_int_equal(output_make_folders("file/x/y", &diag), -1);
    char *text = diag_text(&diag);
    assert_string_equal(text, "error: cannot create folder 'file': Not a directory\n");
    free(text);
    diag_release(&diag);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_has_its_name_only_once_it_is_complete),
        IN_FOLDER(a_discarded_file_leaves_nothing),
        IN_FOLDER(a_kill_leaves_the_old_file),
        IN_FOLDER(a_full_disk_is_an_error_and_keeps_the_old_file),
        IN_FOLDER(a_rename_that_fails_is_an_error),
        IN_FOLDER(nothing_an_empty_file_and_ours_are_replaced),
        IN_FOLDER(what_is_not_ours_is_refused),
        IN_FOLDER(a_replaced_file_keeps_its_permissions),
        IN_FOLDER(a_pipe_and_a_device_are_written_as_they_are),
        IN_FOLDER(an_input_is_never_replaced),
        IN_FOLDER(two_outputs_are_two_files),
        IN_FOLDER(a_claimed_output_may_be_read_and_claimed_again),
        IN_FOLDER(odd_names_are_names_of_files),
        IN_FOLDER(folders_are_made_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Run code that ends the program in a child process, with its stderr captured. Include cmocka.h
 * before this file.
 */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run `act` in a child; returns its wait status. Its stderr, truncated to `size` - 1 bytes and
 * terminated by a 0, is in `output`. */
static inline int run_child(void (*act)(void), char *output, size_t size)
{
    int ends[2];
    size_t length = 0;
    ssize_t got;
    int status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka catches it to report a failed test */
        dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], output + length, size - 1 - length)) > 0)
        length += (size_t)got;
    output[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Check that `act` aborts with a bug report. */
static inline void assert_aborts(void (*act)(void))
{
    char output[2048];
    int status = run_child(act, output, sizeof output);

    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_true(output[0] != '\0');
}

#endif

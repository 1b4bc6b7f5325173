// SPDX-License-Identifier: GPL-3.0-or-later
#include "gnuplot.h"

#include "quote.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child exits with where there is no gnuplot; as a shell would. */
#define EXIT_NOT_FOUND 127

/* In the child: stdin from the pipe, all that is said to `log`. */
static _Noreturn void become_gnuplot(int script, int log)
{
    if (dup2(script, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0) {
        execlp("gnuplot", "gnuplot", "-d", "-", (char *)NULL);
    }
    _exit(EXIT_NOT_FOUND);
}

static void write_all(int file, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, text, size);
        if (written < 0 && errno != EINTR) {
            return; /* gnuplot has gone; its status will tell why */
        }
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
}

/* Start gnuplot, feed it, wait. Its exit status, or -1 with errno where it could not be started or
 * was killed. */
static int run_gnuplot(const struct strbuf *script, int log)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    /* A gnuplot that dies early must not take us with it. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    pid_t child = fork();
    if (child == 0) {
        sigaction(SIGPIPE, &before, NULL);
        close(ends[1]);
        become_gnuplot(ends[0], log);
    }
    close(ends[0]);
    if (child > 0) {
        write_all(ends[1], script->text, script->length);
    }
    close(ends[1]);
    sigaction(SIGPIPE, &before, NULL);
    int status = 0;
    if (child < 0) {
        return -1;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    errno = EINTR;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The line of gnuplot's complaint that says what is wrong, without its pointers to the place. */
static void find_reason(FILE *log, char *reason, size_t size)
{
    char line[512];
    reason[0] = '\0';
    rewind(log);
    while (fgets(line, (int)sizeof(line), log) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *start = line + strspn(line, " \t^");
        if (start[0] != '\0' && strncmp(start, "gnuplot>", 8) != 0) {
            snprintf(reason, size, "%s", start);
            if (strstr(start, "line ") != NULL) {
                return;
            }
        }
    }
}

static int tell_failure(const char *path, int status, FILE *log, struct diag *diag)
{
    char reason[512];
    find_reason(log, reason, sizeof(reason));
    if (status == EXIT_NOT_FOUND) {
        diag_error(diag,
                   "cannot draw '%s': gnuplot was not found; install it (Debian: gnuplot-nox)",
                   path);
    } else if (status < 0) {
        diag_error(diag, "cannot draw '%s': gnuplot could not run to its end: %s", path,
                   strerror(errno));
    } else {
        diag_error(diag, "cannot draw '%s': gnuplot failed: %s", path,
                   reason[0] != '\0' ? reason : "no file was made");
    }
    return -1;
}

int gnuplot_draw(const char *path, const char *terminal, const char *script, struct diag *diag)
{
    struct strbuf temporary = STRBUF_INIT, whole = STRBUF_INIT;
    int status = -1;
    strbuf_addf(&temporary, "%s.part", path);
    unlink(temporary.text); /* an old one must not pass for a new one */
    FILE *log = tmpfile();
    if (log == NULL) {
        diag_error(diag, "cannot draw '%s': %s", path, strerror(errno));
        goto done;
    }
    strbuf_addf(&whole, "set terminal %s\nset output ", terminal);
    quote_add(&whole, QUOTE_GNUPLOT, temporary.text);
    strbuf_addf(&whole, "\n%s\nunset output\n", script);
    int exit_status = run_gnuplot(&whole, fileno(log));
    struct stat info;
    if (exit_status != 0 || stat(temporary.text, &info) != 0 || info.st_size == 0) {
        tell_failure(path, exit_status, log, diag);
    } else if (rename(temporary.text, path) != 0) {
        diag_error(diag, "cannot write '%s': %s", path, strerror(errno));
    } else {
        status = 0;
    }

done:
    if (log != NULL) {
        fclose(log);
    }
    if (status != 0) {
        unlink(temporary.text);
    }
    strbuf_release(&temporary);
    strbuf_release(&whole);
    return status;
}

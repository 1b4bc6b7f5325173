// SPDX-License-Identifier: GPL-3.0-or-later
#include "gnuplot.h"

#include "strbuf.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit code of the child if gnuplot is not found, as a shell's. */
#define EXIT_NOT_FOUND 127

/* In the child: read the script from the pipe, write the plot to `picture` and messages to `log`.
 */
static _Noreturn void become_gnuplot(int script, int picture, int log)
{
    if (dup2(script, STDIN_FILENO) >= 0 && dup2(picture, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0)
        execlp("gnuplot", "gnuplot", "-d", "-", (char *)NULL);
    _exit(EXIT_NOT_FOUND);
}

static void write_all(int file, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, text, size);
        if (written < 0 && errno != EINTR)
            return; /* gnuplot has exited; its exit status is checked later */
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
}

/* Start gnuplot, send it the script and wait. Returns its exit status, or -1 with errno if it could
 * not be started or was killed. */
static int run_gnuplot(const struct strbuf *script, int picture, int log)
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    /* If gnuplot exits early, writing must fail instead of killing this process. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    pid_t child = fork();
    if (child == 0) {
        sigaction(SIGPIPE, &before, NULL);
        close(ends[1]);
        become_gnuplot(ends[0], picture, log);
    }
    close(ends[0]);
    if (child > 0)
        write_all(ends[1], script->text, script->length);
    close(ends[1]);
    sigaction(SIGPIPE, &before, NULL);
    int status = 0;
    if (child < 0)
        return -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    errno = EINTR;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The error message in gnuplot's output, without the lines that point to the place. */
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
            if (strstr(start, "line ") != NULL)
                return;
        }
    }
}

static int report_failure(const char *path, int status, FILE *log, struct diag *diag)
{
    char reason[512];
    find_reason(log, reason, sizeof(reason));
    if (status == EXIT_NOT_FOUND) {
        diag_error(diag,
                   "cannot draw '%s': gnuplot was not found; install it (Debian: gnuplot-nox)",
                   path);
    } else if (status < 0) {
        diag_error(diag, "cannot draw '%s': gnuplot did not complete: %s", path, strerror(errno));
    } else {
        diag_error(diag, "cannot draw '%s': gnuplot failed: %s", path,
                   reason[0] != '\0' ? reason : "no file was written");
    }
    return -1;
}

static bool contains(const char *bytes, size_t count, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= count; i++)
        if (memcmp(bytes + i, word, length) == 0)
            return true;
    return false;
}

/* Whether the picture ends as its format does: gnuplot's libraries write on a full disk without an
 * error. */
static bool is_whole(int picture)
{
    static const struct {
        const char *start, *end;
    } formats[] = {{"\x89PNG", "IEND"}, {"<?xml", "</svg>"}, {"%PDF", "%%EOF"}};
    char head[8] = "", tail[33] = "";
    struct stat info;

    if (fstat(picture, &info) != 0 || !S_ISREG(info.st_mode))
        return true; /* a pipe or device */
    off_t from = info.st_size > (off_t)sizeof tail - 1 ? info.st_size - (off_t)sizeof tail + 1 : 0;
    if (pread(picture, head, sizeof head - 1, 0) < 0 ||
        pread(picture, tail, sizeof tail - 1, from) < 0)
        return true; /* not readable: not known */
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strncmp(head, formats[i].start, strlen(formats[i].start)) == 0)
            return contains(tail, sizeof tail - 1, formats[i].end);
    return true;
}

int gnuplot_draw(const struct output_file *file, const char *terminal, const char *script,
                 struct diag *diag)
{
    struct strbuf whole = STRBUF_INIT;
    struct stat info;
    FILE *log = tmpfile();
    if (log == NULL) {
        diag_error(diag, "cannot draw '%s': %s", file->path, strerror(errno));
        return -1;
    }
    strbuf_addf(&whole, "set terminal %s\n%s\n", terminal, script);
    int picture = fileno(file->stream);
    int status = run_gnuplot(&whole, picture, fileno(log));
    bool is_empty = fstat(picture, &info) != 0 || (S_ISREG(info.st_mode) && info.st_size == 0);
    if (status != 0 || is_empty) {
        report_failure(file->path, status, log, diag);
        status = -1;
    } else if (!is_whole(picture)) {
        diag_error(diag, "cannot draw '%s': the picture is not complete; is the disk full?",
                   file->path);
        status = -1;
    }
    fclose(log);
    strbuf_release(&whole);
    return status;
}

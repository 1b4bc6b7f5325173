// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_file.h"

#include "output_file.h"
#include "units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The size is checked while reading as well: a pipe has none, a file may grow. */
static bool read_all(FILE *file, size_t size_max, struct strbuf *out)
{
    char bytes[65536];
    size_t got;

    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        if (out->length + got > size_max)
            return false;
        strbuf_add_bytes(out, bytes, got);
    }
    return true;
}

static void add_error(struct strbuf *why, int error)
{
    char text[128] = "";

    if (strerror_r(error, text, sizeof text) != 0)
        strbuf_addf(why, "error %d", error);
    else
        strbuf_add(why, text);
}

/* Why this kind of file cannot be read; NULL: it can. */
static const char *refusal(const struct stat *status, enum text_file_kind kind)
{
    if (S_ISREG(status->st_mode))
        return NULL;
    if (S_ISDIR(status->st_mode))
        return "is a directory";
    if (kind == TEXT_FILE_OR_STREAM && !S_ISSOCK(status->st_mode) && !S_ISBLK(status->st_mode))
        return NULL;
    return S_ISFIFO(status->st_mode)   ? "is a named pipe, not a regular file"
           : S_ISSOCK(status->st_mode) ? "is a socket, not a regular file"
                                       : "is a device, not a regular file";
}

/* Open a file only if its kind allows reading: a pipe without a writer would block, and opening a
 * device may have effects. NULL with the reason in `why`. */
static FILE *open_checked(const char *path, enum text_file_kind kind, struct stat *status,
                          struct strbuf *why)
{
    const char *wrong = NULL;
    FILE *file = NULL;

    if (stat(path, status) != 0)
        add_error(why, errno);
    else if ((wrong = refusal(status, kind)))
        strbuf_add(why, wrong);
    else if (!(file = fopen(path, "rb")))
        add_error(why, errno);
    return file;
}

bool text_file_read(const char *path, enum text_file_kind kind, size_t size_max, struct strbuf *out,
                    struct strbuf *why)
{
    struct stat status;
    FILE *file = open_checked(path, kind, &status, why);
    bool small = true, good = false;

    if (file) {
        output_protect_input(path);
        small = !(S_ISREG(status.st_mode) && (uintmax_t)status.st_size > size_max) &&
                read_all(file, size_max, out);
        good = small && !ferror(file);
        if (!small) {
            strbuf_add(why, "is larger than ");
            units_add(why, (double)size_max, UNIT_BYTES, 3);
        } else if (!good) {
            strbuf_add(why, "cannot be read");
        }
        fclose(file);
    }
    return good;
}

void path_join(struct strbuf *out, const char *directory, const char *path)
{
    if (path[0] != '/')
        strbuf_add(out, directory);
    strbuf_add(out, path);
}

void path_directory(struct strbuf *out, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash)
        strbuf_add_bytes(out, path, (size_t)(slash - path) + 1);
}

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

bool text_file_read(const char *path, size_t size_max, struct strbuf *out, struct strbuf *why,
                    bool *is_too_large)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    bool small = true, good = false;

    if (!file) {
        add_error(why, errno);
    } else if (fstat(fileno(file), &status) != 0) {
        add_error(why, errno);
    } else if (S_ISDIR(status.st_mode)) {
        strbuf_add(why, "is a directory");
    } else {
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
    }
    if (file)
        fclose(file);
    if (is_too_large)
        *is_too_large = !small;
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

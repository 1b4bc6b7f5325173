// SPDX-License-Identifier: GPL-3.0-or-later
/* Read a whole file as text, up to a size limit: larger files are refused without being read. The
 * file is registered as an input, which no output may replace (output_file.h). */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include "strbuf.h"

#include <stdbool.h>

enum text_file_kind {
    TEXT_FILE_REGULAR,  /* a regular file, or a link to one */
    TEXT_FILE_OR_STREAM /* also a pipe or a terminal, for files named on the command line */
};
/* Append the file's bytes to `out`; false with the reason in `why` ("no such file or directory",
 * "is a directory", "is larger than 1 MiB", ...). */
bool text_file_read(const char *path, enum text_file_kind kind, size_t size_max, struct strbuf *out,
                    struct strbuf *why);
/* Append `path` relative to `directory`: unchanged if it is absolute or the directory is "". */
void path_join(struct strbuf *out, const char *directory, const char *path);
/* Append the part of a path up to and including its last '/': "" if there is none. */
void path_directory(struct strbuf *out, const char *path);

#endif

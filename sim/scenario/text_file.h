// SPDX-License-Identifier: GPL-3.0-or-later
/* A whole file as text, up to a limit: an enormous file is refused without being read. What is read
 * is an input, which no output may replace (output_file.h). */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include "strbuf.h"

#include <stdbool.h>

enum text_file_kind {
    TEXT_FILE_REGULAR,  /* a regular file, or a link to one; nothing else is waited for */
    TEXT_FILE_OR_STREAM /* also a pipe or a terminal: what a person named on the command line */
};
/* Append the file's bytes to `out`; false with the reason in `why` ("no such file or directory",
 * "is a directory", ...). *is_too_large (may be NULL) tells a refusal by size from failures of the
 * file itself. */
bool text_file_read(const char *path, enum text_file_kind kind, size_t size_max, struct strbuf *out,
                    struct strbuf *why, bool *is_too_large);
/* `path` as seen from `directory`: itself where it is absolute or the directory is "". Appends. */
void path_join(struct strbuf *out, const char *directory, const char *path);
/* The part of a path before its last '/', '/' included: "" where there is none. Appends. */
void path_directory(struct strbuf *out, const char *path);

#endif

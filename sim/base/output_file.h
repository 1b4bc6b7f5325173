// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Opens every output file of the program, so that no file is overwritten by accident or left half
 * written.
 *
 * A file is written under a temporary name in its folder ("a.svg.4711.part") and renamed when it is
 * complete: after a failure or a kill the old file, or none, remains. What may be replaced:
 *
 *   no file, or an empty regular file               created or replaced
 *   a regular file of the same kind (struct         replaced, where it may be written; it keeps its
 *   output_kind), which an earlier run may have     permissions
 *   made
 *   a pipe, a character device (/dev/null)          written as it is: nothing in it can be lost
 *   anything else: a file of another kind, a        refused
 *   folder, a symbolic link, a socket, a disk
 *   a file that this command reads, or writes as    refused, under whatever name
 *   another output
 *
 * A results database is written in place by SQLite, in transactions; its header identifies it, and
 * symbolic links are followed. Only the last rule applies to it: output_claim().
 *
 * Errors are added to the diag, with the path. Not thread-safe.
 */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include "diag.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stdio.h>

enum { OUTPUT_HEAD_SIZE = 512 };

struct output_kind {
    const char *name; /* "a trace" */
    /* Can a file that begins with these bytes (at most OUTPUT_HEAD_SIZE) be of this kind? */
    bool (*is_ours)(const char *head, size_t size);
};

struct output_file {
    FILE *stream; /* written by the caller, and may be read back; NULL: not open */
    char *path;
    char *temporary; /* NULL: a pipe or a device, written as it is */
};

/* 0, or -1 with an error; then there is nothing to discard. */
int output_file_open(struct output_file *file, const char *path, const struct output_kind *kind,
                     struct diag *diag);
/* Close the file and rename it to its final name. 0, or -1 with an error; then nothing was
 * replaced. */
int output_file_commit(struct output_file *file, struct diag *diag);
/* Close and delete the file. Does nothing if it is not open. */
void output_file_discard(struct output_file *file);

/* Register `path` as an input of this command, which no output may replace. */
void output_protect_input(const char *path);
/* Register `path` as an output that is written in place; can be repeated. 0, or -1 with an error if
 * it is an input or another output. */
int output_claim(const char *path, struct diag *diag);

/* Append `path`, prefixed by "./" if another program could misread its start: "-x" as an option,
 * "|x" as a command (gnuplot), ":x" as not a file (SQLite), "~x" as a home folder. */
void output_path_add(struct strbuf *out, const char *path);
/* mkdir -p of the folder that `path` lies in. 0, or -1 with an error. */
int output_make_folders(const char *path, struct diag *diag);

#endif

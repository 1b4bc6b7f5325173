// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Every file that the program makes is opened here, so that nothing is lost and nothing is half
 * written.
 *
 * A file is written under a temporary name beside its own ("a.svg.4711.part") and renamed when it
 * is complete: after a failure or a kill the old file is there, or none. What may be replaced:
 *
 *   there is nothing, or an empty regular file      made, or replaced
 *   a regular file of the same kind (struct         replaced, where it may be written; it keeps its
 *   output_kind), which an earlier run may have     permissions
 *   made
 *   a pipe, a character device (/dev/null)          written as it is: nothing in it can be lost
 *   anything else: a file of another kind, a        refused
 *   folder, a symbolic link, a socket, a disk
 *   a file that this command reads, or writes as    refused, under whatever name
 *   another output
 *
 * A results database is written in place by SQLite, in transactions, and tells by its header whose
 * it is; it follows symbolic links. Only the last rule is kept for it here: output_claim().
 *
 * Errors are added to the diag, with the path. Not for several threads at once.
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
    /* Can a file that begins with these bytes (all of it, or OUTPUT_HEAD_SIZE) be of this kind? */
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
/* All was written: the file takes its name. 0, or -1 with an error, and nothing was replaced.
 * Closes it in either case. */
int output_file_commit(struct output_file *file, struct diag *diag);
/* It was not: close and delete it. Takes a file that is not open. */
void output_file_discard(struct output_file *file);

/* `path` is an input of this command: no output may replace it from now on. */
void output_protect_input(const char *path);
/* `path` becomes an output that is written in place, and may be claimed so again. 0, or -1 with an
 * error: it is an input, or another output. */
int output_claim(const char *path, struct diag *diag);

/* Append `path`, "./" before it where it begins oddly: "-x" is an option to most programs, "|x" a
 * command to gnuplot, ":x" no file to SQLite, "~x" a home. */
void output_path_add(struct strbuf *out, const char *path);
/* mkdir -p of the folder that `path` lies in. 0, or -1 with an error. */
int output_make_folders(const char *path, struct diag *diag);

#endif

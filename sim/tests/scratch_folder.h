// SPDX-License-Identifier: GPL-3.0-or-later
/* A temporary folder for a test, with the files that the test writes. Include cmocka.h first. */
#ifndef SCRATCH_FOLDER_H
#define SCRATCH_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch_folder {
    char path[64];
    char file[400]; /* the last path returned */
};

static inline void scratch_open(struct scratch_folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/isthmus-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

/* The path of a file in it, which need not exist; valid until the next call. */
static inline const char *scratch_path(struct scratch_folder *folder, const char *name)
{
    snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
    return folder->file;
}

static inline void scratch_write(struct scratch_folder *folder, const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(folder, name), "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Remove the folder's path and the slash after it from a text. */
static inline void scratch_strip(const struct scratch_folder *folder, char *text)
{
    size_t length = strlen(folder->path) + 1;

    for (char *at; (at = strstr(text, folder->path));)
        memmove(at, at + length, strlen(at + length) + 1);
}

static inline void scratch_remove(struct scratch_folder *folder)
{
    DIR *list = opendir(folder->path);

    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(scratch_path(folder, entry->d_name));
    closedir(list);
    assert_int_equal(rmdir(folder->path), 0);
}

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "results_path.h"

#include "mem.h"
#include "strbuf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "results/" and the scenario's file name without its last suffix. */
static void add_stem(struct strbuf *file, const char *scenario)
{
    const char *slash = strrchr(scenario, '/');
    const char *name = slash ? slash + 1 : scenario;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - name) : strlen(name);

    strbuf_add(file, "results/");
    strbuf_add_bytes(file, name, length);
}

char *results_path_beside(const char *results, const char *suffix)
{
    struct strbuf path = STRBUF_INIT;
    size_t length = strlen(results);

    if (length > 3 && strcmp(results + length - 3, ".db") == 0)
        length -= 3;
    strbuf_add_bytes(&path, results, length);
    strbuf_add(&path, suffix);
    return strbuf_detach(&path);
}

void results_path_default(struct results_path *path, const char *scenario)
{
    struct strbuf file = STRBUF_INIT;

    add_stem(&file, scenario);
    strbuf_add(&file, ".db");
    *path = (struct results_path){.file = strbuf_detach(&file)};
}

void results_path_shard(struct results_path *path, const char *scenario, uint32_t number,
                        uint32_t count)
{
    struct strbuf file = STRBUF_INIT;

    add_stem(&file, scenario);
    strbuf_addf(&file, ".shard-%" PRIu32 "-of-%" PRIu32 ".db", number, count);
    *path = (struct results_path){.file = strbuf_detach(&file)};
}

void results_path_given(struct results_path *path, const char *file)
{
    *path = (struct results_path){.file = mem_strdup(file)};
}

int results_path_temporary(struct results_path *path, struct diag *diag)
{
    const char *base = getenv("TMPDIR");
    struct strbuf folder = STRBUF_INIT;
    struct strbuf file = STRBUF_INIT;

    strbuf_addf(&folder, "%s/isthmus-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder.text)) {
        diag_error(diag, "cannot create a temporary folder '%s': %s", folder.text, strerror(errno));
        strbuf_release(&folder);
        return -1;
    }
    strbuf_addf(&file, "%s/results.db", folder.text);
    *path = (struct results_path){strbuf_detach(&file), strbuf_detach(&folder)};
    return 0;
}

void results_path_release(struct results_path *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    struct strbuf file = STRBUF_INIT;

    for (size_t i = 0; path->temporary_folder && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        strbuf_clear(&file);
        strbuf_addf(&file, "%s%s", path->file, suffixes[i]);
        unlink(file.text);
    }
    if (path->temporary_folder)
        rmdir(path->temporary_folder);
    strbuf_release(&file);
    free(path->file);
    free(path->temporary_folder);
    *path = (struct results_path){NULL, NULL};
}

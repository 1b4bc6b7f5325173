// SPDX-License-Identifier: GPL-3.0-or-later
/* The program built without MPI. */
#include "ranks.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_one_of_many(void)
{
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", NULL};

    for (size_t i = 0; sizes[i]; i++) {
        const char *size = getenv(sizes[i]);
        if (size && strtol(size, NULL, 10) > 1)
            return true;
    }
    return false;
}

int ranks_join(struct ranks **ranks, int *argc, char ***argv, const char *version)
{
    (void)argc;
    (void)argv;
    (void)version;
    *ranks = NULL;
    if (!is_one_of_many())
        return 0;
    fprintf(stderr, "isthmus: error: a launcher started several processes, but isthmus was built "
                    "without MPI; use '--shard', or build it with MPI installed\n");
    return -1;
}

bool ranks_is_first(const struct ranks *ranks)
{
    (void)ranks;
    return true;
}

const struct other_workers *ranks_workers(struct ranks *ranks, uint32_t threads)
{
    (void)ranks;
    (void)threads;
    return NULL;
}

uint32_t ranks_default_threads(const struct ranks *ranks)
{
    (void)ranks;
    return study_default_threads();
}

void ranks_serve(struct ranks *ranks, const struct registry *registry, atomic_int *interrupt)
{
    (void)ranks;
    (void)registry;
    (void)interrupt;
}

void ranks_leave(struct ranks *ranks)
{
    (void)ranks;
}

bool ranks_built(void)
{
    return false;
}

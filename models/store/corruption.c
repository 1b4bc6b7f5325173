// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

/* By region and index of a session: its check plus 1 if its last write is corrupt, else 0. */
struct corruption {
    struct {
        uint32_t *checks;
        size_t count;
    } regions[REGIONS_MAX];
};

struct corruption *corruption_create(void)
{
    return mem_zalloc(1, sizeof(struct corruption));
}

void corruption_free(struct corruption *corruption)
{
    for (int r = 0; corruption && r < REGIONS_MAX; r++)
        free(corruption->regions[r].checks);
    free(corruption);
}

static uint32_t *corruption_row(struct corruption *corruption, uint32_t session)
{
    uint32_t **checks = &corruption->regions[ref_region(session)].checks;
    size_t *count = &corruption->regions[ref_region(session)].count;
    size_t capacity = *count;

    if (ref_index(session) >= *count) {
        MEM_GROW(*checks, capacity, ref_index(session) + 1);
        memset(*checks + *count, 0, (capacity - *count) * sizeof **checks);
        *count = capacity;
    }
    return &(*checks)[ref_index(session)];
}

RARE void corruption_see(struct corruption *corruption, const struct cluster *cluster,
                         struct command *command)
{
    const struct store *store = cluster->store;
    uint32_t *row = corruption_row(corruption, command->session);

    if (command->reply.executed && command_is_write(command->kind)) {
        struct rng_block block = rng_block_at(&store->errors, command->identity, command->attempt);
        double share = cluster->servers[0].illness.corrupt;
        bool is_corrupt = command->kind != COMMAND_DELETE && rng_unit(block.word[2]) < share;

        *row = is_corrupt ? command->session_check + 1 : 0;
    } else if (command->reply.kind == REPLY_HIT && !command->reply.stale &&
               *row == command->session_check + 1) {
        command->reply.kind = REPLY_MISS;
        command->reply.miss = MISS_CORRUPT;
    }
}

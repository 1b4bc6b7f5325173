// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sessions in the database behind the store too.
 *
 *   write:  store -> [database] -> answer; with write-behind the answer does not wait
 *   read:   store -> missed, or no answer -> database -> found  -> [store again] -> as if read
 *                                                     -> absent -> log in again
 *
 * A request holds its worker meanwhile. A session whose write the store refused and the database
 * took is valid: it is found there.
 */
#include "app_internal.h"

/* Added to an identity, above the kinds of commands: keys of the draws of queries. */
enum { SEARCH_DRAW = 16, BACK_DRAW };
#define BACKING_BYTES 1100 /* of a session, as client.write_bytes */

static void backing_query(struct app_tier *app, uint32_t index, bool writes, bool waits)
{
    const struct app_request *request = &app->requests[index];
    uint64_t draw = writes ? BACK_DRAW : SEARCH_DRAW;
    const struct database_query query = {.identity =
                                             rng_mix(request->identity + ((draw + 1) << 48)),
                                         .user = waits ? &app->backed : NULL,
                                         .entity = index,
                                         .key = request->session,
                                         .version = request->session_check,
                                         .rows = 1,
                                         .bytes = BACKING_BYTES,
                                         .region = app->region,
                                         .writes = writes};

    app->backing->query(app->backing->self, &query);
}

RARE void app_search(struct app_tier *app, uint32_t index, uint8_t cause, bool missed)
{
    struct app_request *request = &app->requests[index];

    request->stage = STAGE_SEARCH;
    request->next = cause | (uint32_t)missed << 8;
    backing_query(app, index, false, true);
}

RARE bool app_back_write(struct app_tier *app, uint32_t index)
{
    bool waits = app->backing->sessions == BACKING_THROUGH;

    if (!waits && !app->requests[index].wrote)
        return false; /* there is nothing to write behind */
    if (waits)
        app->requests[index].stage = STAGE_BACK;
    backing_query(app, index, true, waits);
    return waits;
}

/* The search is over. */
static void app_on_searched(struct app_tier *app, uint32_t index, bool found)
{
    struct app_request *request = &app->requests[index];
    uint32_t word = request->next;

    if (!found) {
        app_not_found(app, index, (uint8_t)word);
    } else if (word >> 8) {
        app_store(app, index, COMMAND_CREATE);
        request->stage = STAGE_RESTORE;
    } else {
        app_found(app, index);
    }
}

static void app_on_backed(void *self, uint32_t index, enum database_outcome outcome,
                          uint32_t version)
{
    struct app_tier *app = self;
    struct app_request *request = &app->requests[index];
    bool done = outcome == DATABASE_DONE;

    if (!app->up || request->dead) {
        app_lose(app, index);
    } else if (request->stage == STAGE_SEARCH) {
        app_on_searched(app, index, done && version == request->session_check);
    } else {
        request->wrote |= done;
        app_written(app, index);
    }
}

void app_backing_connect(struct app_tier *app, const struct port_directory *ports)
{
    const struct database_port *database = port_find_database(ports, -1, -1);

    if (database && database->sessions != BACKING_NONE)
        app->backing = database;
    app->backed = (struct database_user){app, app_on_backed};
}

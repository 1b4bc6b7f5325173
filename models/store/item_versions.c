// SPDX-License-Identifier: GPL-3.0-or-later
#include "item_versions.h"

#include <stdlib.h>

/* --- rows ------------------------------------------------------------------------------------ */

static struct item_row *row_of(const struct items *items, uint32_t session)
{
    return store_row(items->store, session, sizeof(struct item_row));
}

/* First in, first out: a message about a row that was reused meanwhile must not find the same
 * generation again. */
static uint32_t version_alloc(struct items *items)
{
    uint32_t index = items->free_first;

    if (index != NO_INDEX) {
        items->free_first = items->versions[index].next;
        return index;
    }
    MEM_GROW(items->versions, items->capacity, items->count + 1);
    index = (uint32_t)items->count++;
    items->versions[index].generation = 0;
    return index;
}

static void version_free(struct items *items, uint32_t index)
{
    struct version *version = &items->versions[index];

    version->generation++;
    version->held = 0;
    version->next = NO_INDEX;
    if (items->free_first == NO_INDEX)
        items->free_first = index;
    else
        items->versions[items->free_last].next = index;
    items->free_last = index;
}

/* --- which version counts -------------------------------------------------------------------- */

static bool is_greater(int64_t stamp, int region, int64_t other_stamp, int other_region)
{
    return stamp != other_stamp ? stamp > other_stamp : region > other_region;
}

static struct item_view view_of(const struct items *items, const struct item_row *row, int region)
{
    struct item_view view = {row->value, row->stamp, row->region, (enum item_state)row->state,
                             row->beat};

    for (uint32_t i = row->unsettled; i != 0; i = items->versions[i - 1].next) {
        const struct version *v = &items->versions[i - 1];

        if (!v->proposed && (region < 0 || v->held >> region & 1) &&
            (view.state == ITEM_NONE || is_greater(v->stamp, v->region, view.stamp, view.region)))
            view = (struct item_view){v->value, v->stamp, v->region, (enum item_state)v->state,
                                      v->beat};
    }
    return view;
}

struct item_view item_view(const struct items *items, uint32_t session, uint32_t session_check,
                           int region)
{
    const struct item_row *row = row_of(items, session);

    if (row->check != session_check)
        return (struct item_view){.state = ITEM_NONE};
    return view_of(items, row, region);
}

/* --- writes ---------------------------------------------------------------------------------- */

static void count_loser(struct items *items, struct version *loser)
{
    if (!loser->lost)
        probe_count(items->store->probes, items->conflicts[loser->region]);
    loser->lost = true;
}

/* Which of a new version and those that its region did not know has lost. */
static void find_losers(struct items *items, struct version *version)
{
    for (uint32_t i = version->next; i != 0; i = items->versions[i - 1].next) {
        struct version *other = &items->versions[i - 1];
        bool wins = is_greater(version->stamp, version->region, other->stamp, other->region);
        struct version *winner = wins ? version : other, *loser = wins ? other : version;

        if (other->held >> version->region & 1)
            continue;
        count_loser(items, loser);
        winner->beat |= winner->state == ITEM_DELETED && loser->state == ITEM_THERE;
    }
}

static void unlink_version(struct items *items, struct item_row *row, uint32_t index)
{
    uint32_t *link = &row->unsettled;

    while (*link != index + 1)
        link = &items->versions[*link - 1].next;
    *link = items->versions[index].next;
}

/* The version is held everywhere: it is the row's, if it counts. */
static void settle(struct items *items, uint32_t index)
{
    const struct version *version = &items->versions[index];
    struct item_row *row = row_of(items, version->session);

    if (row->check == version->check && !version->late) {
        unlink_version(items, row, index);
        if (row->state == ITEM_NONE ||
            is_greater(version->stamp, version->region, row->stamp, row->region)) {
            row->value = version->value;
            row->stamp = version->stamp;
            row->region = version->region;
            row->state = version->state & 3u;
            row->beat = version->beat;
        }
    }
    items->settled_count++;
    version_free(items, index);
}

/* The session's row for a write; NULL: it is another session's by now. */
static struct item_row *row_for(struct items *items, const struct item_write *write)
{
    struct item_row *row = row_of(items, write->session);
    uint32_t op = (uint32_t)rng_mix(write->value);

    if (write->session_check < row->check)
        return NULL;
    if (write->session_check > row->check)
        *row = (struct item_row){.check = (uint16_t)write->session_check, .last_op = ~op};
    else if (row->last_op == op)
        probe_count(items->store->probes, items->store->clusters[write->region].repeated);
    row->last_op = op;
    return row;
}

static uint32_t version_add(struct items *items, const struct item_write *write,
                            struct item_row *row)
{
    uint32_t index = version_alloc(items);
    struct version *version = &items->versions[index];

    *version = (struct version){
        .value = write->value,
        .stamp = write->stamp,
        .executed = sim_now(items->store->sim),
        .session = write->session,
        .check = write->session_check,
        .bytes = write->bytes,
        .next = row ? row->unsettled : 0,
        .generation = version->generation,
        .region = (uint8_t)write->region,
        .state = (write->kind == COMMAND_DELETE ? ITEM_DELETED : ITEM_THERE) & 3u,
        .late = row == NULL,
    };
    if (row)
        row->unsettled = index + 1;
    return index;
}

uint32_t item_write(struct items *items, const struct item_write *write)
{
    struct item_row *row = row_for(items, write);
    struct item_view seen;
    struct version *version;
    uint32_t index;

    if (!row)
        return NO_INDEX; /* never read */
    seen = view_of(items, row, write->region);
    index = version_add(items, write, row);
    version = &items->versions[index];
    version->held = version->received = (uint16_t)(1u << write->region);
    if (seen.state != ITEM_NONE && version->stamp <= seen.stamp)
        version->stamp = seen.stamp + 1; /* it follows what it has seen, whatever the clocks say */
    items->written++;
    find_losers(items, version);
    if (version->held != items->member_bits)
        return index;
    settle(items, index);
    return NO_INDEX;
}

/* --- proposals ------------------------------------------------------------------------------- */

uint32_t item_propose(struct items *items, const struct item_write *write, uint32_t op,
                      uint32_t op_generation, int64_t base)
{
    uint32_t index = version_add(items, write, row_for(items, write));
    struct version *version = &items->versions[index];

    version->proposed = true;
    version->op = op;
    version->op_generation = op_generation;
    version->base = base;
    return index;
}

bool item_has_later_commit(const struct items *items, uint32_t proposal, bool by_own)
{
    const struct version *version = &items->versions[proposal];
    struct item_view newest = item_view(items, version->session, version->check, -1);

    return newest.state != ITEM_NONE && newest.stamp > version->base &&
           (by_own || newest.region != version->region);
}

bool item_has_proposal_of(const struct items *items, uint32_t proposal, int region)
{
    const struct version *version = &items->versions[proposal];
    const struct item_row *row = row_of(items, version->session);

    if (row->check != version->check)
        return false;
    for (uint32_t i = row->unsettled; i != 0; i = items->versions[i - 1].next)
        if (items->versions[i - 1].proposed && items->versions[i - 1].region == region)
            return true;
    return false;
}

uint32_t version_commit(struct items *items, uint32_t proposal, uint16_t held)
{
    struct version *version = &items->versions[proposal];

    version->proposed = false;
    version->stamp = ++items->commits;
    version->executed = sim_now(items->store->sim);
    version->held = version->received = held;
    items->written++;
    if (held != items->member_bits && !version->late)
        return proposal;
    settle(items, proposal);
    return NO_INDEX;
}

void version_drop(struct items *items, uint32_t proposal)
{
    const struct version *version = &items->versions[proposal];
    struct item_row *row = row_of(items, version->session);

    if (row->check == version->check && !version->late)
        unlink_version(items, row, proposal);
    version_free(items, proposal);
}

/* --- versions that arrive -------------------------------------------------------------------- */

void version_apply(struct items *items, uint32_t index, int region)
{
    struct version *version = &items->versions[index];

    version->held |= (uint16_t)(1u << region);
    if (version->held == items->member_bits)
        settle(items, index);
}

/* --- wiring ---------------------------------------------------------------------------------- */

void items_seed(struct items *items, uint32_t session, uint32_t session_check)
{
    *row_of(items, session) =
        (struct item_row){.check = (uint16_t)session_check, .state = ITEM_THERE};
}

void items_init(struct items *items, struct store *store, const struct model_env *env)
{
    struct probes *probes = sim_probe_set(env->sim);

    items->store = store;
    items->free_first = NO_INDEX;
    for (uint32_t r = 0; r < store->region_count; r++)
        items->conflicts[r] = probe_count_open(probes, "conflicts", (int)r, NULL);
}

void items_release(struct items *items)
{
    free(items->versions);
}

void items_check(const struct items *items)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < items->count; i++)
        rows += items->versions[i].held != 0;
    invariant(items->written == items->settled_count + rows);
}

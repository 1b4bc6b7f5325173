// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows of sessions. A row is 40 bytes; all of them stand in one array, and freed rows are used
 * again under another check.
 */
#include "population_internal.h"

#include <math.h>

/* Make room for `count` rows in all. */
static void sessions_reserve(struct population *population, size_t count)
{
    if (count <= population->session_capacity)
        return;
    MEM_GROW(population->sessions, population->session_capacity, count);
    sim_kind_rows(population->sim, population->send_kind, population->sessions,
                  sizeof *population->sessions);
    sim_kind_rows(population->sim, population->land_kind, population->sessions,
                  sizeof *population->sessions);
}

static uint32_t session_alloc(struct population *population)
{
    uint32_t index = population->session_free;

    if (index != NO_INDEX) {
        population->session_free = population->sessions[index].rtt_ns;
        return index;
    }
    sessions_reserve(population, population->session_count + 1);
    index = (uint32_t)population->session_count++;
    invariant(index < UINT32_C(1) << REF_INDEX_BITS);
    population->sessions[index].check = 0;
    return index;
}

static void count_active(struct population *population, int change)
{
    population->active += (uint32_t)change;
    probe_level(population->probes, population->active_level, sim_now(population->sim),
                population->active);
}

uint32_t session_begin(struct population *population, uint64_t id, bool is_seeded)
{
    uint32_t index = session_alloc(population);
    struct session *session = &population->sessions[index];
    const struct population_config *config = population->config;
    struct rng_block block;
    double rtt, pages;

    *session = (struct session){.id = id & ((UINT64_C(1) << 40) - 1),
                                .is_seeded = is_seeded,
                                .check = session->check + 1u,
                                .kind = REQUEST_LOGIN};
    block = rng_block_at(&population->person, session_id(session), 0);
    rtt = dist_sample(config->rtt, block.word[1]);
    session->rtt_ns = rtt < 4e9 ? (uint32_t)rtt : UINT32_C(4000000000);
    pages = dist_sample(config->requests, block.word[0]);
    session->progress = REMAINING_ONE * (pages < 1           ? 1
                                         : pages < PAGES_MAX ? (uint32_t)pages
                                                             : PAGES_MAX);
    count_active(population, 1);
    return index;
}

/* A row whose check is the largest is not used again. */
OUT_OF_LINE void session_end(struct population *population, uint32_t index)
{
    struct session *session = &population->sessions[index];

    if (session->check == SESSION_CHECK_MAX) {
        population->session_retired++;
    } else {
        session->rtt_ns = population->session_free;
        population->session_free = index;
    }
    count_active(population, -1);
}

/*
 * The sessions that a system in its steady state would find under way, each in the middle of a time
 * to think: the law of large populations, M/G/infinity. Which page, and how much of the pause is
 * left, by the length-biased laws.
 */
void sessions_start_steady(struct population *population)
{
    const struct population_config *c = population->config;
    double pages = dist_mean(c->requests);
    double expected = arrivals_rate(population, 0) *
                      ((pages - 1) * dist_mean(c->think) + dist_mean(c->after_login)) /
                      (double)SIM_S;
    struct rng_block block = rng_block_at(&population->arrival, 0, 2);
    /* the number itself by a normal's quantile; its spread matters little beside what follows */
    double z = sqrt(-2 * log(rng_unit(block.word[0]))) * cos(TWO_PI * rng_unit(block.word[1]));
    double count = floor(expected + sqrt(expected) * z + 0.5);
    uint32_t room;

    invariant(count < (double)(UINT32_C(1) << REF_INDEX_BITS));
    /* One piece, which is not to move: they spend some time waiting for answers, too. */
    room = count > 0 ? (uint32_t)(count * 1.06) : 0;
    sessions_reserve(population, room);
    population->store->reserve(population->store->self, population->region, room);

    for (uint64_t i = 0; (double)i < count; i++) {
        uint32_t index = session_begin(population, i, true);
        struct session *session = &population->sessions[index];
        double whole, left;

        block = rng_block_at(&population->person, session_id(session), 1);
        whole = dist_sample_length_biased(c->requests, block.word[0]);
        left = floor(rng_unit(block.word[1]) * whole);
        session->progress =
            PAGE_ONE + REMAINING_ONE * (left < PAGES_MAX ? 1 + (uint32_t)left : PAGES_MAX);
        session->mode = SESSION_GLOBAL;
        session->kind = REQUEST_PAGE;
        population->store->seed(population->store->self,
                                ref_make((uint32_t)population->region, index), session->check);
        session_wait(population, index,
                     (sim_time)(dist_sample_length_biased(c->think, block.word[2]) *
                                rng_unit(block.word[3])),
                     REQUEST_PAGE);
    }
}

/* Rows that are neither free nor retired are those of the active. */
void sessions_check(const struct population *population)
{
    size_t live = population->session_count - population->session_retired;

    for (uint32_t i = population->session_free; i != NO_INDEX; i = population->sessions[i].rtt_ns)
        live--;
    invariant(live == population->active);
}

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
    sim_kind_rows(population->sim, population->request_arrive_kind, population->sessions,
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

void count_active(struct population *population, int change)
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

    *session = (struct session){.id = id & (SESSION_IDS - 1),
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

/* --- closed population ----------------------------------------------------------------------- */

/* The session begins after a pause; exponential, so that what is left of it at some
 * instant has the same law. */
static void user_pause(struct population *population, uint32_t index, sim_time from)
{
    struct rng_block block =
        rng_block_at(&population->person, session_id(&population->sessions[index]), 2);
    double pause = -log(rng_unit(block.word[0])) * (double)population->config->return_after_ns;

    session_wait(population, index, from + (sim_dur)pause, REQUEST_LOGIN);
}

/* Sessions of one user are numbered `users_most` apart, so that no user's draws depend on when
 * another one's sessions end. The user never left: the gauge does not move. */
RARE static void user_return(struct population *population, uint64_t id, sim_time when)
{
    uint32_t index;

    population->active--;
    index = session_begin(population, id + population->users_most, false);
    user_seat(population, id, index);
    probe_count(population->probes, population->started);
    user_pause(population, index, when);
}

/* Whether the initial sessions are abandoned because of an interrupt. Ten thousand of them take a
 * few milliseconds. */
static bool stops_seeding(const struct population *population, uint64_t id)
{
    return id % 10000 == 0 && sim_interrupted(population->sim);
}

void sessions_start_closed(struct population *population)
{
    const struct population_config *config = population->config;

    sessions_reserve(population, population->users_most);
    for (uint64_t i = 0; i < config->users && !stops_seeding(population, i); i++) {
        uint32_t index = session_begin(population, i, false);

        user_seat(population, i, index);
        probe_count(population->probes, population->started);
        user_pause(population, index, 0);
    }
}

/* A row whose check is the largest is not used again. */
static void session_release(struct population *population, uint32_t index)
{
    struct session *session = &population->sessions[index];

    if (session->check == SESSION_CHECK_MAX) {
        population->session_retired++;
    } else {
        session->rtt_ns = population->session_free;
        population->session_free = index;
    }
}

RARE void session_drop(struct population *population, uint32_t index)
{
    population->ramp.gone--;
    session_release(population, index);
}

OUT_OF_LINE void session_end(struct population *population, uint32_t index, sim_time when)
{
    uint64_t id = population->sessions[index].id;

    session_release(population, index);
    if (is_closed(population->config))
        user_return(population, id, when);
    else
        count_active(population, -1);
}

/* --- the start ------------------------------------------------------------------------------- */

/* Where in its session a user is at the start. */
enum start_phase { START_THINKING, START_LOGGED_IN, START_LOGOUT, START_AWAY };

/* What is left of a pause in the middle of which the run starts. */
static sim_time left_of(const struct dist *pause, uint64_t word, uint64_t share_word)
{
    return (sim_time)(dist_sample_length_biased(pause, word) * rng_unit(share_word));
}

/* By the lengths of the phases. */
RARE static enum start_phase start_phase(const struct population *population, uint64_t id)
{
    const struct population_config *c = population->config;
    double think = dist_mean(c->think), away = is_closed(c) ? (double)c->return_after_ns : 0;
    double at =
        rng_unit(rng_block_at(&population->person, id, 3).word[0]) * (session_length_ns(c) + away);

    if ((at -= away) < 0)
        return START_AWAY;
    if ((at -= dist_mean(c->after_login)) < 0)
        return START_LOGGED_IN;
    return at < c->logout_share * think ? START_LOGOUT : START_THINKING;
}

/* Which page, and how much of the pause is left, by the length-biased laws. Those who come by
 * `sessions` are all put into a time to think. */
static void session_seed(struct population *population, uint64_t id)
{
    const struct population_config *c = population->config;
    uint32_t index = session_begin(population, id, true);
    struct session *session = &population->sessions[index];
    struct rng_block block = rng_block_at(&population->person, session_id(session), 1);
    enum start_phase phase = START_THINKING;
    double left;

    user_seat(population, id, index);
    if (is_closed(c) || c->concurrent > 0)
        phase = start_phase(population, session_id(session));
    if (phase == START_AWAY) {
        session->is_seeded = false; /* a session to come, as in session_start_closed() */
        user_pause(population, index, 0);
        return;
    }
    if (phase == START_THINKING) {
        left =
            floor(rng_unit(block.word[1]) * dist_sample_length_biased(c->requests, block.word[0]));
        session->progress = REMAINING_ONE * (left < PAGES_MAX ? 1 + (uint32_t)left : PAGES_MAX);
    } else if (phase == START_LOGOUT) {
        session->progress = 0;
    }
    session->progress += PAGE_ONE;
    session->mode = SESSION_GLOBAL;
    population->store->seed(population->store->self, ref_make((uint32_t)population->region, index),
                            session->check);
    if (population->database)
        population->database->set(population->database->self, population->region,
                                  ref_make((uint32_t)population->region, index), session->check);
    session_wait(
        population, index,
        left_of(phase == START_LOGGED_IN ? c->after_login : c->think, block.word[2], block.word[3]),
        phase == START_LOGOUT ? REQUEST_LOGOUT : REQUEST_PAGE);
}

/* How many sessions are under way: a closed population's users, else the law of large populations,
 * M/G/infinity. */
static double count_at_start(const struct population *population)
{
    const struct population_config *c = population->config;
    double length_ns = c->concurrent > 0 ? session_length_ns(c)
                                         : (dist_mean(c->requests) - 1) * dist_mean(c->think) +
                                               dist_mean(c->after_login);
    double expected = arrivals_rate(population, 0) * length_ns / (double)SIM_S;
    struct rng_block block = rng_block_at(&population->arrival, 0, 2);
    /* the number itself by a normal's quantile; its spread matters little beside what follows */
    double z = sqrt(-2 * log(rng_unit(block.word[0]))) * cos(TWO_PI * rng_unit(block.word[1]));

    return is_closed(c) ? c->users : floor(expected + sqrt(expected) * z + 0.5);
}

/* The sessions that a system in its steady state would find under way, each in the middle of a
 * pause. */
void sessions_start_steady(struct population *population)
{
    double count = count_at_start(population);
    uint32_t room;

    if (!(count > 0) || sim_interrupted(population->sim))
        return;
    invariant(count < (double)(UINT32_C(1) << REF_INDEX_BITS));
    /* One piece, which is not to move: they spend some time waiting for answers, too. */
    room = (uint32_t)(count * 1.06);
    room = room > population->users_most ? room : population->users_most;
    sessions_reserve(population, room);
    population->store->reserve(population->store->self, population->region, room);
    for (uint64_t i = 0; (double)i < count && !stops_seeding(population, i); i++)
        session_seed(population, i);
}

/* Rows that are neither free nor retired are those of the active, and of users who left. */
void sessions_check(const struct population *population)
{
    size_t live = population->session_count - population->session_retired;

    for (uint32_t i = population->session_free; i != NO_INDEX; i = population->sessions[i].rtt_ns)
        live--;
    invariant(live == population->active + population->ramp.gone);
}

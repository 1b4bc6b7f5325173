// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests of kinds that write in several regions: random writes of a few sessions everywhere, and
 * a replay of the history that says which of them win and which are lost. Include it after
 * history_run.h.
 */
#ifndef WRITERS_RIG_H
#define WRITERS_RIG_H

#define KEYS 40
#define WRITES 4000
#define STEPS (WRITES + 2 * KEYS)

/* Writes of random sessions in random regions, two a second for each session, then a read of each
 * in each region. */
static inline void plan_writes(struct client_step *steps, uint32_t regions, uint64_t seed)
{
    for (uint32_t i = 0; i < WRITES; i++) {
        uint64_t word = rng_mix(seed + i);

        steps[i] = (struct client_step){.at = (sim_time)(i + 1) * 12 * SIM_MS +
                                              (sim_time)(word % (uint64_t)SIM_MS),
                                        .region = (int)((word >> 32) % regions),
                                        .kind = COMMAND_TOUCH,
                                        .session = (uint32_t)(word >> 40) % KEYS};
    }
    for (uint32_t i = 0; i < 2 * KEYS; i++)
        steps[WRITES + i] = (struct client_step){.at = 70 * SIM_S + i * SIM_MS,
                                                 .region = (int)i % 2,
                                                 .kind = COMMAND_GET,
                                                 .session = i / 2};
}

/* The write of a session that was executed last; of two at one instant, that of the later region.
 */
static inline const struct history_write *last_of(const struct history *whole, uint32_t session)
{
    const struct history_write *last = NULL;

    for (size_t i = 0; i < whole->write_count; i++) {
        const struct history_write *write = &whole->writes[i];

        if (write->session == session &&
            (!last || write->executed > last->executed ||
             (write->executed == last->executed && write->region > last->region)))
            last = write;
    }
    return last;
}

/* A write is lost if another region wrote the session later, before it had arrived there. */
static inline bool is_lost(const struct history *whole, const struct history_write *write,
                           sim_dur lag)
{
    for (size_t i = 0; i < whole->write_count; i++) {
        const struct history_write *other = &whole->writes[i];
        sim_dur later = other->executed - write->executed;

        if (other->session == write->session && other->region != write->region && later < lag &&
            (later > 0 || (later == 0 && other->region > write->region)))
            return true;
    }
    return false;
}

#endif

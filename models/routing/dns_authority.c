// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the name servers know: health and weights of the records of the users' name.
 *
 * A change of a record's health reaches the name servers near each place after a draw of
 * status_delay, no control plane being involved. A change of a weight goes through the control
 * plane of the DNS, which takes or refuses it, and reaches them after a draw of propagation. Name
 * servers learn each by themselves.
 */
#include "dns_routing_internal.h"

void dns_authority_start(struct dns_routing *dns)
{
    int count = dns->near.region_count;

    for (int region = 0; region < count; region++) {
        struct record_state *state = &dns->states[region];

        state->healthy = true;
        state->places_healthy = (uint32_t)count;
        probe_level(dns->probes, state->level, 0, state->places_healthy);
        for (int place = 0; place < count; place++)
            dns->records[place][region] = (struct dns_record){
                .target = {.region = region}, .weight = state->port->weight, .healthy = true};
    }
}

/* --- health ---------------------------------------------------------------------------------- */

static uint32_t learn_entity(int place, int region)
{
    return (uint32_t)(place * REGIONS_MAX + region);
}

static void schedule_learning(struct dns_routing *dns, int region)
{
    struct record_state *state = &dns->states[region];

    for (; state->learning_count > 0; state->learning_count--)
        sim_cancelled(dns->sim);
    state->changes++;
    for (int place = 0; place < dns->near.region_count; place++) {
        uint32_t entity = learn_entity(place, region);
        uint64_t word = rng_block_at(&dns->status_stream, entity, state->changes).word[0];
        sim_time when = sim_now(dns->sim) + dist_sample_ns(dns->config->status_delay, word);

        if (when > sim_end(dns->sim))
            continue;
        sim_at(dns->sim, when, dns->learn_kind, entity, state->changes);
        state->learning_count++;
    }
}

void dns_routing_health(void *self, int region, enum record_health source, bool healthy)
{
    struct dns_routing *dns = self;
    struct record_state *state = &dns->states[region];
    struct cause cause = {0};

    if (!dns->in_use || state->port->health != source || state->healthy == healthy)
        return;
    state->healthy = healthy;
    cause.number =
        run_log_event(dns->log, sim_now(dns->sim), "health", dns->topology->region_names[region],
                      sim_cause(dns->sim), NULL,
                      healthy ? "the record is healthy again" : "the record is unhealthy");
    cause = sim_set_cause(dns->sim, cause);
    schedule_learning(dns, region);
    sim_set_cause(dns->sim, cause);
}

static void dns_routing_on_learn(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct dns_routing *dns = self;
    int place = (int)(entity / REGIONS_MAX), region = (int)(entity % REGIONS_MAX);
    struct record_state *state = &dns->states[region];
    struct dns_record *record = &dns->records[place][region];

    (void)generation;
    invariant(state->learning_count > 0);
    state->learning_count--;
    if (record->healthy == state->healthy)
        return;
    record->healthy = state->healthy;
    state->places_healthy += record->healthy ? 1 : UINT32_MAX;
    probe_level(dns->probes, state->level, sim_now(sim), state->places_healthy);
    run_log_event(dns->log, sim_now(sim), "dns", dns->topology->region_names[region],
                  sim_cause(sim), NULL, "name servers near %s %s this region",
                  dns->topology->region_names[place],
                  record->healthy ? "answer again with" : "leave out");
}

static bool dns_routing_learn_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct dns_routing *dns = self;

    return (dns->states[entity % REGIONS_MAX].changes & SIM_GENERATION_MASK) == generation;
}

const struct event_kind dns_routing_learn = {
    .name = "learn",
    .phase = PHASE_WORK,
    .fire = dns_routing_on_learn,
    .live = dns_routing_learn_live,
    .carries_cause = true,
};

/* --- weights --------------------------------------------------------------------------------- */

bool dns_routing_change(void *self, const struct routing_setting *setting)
{
    struct dns_routing *dns = self;
    const char *subject = dns->topology->region_names[setting->region];
    size_t number = dns->setting_count + 1;
    const char *refusal = change_gate_call(&dns->gate);
    struct cause cause = sim_cause(dns->sim);

    if (refusal) {
        cause.waited_for = dns->gate.changed_by;
        run_log_event(dns->log, sim_now(dns->sim), "routing", subject, cause, refusal,
                      "the change of the record was refused");
        return false;
    }
    MEM_GROW(dns->settings, dns->setting_capacity, number);
    dns->settings[dns->setting_count++] = *setting;
    run_log_event(dns->log, sim_now(dns->sim), "routing", subject, cause, NULL,
                  "the weight of the record is set to %g", setting->value);
    for (int place = 0; place < dns->near.region_count; place++) {
        uint64_t word = rng_block_at(&dns->setting_stream, number, (uint64_t)place).word[0];

        sim_after(dns->sim, dist_sample_ns(dns->config->propagation, word), dns->apply_kind,
                  (uint32_t)number * REGIONS_MAX + (uint32_t)place, 0);
    }
    return true;
}

/* Of two changes of a record name servers keep the later one, in whatever order they arrive. */
static void dns_routing_on_apply(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct dns_routing *dns = self;
    uint32_t number = entity / REGIONS_MAX, place = entity % REGIONS_MAX;
    const struct routing_setting *setting = &dns->settings[number - 1];

    (void)sim, (void)generation;
    if (number < dns->known[place][setting->region])
        return;
    dns->known[place][setting->region] = number;
    dns->records[place][setting->region].weight = (uint32_t)setting->value;
}

const struct event_kind dns_routing_apply = {
    .name = "apply", .phase = PHASE_WORK, .fire = dns_routing_on_apply};

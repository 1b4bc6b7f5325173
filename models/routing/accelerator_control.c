// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Changes of traffic dials and weights, through a control plane that is in one region.
 *
 * A change is accepted or refused at once; an accepted one reaches each edge after a draw of
 * change_delay for the service and one of edge_spread for the edge, also if the control plane fails
 * meanwhile. Of two changes of the same setting an edge keeps the later one, in whatever order they
 * arrive. Connections that are open stay where they are.
 */
#include "accelerator_internal.h"

static uint32_t apply_entity(size_t number, int place)
{
    return (uint32_t)number * REGIONS_MAX + (uint32_t)place;
}

static void log_setting(struct accelerator *acc, const struct routing_setting *setting)
{
    struct cause cause = sim_cause(acc->sim);
    const char *subject = acc->topology->region_names[setting->region];

    if (setting->kind == ROUTING_DIAL)
        cause.number = run_log_event(acc->log, sim_now(acc->sim), "routing", subject, cause, NULL,
                                     "the traffic dial is set to %g %%", 100 * setting->value);
    else
        cause.number = run_log_event(acc->log, sim_now(acc->sim), "routing", subject, cause, NULL,
                                     "the weight of endpoint %u is set to %g", setting->endpoint,
                                     setting->value);
    sim_set_cause(acc->sim, (struct cause){.number = cause.number});
}

static void log_refusal(struct accelerator *acc, const struct routing_setting *setting,
                        const char *why)
{
    struct cause cause = sim_cause(acc->sim);

    cause.waited_for = acc->gate.changed_by;
    run_log_event(acc->log, sim_now(acc->sim), "routing",
                  acc->topology->region_names[setting->region], cause, why,
                  "the change of the accelerator was refused");
}

static bool accelerator_change(void *self, const struct routing_setting *setting)
{
    struct accelerator *acc = self;
    size_t number = acc->setting_count + 1;
    const char *refusal = change_gate_call(&acc->gate);
    sim_dur delay;

    if (refusal) {
        log_refusal(acc, setting, refusal);
        return false;
    }
    MEM_GROW(acc->settings, acc->setting_capacity, number);
    acc->settings[acc->setting_count++] = *setting;
    log_setting(acc, setting);
    delay = dist_sample_ns(acc->config->change_delay,
                           rng_block_at(&acc->setting_stream, number, 0).word[0]);
    for (int place = 0; place < acc->region_count; place++) {
        uint64_t word = rng_block_at(&acc->setting_stream, number, 1 + (uint64_t)place).word[0];

        sim_after(acc->sim, delay + dist_sample_ns(acc->config->edge_spread, word), acc->apply_kind,
                  apply_entity(number, place), 0);
    }
    return true;
}

static void set_setting(struct group_view *view, const void *arg)
{
    const struct routing_setting *setting = arg;

    if (setting->kind == ROUTING_DIAL)
        view->dial = setting->value;
    else
        view->weights[setting->endpoint] = (uint8_t)setting->value;
}

static void accelerator_on_apply(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct accelerator *acc = self;
    uint32_t number = entity / REGIONS_MAX;
    int place = (int)(entity % REGIONS_MAX);
    const struct routing_setting *setting = &acc->settings[number - 1];
    struct settings_known *known = &acc->known[place][setting->region];
    uint32_t *latest =
        setting->kind == ROUTING_DIAL ? &known->dial : &known->weights[setting->endpoint];

    (void)sim, (void)generation;
    if (number < *latest)
        return;
    *latest = number;
    accelerator_view_change(acc, place, setting->region, set_setting, setting);
}

const struct event_kind accelerator_apply = {
    .name = "apply", .phase = PHASE_WORK, .fire = accelerator_on_apply};

void accelerator_control_init(struct accelerator *acc, struct port_directory *ports,
                              const char *instance)
{
    acc->control = (struct routing_control_port){acc, accelerator_change};
    port_offer_routing_control(ports, ROUTING_OF_ACCELERATOR, -1, &acc->control);
    change_gate_init(&acc->gate, acc->sim, ports, CONTROL_ACCELERATOR, 0, acc->config->home,
                     instance);
}

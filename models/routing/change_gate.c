// SPDX-License-Identifier: GPL-3.0-or-later
#include "change_gate.h"

static void gate_set(void *self, uint32_t index, const struct control_state *state)
{
    struct change_gate *gate = self;

    (void)index;
    gate->state = *state;
    gate->changed_by = sim_cause(gate->sim).number;
}

void change_gate_init(struct change_gate *gate, struct sim *sim, struct port_directory *ports,
                      enum control_part part, int number, const char *home, const char *instance)
{
    *gate = (struct change_gate){.sim = sim,
                                 .plane = {gate, 0, home, gate_set},
                                 .state = CONTROL_WELL,
                                 .stream = sim_stream(sim, instance, "call")};
    port_offer_control_plane(ports, part, number, &gate->plane);
}

const char *change_gate_call(struct change_gate *gate)
{
    uint64_t word = rng_block_at(&gate->stream, 0, ++gate->calls).word[0];

    if (!gate->state.up)
        return "control plane down";
    if (gate->state.throttled)
        return "control plane throttles";
    return rng_unit(word) < gate->state.errors ? "control plane error" : NULL;
}

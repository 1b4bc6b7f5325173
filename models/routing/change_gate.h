// SPDX-License-Identifier: GPL-3.0-or-later
/* A control plane that takes or refuses changes of the routing, as faults leave it (control.h). */
#ifndef CHANGE_GATE_H
#define CHANGE_GATE_H

#include "control.h"
#include "model.h"
#include "run_log.h"

#include <stdbool.h>
#include <stdint.h>

struct change_gate {
    struct sim *sim;
    struct control_plane plane;
    struct control_state state;
    uint32_t changed_by;      /* event of the run log; 0: none */
    struct rng_stream stream; /* of its errors, by the number of the call */
    uint64_t calls;
};

/* While initialising: offer the plane as number `number` of `part`. `home` and `instance` must
 * outlive the run. */
void change_gate_init(struct change_gate *gate, struct sim *sim, struct port_directory *ports,
                      enum control_part part, int number, const char *home, const char *instance);
/* Does it take a call now? Returns NULL, or in words why it does not. */
const char *change_gate_call(struct change_gate *gate);

#endif

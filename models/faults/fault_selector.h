// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a fault hits, whatever it is: a region, a zone, a node, an instance, a link and the traffic
 * on it, a name, a part of the control machinery. Read once, from the parameters of one fault.
 *
 * What a scenario's models let a fault do to a target is in their rows (fault_capability,
 * model_rows.h), by the target's name:
 *
 *   link, link/application, link/replication   all traffic over the link, or only the one kind
 *   region, zone, node, instance               a place; node: of the store, instance: of the
 * application gateway, store, replication                of a region record a name of the DNS
 *   control/monitoring, control/function, control/store-api, control/dns
 *   promote                                    the promotion of a region's cluster: an action
 *
 * A target that no row names is refused, so whoever simulates a new one adds its rows, and the
 * effects that they name (fault_effects.h).
 */
#ifndef FAULT_SELECTOR_H
#define FAULT_SELECTOR_H

#include "field.h"
#include "model.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stdint.h>

enum fault_target {
    TARGET_LINK,
    TARGET_REGION,
    TARGET_GATEWAY,
    TARGET_STORE,
    TARGET_REPLICATION,
    TARGET_CONTROL,
    TARGET_PROMOTE,
    TARGET_ZONE,
    TARGET_NODE,
    TARGET_INSTANCE,
    TARGET_RECORD
};
#define FAULT_TARGETS (TARGET_RECORD + 1)

enum fault_traffic { TRAFFIC_BOTH, TRAFFIC_APPLICATION, TRAFFIC_REPLICATION };
extern const char *const fault_traffic_names[];

enum fault_control {
    CONTROL_NOTHING,
    CONTROL_OF_MONITORING,
    CONTROL_OF_FUNCTION,
    CONTROL_OF_STORE_API,
    CONTROL_OF_DNS
};
#define FAULT_CONTROLS (CONTROL_OF_DNS + 1)
extern const char *const fault_control_names[];

/* As a fault's parameters name it: exactly one target, else it is an error. */
struct fault_place {
    struct link_ref link;                                 /* from -1: not given */
    int traffic;                                          /* enum fault_traffic, of the link */
    int32_t region, gateway, store, replication, promote; /* -1: not given */
    char *zone, *node, *instance;                         /* "us-west-1/2"; NULL: not given */
    char *record;
    int control; /* enum fault_control */
};

/* Does it name this target? */
bool fault_place_names(const struct fault_place *place, enum fault_target target);

struct fault_selector {
    enum fault_target target;
    int region;           /* of a place; else -1 */
    uint32_t index;       /* of ZONE, NODE and INSTANCE in the region */
    struct link_ref link; /* LINK */
    enum fault_traffic traffic;
    enum fault_control control; /* CONTROL */
    const char *record;         /* RECORD; the place's */
};

/* Of a place that names one target. False with the error reported; `validation` NULL: it was read
 * without error before. */
bool fault_selector_read(struct fault_selector *selector, const struct fault_place *place,
                         const struct topology *topology, struct validation *validation);
/* The parameter that names a target: "link". */
const char *fault_target_key(enum fault_target target);
/* The target's name in rows: "link/application". */
void fault_selector_add_name(struct strbuf *out, const struct fault_selector *selector);
/* For people: "us-west-1 -> us-west-2", "store of us-west-1". */
void fault_selector_add_text(struct strbuf *out, const struct fault_selector *selector,
                             const struct topology *topology);

#endif

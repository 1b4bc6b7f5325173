// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The target of a fault: a region, a zone, a node, an instance, a link and a class of its traffic,
 * a name, control planes. Read once from the parameters of one fault.
 *
 * Models and kinds declare in rows (struct fault_capability, model_rows.h) what a fault can do to
 * which target, by these names:
 *
 *   link, link/application, link/replication   all traffic over the link, or one class
 *   link/route                                 one of its routes: how many there are
 *   region, zone, node, instance               node: of the store; instance: of the application
 *   gateway, store, replication                of a region
 *   record/store, record/users                 a name of the DNS: of the store, of the users
 *   control/monitoring, control/function, control/store-api, control/dns, control/accelerator,
 *   control/routing                            the planes of one part (control.h)
 *   home                                       all planes with this home region
 *   promote                                    promotion of a region's cluster: an action
 *
 * A target that no row names is refused. To simulate a new target, add rows to its model and
 * effects to fault_effects.c.
 */
#ifndef FAULT_SELECTOR_H
#define FAULT_SELECTOR_H

#include "control.h"
#include "field.h"
#include "link.h"
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
    TARGET_HOME,
    TARGET_ZONE,
    TARGET_NODE,
    TARGET_INSTANCE,
    TARGET_RECORD
};
#define FAULT_TARGETS (TARGET_RECORD + 1)

extern const char *const fault_traffic_names[]; /* by enum traffic */

extern const char *const fault_control_names[]; /* "none", then by enum control_part */

/* The parameters of a fault that name its target; exactly one of them may be given. */
struct fault_place {
    struct link_ref link;                                 /* from -1: not given */
    int traffic;                                          /* enum traffic, of the link */
    int32_t region, gateway, store, replication, promote; /* -1: not given */
    char *zone, *node, *instance; /* "R/2", "R/0-3", "R/" and an asterisk, zones "R/a", "R/a-c";
                                     NULL: not given */
    char *record, *home;
    int control; /* 0: not given; else 1 + enum control_part */
};

/* Is the parameter of this target given? */
bool fault_place_names(const struct fault_place *place, enum fault_target target);

#define FAULT_LAST_PART UINT32_MAX

struct fault_selector {
    enum fault_target target;
    int region;           /* -1: the target is not in one region */
    uint32_t index, last; /* of ZONE, NODE and INSTANCE in the region: from, to; last
                             FAULT_LAST_PART: all that there are */
    struct link_ref link; /* LINK */
    enum traffic traffic;
    enum control_part control; /* CONTROL */
    const char *name;          /* RECORD, HOME; the place's */
};

/* Read a place that names one target. Returns false with the error reported. `validation` may be
 * NULL where the same place was read without error before. */
bool fault_selector_read(struct fault_selector *selector, const struct fault_place *place,
                         const struct topology *topology, struct validation *validation);
/* Name of the parameter of a target: "link". */
const char *fault_target_key(enum fault_target target);
/* Append the target's name in rows: "link/application". */
void fault_selector_add_name(struct strbuf *out, const struct fault_selector *selector);
/* Append the name of one of its parts: "2", of a zone "c"; of all parts an asterisk. */
void fault_selector_add_part(struct strbuf *out, const struct fault_selector *selector,
                             uint32_t part);
/* Append its name in the run log: "us-west-1 -> us-west-2", "store of us-west-1". */
void fault_selector_add_text(struct strbuf *out, const struct fault_selector *selector,
                             const struct topology *topology);

#endif

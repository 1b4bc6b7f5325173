// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The models that there are. A new model is one file, its test, its page, a line here and one in
 * registry.c.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "model.h"

#include <stddef.h>

/* In the order in which they are initialised, connected, started and finished. */
extern const struct model_ops *const model_registry[];
extern const size_t model_registry_count;

extern const struct model_ops objective_ops;
extern const struct model_ops transit_gateway_ops;
extern const struct model_ops wan_link_ops;
extern const struct model_ops store_ops;
extern const struct model_ops replication_ops;
extern const struct model_ops dns_zone_ops;
extern const struct model_ops store_client_ops;
extern const struct model_ops app_tier_ops;
extern const struct model_ops endpoint_group_ops;
extern const struct model_ops dns_record_ops;
extern const struct model_ops dns_routing_ops;
extern const struct model_ops accelerator_ops;
extern const struct model_ops routing_change_ops;
extern const struct model_ops population_ops;
extern const struct model_ops alarm_list_ops;
extern const struct model_ops monitoring_ops;
extern const struct model_ops failover_ops;
extern const struct model_ops fault_schedule_ops;
extern const struct model_ops cost_ops;
extern const struct model_ops database_ops;
extern const struct model_ops key_classes_ops;

#endif

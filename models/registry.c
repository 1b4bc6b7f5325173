// SPDX-License-Identifier: GPL-3.0-or-later
#include "registry.h"

/*
 * A model that is asked at the start comes before the one that asks: gateways before links, links
 * before the accelerator (their delays order its regions), the store before the name that points
 * to it. The cost comes last, since it reads what all others counted.
 */
const struct model_ops *const model_registry[] = {
    &objective_ops,   &transit_gateway_ops, &wan_link_ops,       &store_ops,      &replication_ops,
    &dns_zone_ops,    &store_client_ops,    &endpoint_group_ops, &app_tier_ops,   &dns_record_ops,
    &dns_routing_ops, &accelerator_ops,     &population_ops,     &alarm_list_ops, &monitoring_ops,
    &failover_ops,    &fault_schedule_ops,  &routing_change_ops, &database_ops,   &key_classes_ops,
    &cost_ops,
};
const size_t model_registry_count = sizeof model_registry / sizeof model_registry[0];

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The price list: one row for each price, with unit, default, date and source, and the prices of
 * regions that differ from it. A price is a parameter of the section `cost`: the user's own value
 * replaces the list's, in all regions.
 *
 * PRICE: name of the parameter and member, list price (us-east-1, us-west-2 or global), what it
 * buys, date, source.
 */
#ifndef PRICE_LIST_H
#define PRICE_LIST_H

#include <stdbool.h>
#include <stddef.h>

// clang-format off
#define PRICE_LIST(PRICE) \
    PRICE(node_price, "1", "a cache node, relative to the list price of store.node_type and store.engine (a discount of 30 %: 0.7)", "2026-09-20", "facts K") \
    PRICE(node_per_hour, "0", "USD/h: a cache node of whatever type, in place of its list price; 0: by the list", "2026-09-20", "facts K") \
    PRICE(durable_per_hour, "0.035", "USD/h: what a cache node costs more with synchronous durability", "2026-09-20", "facts K") \
    PRICE(write_unit_per_million, "0.625", "USD: a million write units of a managed table, replicated ones too", "2026-08-31", "facts K") \
    PRICE(read_unit_per_million, "0.125", "USD: a million read units of a managed table", "2026-09", "facts K") \
    PRICE(write_capacity_per_hour, "0.00065", "USD/h: a provisioned write unit a second", "2026-09", "facts K") \
    PRICE(read_capacity_per_hour, "0.00013", "USD/h: a provisioned read unit a second", "2026-09", "facts K") \
    PRICE(table_per_gb_month, "0.25", "USD: a GB of a managed table for a month (beyond 25 GB)", "2026-08-31", "facts K") \
    PRICE(snapshot_per_gb_month, "0.085", "USD: a GB of snapshots of a cache for a month", "undated", "assumption") \
    PRICE(replication_per_gib, "0.02", "USD/GiB: replication traffic out of the region that sends", "2026-09", "facts K") \
    PRICE(transfer_per_gb, "0.02", "USD/GB: traffic to another region, out of the region that sends, replies too", "2026-09-03", "facts K") \
    PRICE(zone_transfer_per_gb, "0.01", "USD/GB: traffic to or from another zone of the region, at its instances", "2026-09-03", "facts K") \
    PRICE(peering_per_hour, "0", "USD/h: a peering; none on the bill, so what it costs to run", "2026-06", "facts K") \
    PRICE(gateway_attachment_per_hour, "0.05", "USD/h: an attachment to a transit gateway", "2026", "facts K") \
    PRICE(gateway_per_gb, "0.02", "USD/GB: data that a transit gateway processes", "2026", "facts K") \
    PRICE(vpn_per_hour, "0.05", "USD/h: a VPN connection, of two tunnels", "undated", "assumption") \
    PRICE(vpn_per_gb, "0.09", "USD/GB: data out of a region over a VPN, as to the internet", "2026-08-31", "facts K") \
    PRICE(direct_connect_per_hour, "0.30", "USD/h: a port of Direct Connect of 1 Gbit/s", "2026", "company links") \
    PRICE(direct_connect_per_gb, "0.02", "USD/GB: data out of a region over Direct Connect", "2026", "company links") \
    PRICE(accelerator_per_hour, "0.025", "USD/h: an accelerator", "2026-09", "facts K") \
    PRICE(accelerator_per_gb, "0.015", "USD/GB: traffic through an accelerator, of the direction that has more", "2026-09", "facts K") \
    PRICE(internet_per_gb, "0.09", "USD/GB: responses to users, where `internet` is true (first 10 TB)", "2026-08-31", "facts K") \
    PRICE(dns_per_million, "0.40", "USD: a million answers to the clients that ask for the primary's name", "2026-09", "facts K") \
    PRICE(health_check_per_month, "0.50", "USD/month: a health check of a DNS record", "2026-09", "facts K") \
    PRICE(routing_control_per_hour, "2.50", "USD/h: a cluster of routing controls", "2026-09", "facts K") \
    PRICE(alarm_per_month, "0.10", "USD/month: an alarm", "undated", "facts K") \
    /* end of the list */

/* Prices of regions that differ: of a node relative to that of the list, else in its unit. */
#define REGIONAL_PRICES(ROW) \
    ROW(node_price, "eu-west-1", 0.1944 / 0.1752, "2026-09-20") \
    ROW(node_price, "eu-west-2", 0.2048 / 0.1752, "2026-09-20") \
    ROW(node_price, "ca-central-1", 0.1912 / 0.1752, "2026-09-20") \
    ROW(transfer_per_gb, "ap-south-1", 0.086, "2020") \
    ROW(transfer_per_gb, "ap-northeast-2", 0.08, "2020") \
    ROW(transfer_per_gb, "me-south-1", 0.16, "2020") \
    ROW(transfer_per_gb, "ap-northeast-1", 0.09, "2020") \
    ROW(transfer_per_gb, "sa-east-1", 0.16, "2020") \
    ROW(transfer_per_gb, "ap-east-1", 0.09, "2020") \
    ROW(transfer_per_gb, "ap-southeast-1", 0.09, "2020") \
    ROW(transfer_per_gb, "ap-southeast-2", 0.14, "2020") \
    /* end of the table */
// clang-format on

struct price_config {
#define PRICE_MEMBER(name, ...) double name;
    PRICE_LIST(PRICE_MEMBER)
#undef PRICE_MEMBER
};

/* The price at offset `price` of struct price_config in a region: the region's of the list, where
 * the config has the list's, and `by_region`; else the config's. `region` NULL: no region. */
double price_in(const struct price_config *config, size_t price, const char *region,
                bool by_region);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Links of a company: VPN and Direct Connect. Such a link has one or two routes, of which the first
 * that works carries everything; connections survive a change of the route.
 *
 *   vpn               two tunnels of IPsec over the internet; the second one stands by
 *   direct-connect    a dedicated line, and a VPN as its backup where there is one
 *
 * A session of routing (BGP), or dead peer detection, runs over each route. When a route carries
 * nothing in either direction, its ends withdraw it after `detect_ns`; when it carries again, they
 * use it after `restore_ns`. While none is usable the link carries nothing. Losses below 100 % do
 * not end a session. Both directions withdraw and restore together.
 */
#ifndef LINK_ROUTE_H
#define LINK_ROUTE_H

#include "dist.h"
#include "model.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stdint.h>

#define ROUTES_MAX 2

struct vpn_config {
    sim_dur delay_ns, detect_ns, restore_ns;
    struct dist *jitter;
    double loss, bandwidth_bit_per_s;
    uint32_t overhead_bytes, tunnels;
};
struct direct_connect_config {
    sim_dur detect_ns, restore_ns;
    double bandwidth_bit_per_s;
    int backup; /* enum direct_backup */
};
enum direct_backup { BACKUP_NONE, BACKUP_VPN };
extern const char *const direct_backups[];

/* clang-format off */
#define LINK_ROUTE_FIELDS(vpn, direct) \
    DURATION("vpn.delay", vpn.delay_ns, "0ms", "1ms", "10s", "vpn: delay of encryption and of the detour over the internet, added one way", "assumption"), \
    TIME_DIST("vpn.jitter", vpn.jitter, "0ms", "exponential(1ms)", "10s", "vpn: jitter of the internet, one way, in addition to 'jitter'", "facts D.2"), \
    SHARE("vpn.loss", vpn.loss, "0", "0.1%", "100%", "vpn: packets lost on the internet, in addition to 'loss'", "facts D.2"), \
    BANDWIDTH("vpn.bandwidth", vpn.bandwidth_bit_per_s, "0", "1.25Gbit/s", "1000Gbit/s", "vpn: bandwidth of a tunnel; 0: no limit", "company links"), \
    COUNT("vpn.overhead", vpn.overhead_bytes, "0", "54", "1000", "vpn: bytes that encryption adds to a packet: MTU 1446 instead of 1500; segments are as much smaller", "company links"), \
    COUNT("vpn.tunnels", vpn.tunnels, "1", "2", "2", "vpn: tunnels of the connection; one carries, the other stands by", "company links"), \
    DURATION("vpn.detection", vpn.detect_ns, "1ms", "30s", "1h", "vpn: from the failure of a tunnel until dead peer detection withdraws it", "company links"), \
    DURATION("vpn.restore", vpn.restore_ns, "0s", "10s", "1h", "vpn: from the repair of a tunnel until it is used again (IKE, BGP)", "assumption"), \
    BANDWIDTH("direct_connect.bandwidth", direct.bandwidth_bit_per_s, "0", "1Gbit/s", "1000Gbit/s", "direct-connect: bandwidth of the port; 0: no limit", "company links"), \
    DURATION("direct_connect.detection", direct.detect_ns, "1ms", "90s", "1h", "direct-connect: from the failure of the line until its route is withdrawn: BGP's hold time; with BFD 0.9s (3 x 300 ms)", "company links"), \
    DURATION("direct_connect.restore", direct.restore_ns, "0s", "30s", "1h", "direct-connect: from the repair of the line until it is used again", "assumption"), \
    CHOICE("direct_connect.backup", direct.backup, direct_backups, "none", "direct-connect: route that carries while the line does not: none, or one tunnel of a VPN (parameters vpn.*)", "company links")
/* clang-format on */

struct link_route {
    const char *name; /* in the run log */
    sim_dur delay_ns, detect_ns, restore_ns;
    const struct dist *jitter; /* NULL: none; the config's */
    double loss, bandwidth_bit_per_s;
    uint32_t overhead_bytes;
    uint32_t faults; /* blackholes on it, in either direction */
    uint32_t step;   /* generation of its timer */
    bool usable;     /* as its ends believe */
};

struct wan_link;
/* While wiring, where the kind of the link has routes. */
void link_routes_init(struct wan_link *link, const struct model_env *env);
/* A blackhole begins or ends on a route of either direction; route 0: on all. */
void link_routes_fault(struct wan_link *link, uint32_t route, bool begin);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reality_tun_path: an IP path between two network namespaces, with delay, jitter, loss, a rate and
 * silence. Both ends are real TCP stacks; this program only moves packets.
 *
 *   reality_tun_path near=NAMESPACE far=NAMESPACE control=PATH [SETTING=VALUE...]
 *
 * It makes one TUN device in each namespace; the caller gives it an address. Packets that enter the
 * device in `near` leave the one in `far` (direction THERE) and the reverse (BACK).
 *
 *   device=NAME   name of the devices; default path0
 *   seed=N        of loss and jitter
 *   forget=TIME   lose packets of a connection that was idle for longer, until a new handshake: a
 *                 connection table that expires silently; 0s: off
 *   others        see path_impairment.h; packets behind more than `buffer` bytes are lost
 *
 * Loss is drawn when a packet enters, keyed by (seed, direction, number of the packet). Order is
 * kept within a flow (addresses and ports). Packets on their way when `cut` begins arrive.
 *
 * Commands:
 *
 *   cut there|back|both    lose all packets
 *   go there|back|both     pass packets again
 *   set SETTING=VALUE...   change the impairment
 *   forget=TIME            change the connection table
 */
#include "control_socket.h"
#include "path_impairment.h"
#include "reactor.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PACKET_BYTES 2048
#define FLOW_SLOTS 4096 /* connections whose hashes agree share a slot and keep one order */
#define SYN_FLAG 0x02

struct packet {
    struct packet *next;
    int64_t due_ns;
    size_t length;
    unsigned char bytes[PACKET_BYTES];
};

/* One direction: packets that are on their way, by the instant of their delivery. */
struct lane {
    struct tun_path *path;
    enum direction direction;
    struct reactor_watch watch; /* the device where packets enter */
    int exit;                   /* the device where they leave */
    struct packet *first, *last;
    struct reactor_timer timer;
    uint64_t packets;
    int64_t last_due_ns[FLOW_SLOTS];
};

struct tun_path {
    struct reactor reactor;
    struct control control;
    struct impairment directions[DIRECTIONS];
    struct lane lanes[DIRECTIONS];
    struct packet *spare;
    int64_t forget_ns;                /* 0: no table of connections */
    int64_t last_seen_ns[FLOW_SLOTS]; /* either direction; 0: not known */
};

/* The slot of a connection, the same for both directions; 0 if the packet is not IPv4. */
static size_t packet_flow(const struct packet *packet)
{
    const unsigned char *ip = packet->bytes;
    size_t header = (size_t)(ip[0] & 0x0F) * 4;
    uint64_t addresses = 0, one, other;

    if (packet->length < header + 4 || ip[0] >> 4 != 4)
        return 0;
    for (size_t i = 0; i < 4; i++)
        addresses += (uint64_t)(ip[12 + i] + ip[16 + i]) << (16 * i);
    one = (uint64_t)ip[header] << 8 | ip[header + 1];
    other = (uint64_t)ip[header + 2] << 8 | ip[header + 3];
    return rng_mix(rng_mix(addresses) + (one < other ? one << 16 | other : other << 16 | one)) %
           FLOW_SLOTS;
}

static bool packet_is_syn(const struct packet *packet)
{
    size_t header = (size_t)(packet->bytes[0] & 0x0F) * 4;

    return packet->bytes[9] == 6 && packet->length >= header + 14 &&
           (packet->bytes[header + 13] & SYN_FLAG) != 0;
}

/* A connection table that has forgotten the flow loses its packets until a new handshake. */
static bool path_forgot(struct tun_path *path, const struct packet *packet, size_t flow,
                        int64_t now_ns)
{
    int64_t seen_ns = path->last_seen_ns[flow];

    if (path->forget_ns == 0)
        return false;
    if (!packet_is_syn(packet) && now_ns - seen_ns > path->forget_ns)
        return true;
    path->last_seen_ns[flow] = now_ns;
    return false;
}

static struct packet *packet_take(struct tun_path *path)
{
    struct packet *packet = path->spare;

    if (packet == NULL)
        return allocate(1, sizeof(*packet));
    path->spare = packet->next;
    return packet;
}

static void packet_give(struct tun_path *path, struct packet *packet)
{
    packet->next = path->spare;
    path->spare = packet;
}

static bool lane_loses(struct lane *lane, const struct packet *packet, size_t flow, int64_t now_ns)
{
    struct impairment *impairment = &lane->path->directions[lane->direction];
    uint64_t number = lane->packets++;

    if (impairment->state == CUTTING || path_forgot(lane->path, packet, flow, now_ns))
        return true;
    if (impairment->loss > 0 &&
        rng_unit(rng_block_at(&impairment->loss_stream, 0, number).word[0]) < impairment->loss)
        return true;
    return impairment->rate_bit_per_s > 0 &&
           (double)(impairment->free_ns - now_ns) * impairment->rate_bit_per_s / 8e9 >
               (double)impairment->buffer_bytes;
}

static void lane_insert(struct lane *lane, struct packet *packet)
{
    struct packet **place = &lane->first;

    if (lane->first != NULL && lane->last->due_ns <= packet->due_ns)
        place = &lane->last->next;
    while (*place != NULL && (*place)->due_ns <= packet->due_ns)
        place = &(*place)->next;
    packet->next = *place;
    *place = packet;
    if (packet->next == NULL)
        lane->last = packet;
    reactor_set(&lane->path->reactor, &lane->timer, lane->first->due_ns);
}

static void lane_on_packet(void *owner, uint32_t events)
{
    struct lane *lane = owner;
    struct impairment *impairment = &lane->path->directions[lane->direction];
    struct packet *packet = packet_take(lane->path);
    ssize_t length = read(lane->watch.fd, packet->bytes, sizeof(packet->bytes));
    int64_t now_ns = reactor_now_ns();
    size_t flow;

    (void)events;
    if (length < 0) {
        packet_give(lane->path, packet);
        if (errno == EAGAIN || errno == EINTR)
            return;
        die("read from a TUN device");
    }
    packet->length = (size_t)length;
    flow = packet_flow(packet);
    if (lane_loses(lane, packet, flow, now_ns)) {
        packet_give(lane->path, packet);
        return;
    }
    packet->due_ns =
        impairment_serve(impairment, now_ns, packet->length) +
        delay_law_draw(&impairment->law, &impairment->jitter_stream, flow, lane->packets, now_ns);
    if (packet->due_ns < lane->last_due_ns[flow])
        packet->due_ns = lane->last_due_ns[flow];
    lane->last_due_ns[flow] = packet->due_ns;
    lane_insert(lane, packet);
}

static void lane_on_due(void *owner)
{
    struct lane *lane = owner;

    while (lane->first != NULL && lane->first->due_ns <= reactor_now_ns()) {
        struct packet *packet = lane->first;

        lane->first = packet->next;
        /* A device that is down or full loses the packet, as a router would. */
        if (write(lane->exit, packet->bytes, packet->length) < 0 && errno != EIO &&
            errno != EAGAIN && errno != ENOBUFS)
            die("write to a TUN device");
        packet_give(lane->path, packet);
    }
    if (lane->first != NULL)
        reactor_set(&lane->path->reactor, &lane->timer, lane->first->due_ns);
}

/* Make the device in a namespace and come back; packets are read without a header of the driver. */
static int tun_open(const char *namespace, const char *device)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    char name[256];
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int there, tun;

    snprintf(name, sizeof(name), "/run/netns/%s", namespace);
    there = open(name, O_RDONLY | O_CLOEXEC);
    if (home < 0 || there < 0 || setns(there, CLONE_NEWNET) != 0)
        die("namespace '%s'", namespace);
    tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0)
        die("TUN device '%s' in namespace '%s'", device, namespace);
    if (setns(home, CLONE_NEWNET) != 0)
        die("return from namespace '%s'", namespace);
    close(there);
    close(home);
    return tun;
}

static bool path_apply(struct tun_path *path, char **words, size_t count)
{
    char why[256];

    for (size_t i = 0; i < count; i++)
        if (!impairments_apply(path->directions, words[i], why, sizeof(why))) {
            fprintf(stderr, "%s: error: %s\n", program_invocation_short_name, why);
            return false;
        }
    return true;
}

static bool path_execute(void *owner, char **words, size_t count)
{
    struct tun_path *path = owner;
    const struct setting forget = {"forget", SETTING_DURATION, &path->forget_ns, NULL};
    char why[256];

    if (count >= 2 && strcmp(words[0], "set") == 0)
        return path_apply(path, words + 1, count - 1);
    if (count == 1)
        return setting_apply(&forget, 1, words[0], why, sizeof(why));
    if (count == 2 && (strcmp(words[0], "cut") == 0 || strcmp(words[0], "go") == 0)) {
        unsigned bits = direction_bits(words[1]);

        for (int i = 0; i < DIRECTIONS; i++)
            if (bits & 1U << i)
                path->directions[i].state = words[0][0] == 'c' ? CUTTING : PASSING;
        return bits != 0;
    }
    return false;
}

static void path_open(struct tun_path *path, const char *namespaces[DIRECTIONS], const char *device)
{
    int devices[DIRECTIONS];

    for (int i = 0; i < DIRECTIONS; i++)
        devices[i] = tun_open(namespaces[i], device);
    for (int i = 0; i < DIRECTIONS; i++) {
        struct lane *lane = &path->lanes[i];

        lane->path = path;
        lane->direction = (enum direction)i;
        lane->exit = devices[1 - i];
        lane->timer = (struct reactor_timer){.fire = lane_on_due, .owner = lane};
        lane->watch =
            (struct reactor_watch){.fd = devices[i], .ready = lane_on_packet, .owner = lane};
        reactor_add(&path->reactor, &lane->watch, EPOLLIN);
    }
}

int main(int argc, char **argv)
{
    static struct tun_path path;
    const char *namespaces[DIRECTIONS] = {NULL, NULL}, *control_path = NULL, *device = "path0";
    int64_t seed = 1;
    const struct setting table[] = {
        {"near", SETTING_TEXT, &namespaces[THERE], NULL},
        {"far", SETTING_TEXT, &namespaces[BACK], NULL},
        {"device", SETTING_TEXT, &device, NULL},
        {"control", SETTING_TEXT, &control_path, NULL},
        {"seed", SETTING_COUNT, &seed, NULL},
        {"forget", SETTING_DURATION, &path.forget_ns, NULL},
    };
    char why[256];

    impairments_init(path.directions);
    for (int i = 1; i < argc; i++)
        if (!setting_apply(table, sizeof(table) / sizeof(table[0]), argv[i], why, sizeof(why)) &&
            !path_apply(&path, argv + i, 1))
            return 2;
    if (namespaces[THERE] == NULL || namespaces[BACK] == NULL || control_path == NULL) {
        fprintf(stderr,
                "usage: reality_tun_path near=NAME far=NAME control=PATH [SETTING=VALUE...]\n");
        return 2;
    }
    impairments_seed(path.directions, (uint64_t)seed);
    reactor_sharpen();
    reactor_init(&path.reactor);
    path_open(&path, namespaces, device);
    path.control = (struct control){.execute = path_execute, .owner = &path};
    control_open(&path.control, &path.reactor, control_path);
    reactor_run(&path.reactor);
    return 0;
}

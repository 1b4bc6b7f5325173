// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reality_proxy: a TCP proxy with delay and faults in front of one server on loopback.
 *
 *   reality_proxy listen=PORT to=PORT control=PATH [SETTING=VALUE...]
 *
 * It terminates TCP on both sides, so it can delay, hold, cut, reset and limit bytes, but not lose
 * packets: the kernels on both sides see a healthy network (rows about TCP use tun_path.c).
 *
 *   handshake=TIME       added to the first bytes of each connection: the kernel answers a
 *                        handshake at once, without the round trip of the emulated path
 *   receive_buffer=SIZE  SO_RCVBUF of both sockets of a connection; default: the kernel's
 *   seed=N               of the jitter
 *   others               see path_impairment.h; a direction stops reading at `buffer` bytes
 *
 * Each read is a piece with one draw of the delay, so bytes that the kernel receives together
 * travel together. Order is kept within one direction of one connection. FIN and RST of one side
 * reach the other after the delay of their direction. If the server refuses, the client is reset.
 *
 * Commands:
 *
 *   hold there|back|both   keep new bytes until `go`; bytes on their way arrive
 *   cut there|back|both    lose new bytes and all later ones of that direction of a connection
 *   go there|back|both     pass again; held bytes enter the path now
 *   reset                  reset all connections on both sides
 *   refuse, accept         close the port, so that the kernel refuses; open it again
 *   set SETTING=VALUE...   change the impairment
 */
#include "control_socket.h"
#include "path_impairment.h"
#include "reactor.h"
#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES 16384

enum piece_kind {
    PIECE_BYTES_OF_STREAM,
    PIECE_END,   /* the sender has closed */
    PIECE_RESET, /* the sender's connection broke */
};

struct piece {
    struct piece *next;
    enum piece_kind kind;
    bool held;
    int64_t due_ns;
    size_t length, sent;
    char bytes[];
};

/* One direction of a connection: pieces that were read and not yet written, in order. */
struct flow {
    struct connection *connection;
    enum direction direction;
    struct piece *first, *last;
    size_t waiting_bytes;
    int64_t last_due_ns;
    uint64_t pieces;
    bool lost;  /* bytes of it were cut: nothing of it may follow */
    bool ended; /* its end was delivered */
    struct reactor_timer timer;
};

/* A side reads into the flow of its own number and is written from the other one. */
struct side {
    struct connection *connection;
    enum direction reads; /* THERE: the client's side */
    struct reactor_watch watch;
    uint32_t events; /* 0: not watched */
    bool open, connecting, finished, blocked;
};

struct connection {
    struct proxy *proxy;
    struct connection *previous, *next;
    uint64_t number;
    struct side sides[DIRECTIONS];
    struct flow flows[DIRECTIONS];
};

struct proxy {
    struct reactor reactor;
    struct control control;
    struct reactor_watch listener;
    struct impairment directions[DIRECTIONS];
    int64_t port, server_port, handshake_ns, seed, receive_buffer_bytes;
    const char *control_path;
    bool listening;
    uint64_t connections_made;
    struct connection *connections;
};

static void side_update(struct side *side)
{
    struct connection *connection = side->connection;
    struct proxy *proxy = connection->proxy;
    struct flow *flow = &connection->flows[side->reads];
    uint32_t events = 0;

    if (side->open) {
        if (!side->finished && !side->connecting &&
            flow->waiting_bytes < (size_t)proxy->directions[side->reads].buffer_bytes)
            events |= EPOLLIN;
        if (side->connecting || side->blocked)
            events |= EPOLLOUT;
    }
    if (events == side->events)
        return;
    if (side->events == 0)
        reactor_add(&proxy->reactor, &side->watch, events);
    else if (events == 0)
        reactor_remove(&proxy->reactor, &side->watch);
    else
        reactor_change(&proxy->reactor, &side->watch, events);
    side->events = events;
}

/* Close one side, by FIN or by RST. */
static void side_close(struct side *side, bool reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (!side->open)
        return;
    side->open = false;
    side_update(side);
    if (reset)
        setsockopt(side->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(side->watch.fd);
}

static void flow_clear(struct flow *flow)
{
    while (flow->first != NULL) {
        struct piece *piece = flow->first;

        flow->first = piece->next;
        free(piece);
    }
    flow->last = NULL;
    flow->waiting_bytes = 0;
    reactor_cancel(&flow->connection->proxy->reactor, &flow->timer);
}

static void connection_free(struct connection *connection)
{
    struct proxy *proxy = connection->proxy;

    for (int i = 0; i < DIRECTIONS; i++) {
        side_close(&connection->sides[i], true);
        flow_clear(&connection->flows[i]);
    }
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        proxy->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    free(connection);
}

/* Let a piece enter the path now: its instant of delivery, not before the one ahead of it. */
static void piece_enter(struct flow *flow, struct piece *piece)
{
    struct proxy *proxy = flow->connection->proxy;
    struct impairment *impairment = &proxy->directions[flow->direction];
    int64_t now_ns = reactor_now_ns();
    int64_t served_ns = impairment_serve(impairment, now_ns, piece->length);

    piece->held = false;
    piece->due_ns = served_ns + delay_law_draw(&impairment->law, &impairment->jitter_stream,
                                               flow->connection->number, flow->pieces, now_ns);
    if (flow->direction == THERE && flow->pieces == 0)
        piece->due_ns += proxy->handshake_ns;
    flow->pieces++;
    if (piece->due_ns < flow->last_due_ns)
        piece->due_ns = flow->last_due_ns;
    flow->last_due_ns = piece->due_ns;
}

static void flow_schedule(struct flow *flow)
{
    struct connection *connection = flow->connection;

    if (flow->first != NULL && !flow->first->held &&
        !connection->sides[1 - flow->direction].blocked &&
        !connection->sides[1 - flow->direction].connecting)
        reactor_set(&connection->proxy->reactor, &flow->timer, flow->first->due_ns);
}

static void flow_append(struct flow *flow, enum piece_kind kind, const char *bytes, size_t length)
{
    enum direction_state state = flow->connection->proxy->directions[flow->direction].state;
    struct piece *piece;

    if (flow->lost)
        return;
    if (state == CUTTING) {
        flow->lost = true;
        return;
    }
    piece = allocate(1, sizeof(*piece) + length);
    piece->kind = kind;
    piece->length = length;
    if (length > 0)
        memcpy(piece->bytes, bytes, length);
    if (flow->first == NULL)
        flow->first = piece;
    else
        flow->last->next = piece;
    flow->last = piece;
    flow->waiting_bytes += length;
    if (state == HOLDING)
        piece->held = true;
    else
        piece_enter(flow, piece);
    flow_schedule(flow);
}

/* The peer of this side is gone: a reset travels to the other side. */
static void side_broke(struct side *side)
{
    struct connection *connection = side->connection;

    side_close(side, true);
    flow_append(&connection->flows[side->reads], PIECE_RESET, NULL, 0);
    flow_clear(&connection->flows[1 - side->reads]);
}

/* Write the first piece; returns false if the rest must wait or the connection is gone. */
static bool flow_deliver_bytes(struct flow *flow, struct side *to)
{
    struct piece *piece = flow->first;
    ssize_t sent =
        send(to->watch.fd, piece->bytes + piece->sent, piece->length - piece->sent, MSG_NOSIGNAL);

    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        to->blocked = true;
        side_update(to);
        return false;
    }
    if (sent < 0) {
        side_broke(to);
        return false;
    }
    piece->sent += (size_t)sent;
    return true;
}

static void flow_on_due(void *owner)
{
    struct flow *flow = owner;
    struct connection *connection = flow->connection;
    struct side *to = &connection->sides[1 - flow->direction];

    while (flow->first != NULL && !flow->first->held && flow->first->due_ns <= reactor_now_ns()) {
        struct piece *piece = flow->first;

        if (piece->kind == PIECE_RESET) {
            connection_free(connection);
            return;
        }
        if (piece->kind == PIECE_END) {
            flow->ended = true;
            if (connection->flows[1 - flow->direction].ended) {
                side_close(to, false);
                connection_free(connection);
                return;
            }
            if (to->open)
                shutdown(to->watch.fd, SHUT_WR);
        } else if (to->open && !flow_deliver_bytes(flow, to)) {
            return;
        }
        if (piece->sent < piece->length && to->open)
            continue;
        flow->waiting_bytes -= piece->length;
        flow->first = piece->next;
        free(piece);
    }
    side_update(&connection->sides[flow->direction]);
    flow_schedule(flow);
}

static void side_read(struct side *side)
{
    struct flow *flow = &side->connection->flows[side->reads];
    char bytes[PIECE_BYTES];
    ssize_t length = recv(side->watch.fd, bytes, sizeof(bytes), 0);

    if (length > 0) {
        flow_append(flow, PIECE_BYTES_OF_STREAM, bytes, (size_t)length);
    } else if (length == 0) {
        side->finished = true;
        flow_append(flow, PIECE_END, NULL, 0);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
        side_broke(side);
        return;
    }
    side_update(side);
}

static void side_on_ready(void *owner, uint32_t events)
{
    struct side *side = owner;
    struct flow *towards = &side->connection->flows[1 - side->reads];

    if (side->connecting) {
        int error = 0;
        socklen_t size = sizeof(error);

        getsockopt(side->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            side_broke(side);
            return;
        }
        side->connecting = false;
        side_update(side);
        flow_schedule(towards);
        return;
    }
    if (events & EPOLLOUT) {
        side->blocked = false;
        side_update(side);
        flow_schedule(towards);
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        side_read(side);
}

static struct sockaddr_in loopback_address(int64_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void side_init(struct connection *connection, enum direction reads, int fd)
{
    int on = 1, receive_buffer_bytes = (int)connection->proxy->receive_buffer_bytes;

    connection->sides[reads] = (struct side){
        .connection = connection,
        .reads = reads,
        .watch = {.fd = fd, .ready = side_on_ready, .owner = &connection->sides[reads]},
        .open = true,
    };
    connection->flows[reads] = (struct flow){
        .connection = connection,
        .direction = reads,
        .timer = {.fire = flow_on_due, .owner = &connection->flows[reads]},
    };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (receive_buffer_bytes > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
}

static void proxy_on_client(void *owner, uint32_t events)
{
    struct proxy *proxy = owner;
    struct sockaddr_in server = loopback_address(proxy->server_port);
    int client = accept4(proxy->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *connection;
    int upstream;

    (void)events;
    if (client < 0) {
        if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
            return;
        die("accept");
    }
    upstream = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (upstream < 0)
        die("socket");
    connection = allocate(1, sizeof(*connection));
    connection->proxy = proxy;
    connection->number = proxy->connections_made++;
    side_init(connection, THERE, client);
    side_init(connection, BACK, upstream);
    connection->next = proxy->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    proxy->connections = connection;
    if (connect(upstream, (struct sockaddr *)&server, sizeof(server)) != 0) {
        if (errno != EINPROGRESS) {
            side_broke(&connection->sides[BACK]);
            return;
        }
        connection->sides[BACK].connecting = true;
    }
    side_update(&connection->sides[THERE]);
    side_update(&connection->sides[BACK]);
}

static void proxy_listen(struct proxy *proxy)
{
    struct sockaddr_in address = loopback_address(proxy->port);
    int on = 1;

    if (proxy->listening)
        return;
    proxy->listener = (struct reactor_watch){
        .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
        .ready = proxy_on_client,
        .owner = proxy,
    };
    if (proxy->listener.fd < 0)
        die("socket");
    setsockopt(proxy->listener.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(proxy->listener.fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(proxy->listener.fd, 4096) != 0)
        die("port %d", (int)proxy->port);
    reactor_add(&proxy->reactor, &proxy->listener, EPOLLIN);
    proxy->listening = true;
}

static void proxy_refuse(struct proxy *proxy)
{
    if (!proxy->listening)
        return;
    reactor_remove(&proxy->reactor, &proxy->listener);
    close(proxy->listener.fd);
    proxy->listening = false;
}

static void proxy_reset_all(struct proxy *proxy)
{
    while (proxy->connections != NULL)
        connection_free(proxy->connections);
}

/* Held pieces enter the path now, in order. */
static void proxy_release(struct proxy *proxy, enum direction direction)
{
    for (struct connection *connection = proxy->connections; connection != NULL;
         connection = connection->next) {
        struct flow *flow = &connection->flows[direction];

        for (struct piece *piece = flow->first; piece != NULL; piece = piece->next)
            if (piece->held)
                piece_enter(flow, piece);
        flow_schedule(flow);
    }
}

static bool proxy_set_state(struct proxy *proxy, const char *word, enum direction_state state)
{
    unsigned bits = direction_bits(word);

    for (int i = 0; i < DIRECTIONS; i++) {
        if (!(bits & 1U << i))
            continue;
        proxy->directions[i].state = state;
        if (state == PASSING)
            proxy_release(proxy, (enum direction)i);
    }
    return bits != 0;
}

static bool proxy_apply(struct proxy *proxy, char **words, size_t count)
{
    char why[256];

    for (size_t i = 0; i < count; i++)
        if (!impairments_apply(proxy->directions, words[i], why, sizeof(why))) {
            fprintf(stderr, "%s: error: %s\n", program_invocation_short_name, why);
            return false;
        }
    return true;
}

static bool proxy_execute(void *owner, char **words, size_t count)
{
    static const struct {
        const char *name;
        enum direction_state state;
    } states[] = {{"hold", HOLDING}, {"cut", CUTTING}, {"go", PASSING}};
    struct proxy *proxy = owner;

    if (count == 2)
        for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
            if (strcmp(words[0], states[i].name) == 0)
                return proxy_set_state(proxy, words[1], states[i].state);
    if (count >= 2 && strcmp(words[0], "set") == 0)
        return proxy_apply(proxy, words + 1, count - 1);
    if (count == 1 && strcmp(words[0], "reset") == 0)
        proxy_reset_all(proxy);
    else if (count == 1 && strcmp(words[0], "refuse") == 0)
        proxy_refuse(proxy);
    else if (count == 1 && strcmp(words[0], "accept") == 0)
        proxy_listen(proxy);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct proxy proxy = {.seed = 1};
    const struct setting table[] = {
        {"listen", SETTING_COUNT, &proxy.port, NULL},
        {"to", SETTING_COUNT, &proxy.server_port, NULL},
        {"control", SETTING_TEXT, &proxy.control_path, NULL},
        {"seed", SETTING_COUNT, &proxy.seed, NULL},
        {"handshake", SETTING_DURATION, &proxy.handshake_ns, NULL},
        {"receive_buffer", SETTING_SIZE, &proxy.receive_buffer_bytes, NULL},
    };
    const size_t count = sizeof(table) / sizeof(table[0]);
    char why[256];

    impairments_init(proxy.directions);
    for (int i = 1; i < argc; i++)
        if (!setting_apply(table, count, argv[i], why, sizeof(why)) &&
            !proxy_apply(&proxy, argv + i, 1))
            return 2;
    if (proxy.port == 0 || proxy.server_port == 0 || proxy.control_path == NULL) {
        fprintf(stderr,
                "usage: reality_proxy listen=PORT to=PORT control=PATH [SETTING=VALUE...]\n");
        return 2;
    }
    impairments_seed(proxy.directions, (uint64_t)proxy.seed);
    reactor_sharpen();
    reactor_init(&proxy.reactor);
    proxy_listen(&proxy);
    proxy.control = (struct control){.execute = proxy_execute, .owner = &proxy};
    control_open(&proxy.control, &proxy.reactor, proxy.control_path);
    reactor_run(&proxy.reactor);
    return 0;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * memcached's text protocol: "set KEY 0 0 SIZE\r\nVALUE\r\n" is answered by STORED, "get KEY" by
 * "VALUE ...\r\n<value>\r\nEND" or END alone. Answers come in the order of the commands.
 */
#include "store_link.h"

#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct pending {
    struct pending *next;
    void *command;
};

struct buffer {
    char *bytes;
    size_t length, capacity;
};

struct store_link {
    struct reactor *reactor;
    const struct store_link_events *events;
    void *owner;
    struct reactor_watch watch;
    uint32_t interest;
    bool connecting, closed, within; /* within: a callback runs, the link is freed after it */
    struct buffer out, in;
    struct pending *first, *last;
    struct reactor_timer stillborn;
};

static void buffer_add(struct buffer *buffer, const char *bytes, size_t length)
{
    if (buffer->length + length > buffer->capacity) {
        buffer->capacity = 2 * (buffer->length + length);
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (buffer->bytes == NULL)
            die("no memory for a buffer");
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

static void buffer_drop(struct buffer *buffer, size_t length)
{
    buffer->length -= length;
    memmove(buffer->bytes, buffer->bytes + length, buffer->length);
}

static void memcached_free(struct store_link *link)
{
    while (link->first != NULL) {
        struct pending *pending = link->first;

        link->first = pending->next;
        free(pending);
    }
    free(link->out.bytes);
    free(link->in.bytes);
    free(link);
}

static void memcached_answer(struct store_link *link, enum answer answer)
{
    struct pending *pending = link->first;
    void *command;

    if (pending == NULL)
        return;
    command = pending->command;
    link->first = pending->next;
    free(pending);
    link->events->answered(link->owner, command, answer);
}

static void memcached_stop(struct store_link *link)
{
    reactor_cancel(link->reactor, &link->stillborn);
    if (link->watch.fd < 0)
        return;
    reactor_remove(link->reactor, &link->watch);
    close(link->watch.fd);
    link->watch.fd = -1;
}

static void memcached_break(struct store_link *link)
{
    memcached_stop(link);
    while (link->first != NULL && !link->closed)
        memcached_answer(link, ANSWER_BROKEN);
    if (!link->closed)
        link->events->gone(link->owner);
    memcached_free(link);
}

static void memcached_flush(struct store_link *link)
{
    ssize_t sent = 0;
    uint32_t interest;

    if (!link->connecting && link->out.length > 0)
        sent = send(link->watch.fd, link->out.bytes, link->out.length, MSG_NOSIGNAL);
    if (sent > 0)
        buffer_drop(&link->out, (size_t)sent);
    interest = EPOLLIN | (link->connecting || link->out.length > 0 ? EPOLLOUT : 0U);
    if (interest != link->interest)
        reactor_change(link->reactor, &link->watch, interest);
    link->interest = interest;
}

/* Remove one answer from the input; returns false if it is incomplete. */
static bool memcached_parse(struct store_link *link, enum answer *answer)
{
    char *line = link->in.bytes;
    char *end = link->in.length == 0 ? NULL : memmem(line, link->in.length, "\r\n", 2);
    size_t size, length;

    if (end == NULL)
        return false;
    length = (size_t)(end - line) + 2;
    *answer = ANSWER_ERROR;
    if (length >= 6 && memcmp(line, "STORED", 6) == 0) {
        *answer = ANSWER_OK;
    } else if (length >= 3 && memcmp(line, "END", 3) == 0) {
        *answer = ANSWER_MISS;
    } else if (length >= 6 && memcmp(line, "VALUE ", 6) == 0) {
        *end = '\0';
        size = strtoul(strrchr(line, ' '), NULL, 10);
        *end = '\r';
        length += size + strlen("\r\nEND\r\n");
        if (link->in.length < length)
            return false;
        *answer = ANSWER_OK;
    }
    buffer_drop(&link->in, length);
    return true;
}

static void memcached_on_ready(void *owner, uint32_t events)
{
    struct store_link *link = owner;
    char bytes[16384];
    enum answer answer;
    ssize_t length;

    if (link->connecting) {
        int error = 0;
        socklen_t size = sizeof(error);

        getsockopt(link->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            memcached_break(link);
            return;
        }
        link->connecting = false;
        link->events->opened(link->owner);
        memcached_flush(link);
        return;
    }
    if (events & EPOLLOUT)
        memcached_flush(link);
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        return;
    length = recv(link->watch.fd, bytes, sizeof(bytes), 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        memcached_break(link);
        return;
    }
    buffer_add(&link->in, bytes, (size_t)length);
    link->within = true;
    while (!link->closed && memcached_parse(link, &answer))
        memcached_answer(link, answer);
    link->within = false;
    if (link->closed)
        memcached_break(link);
}

static void memcached_on_stillborn(void *owner)
{
    memcached_break(owner);
}

static struct store_link *memcached_open(struct reactor *reactor, const struct endpoint *endpoint,
                                         const struct socket_options *options,
                                         const struct store_link_events *events, void *owner)
{
    struct store_link *link = allocate(1, sizeof(*link));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)endpoint->port)};
    int on = 1, fd;

    endpoint_enter(endpoint);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    endpoint_leave(endpoint);
    if (fd < 0 || inet_pton(AF_INET, endpoint->host, &address.sin_addr) != 1)
        die("socket to '%s'", endpoint->host);
    *link = (struct store_link){
        .reactor = reactor,
        .events = events,
        .owner = owner,
        .connecting = true,
        .interest = EPOLLIN | EPOLLOUT,
        .watch = {.fd = fd, .ready = memcached_on_ready, .owner = link},
        .stillborn = {.fire = memcached_on_stillborn, .owner = link},
    };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    socket_options_apply(options, fd);
    reactor_add(reactor, &link->watch, link->interest);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno != EINPROGRESS)
        reactor_set(reactor, &link->stillborn, 0);
    return link;
}

static void memcached_send(struct store_link *link, size_t count, const char **words,
                           const size_t *lengths, void *command)
{
    struct pending *pending = allocate(1, sizeof(*pending));
    char line[512];
    int length;

    if (count == 3)
        length = snprintf(line, sizeof(line), "set %s 0 0 %zu\r\n", words[1], lengths[2]);
    else
        length = snprintf(line, sizeof(line), "get %s\r\n", words[1]);
    buffer_add(&link->out, line, (size_t)length);
    if (count == 3) {
        buffer_add(&link->out, words[2], lengths[2]);
        buffer_add(&link->out, "\r\n", 2);
    }
    pending->command = command;
    if (link->first == NULL)
        link->first = pending;
    else
        link->last->next = pending;
    link->last = pending;
    memcached_flush(link);
}

static void memcached_close(struct store_link *link)
{
    link->closed = true;
    if (!link->within)
        memcached_break(link);
}

const struct store_link_ops memcached_link = {memcached_open, memcached_send, memcached_close};

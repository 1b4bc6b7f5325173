// SPDX-License-Identifier: GPL-3.0-or-later
#include "control_socket.h"

#include "settings.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un control_address(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = 0;
        die("path of a control socket is too long: '%s'", path);
    }
    memcpy(address.sun_path, path, strlen(path));
    return address;
}

static void control_on_ready(void *owner, uint32_t events)
{
    struct control *control = owner;
    char command[1024], copy[1024];
    char *words[CONTROL_WORDS];
    ssize_t length = recv(control->watch.fd, command, sizeof(command) - 1, 0);

    (void)events;
    if (length < 0)
        die("control socket");
    command[length] = '\0';
    memcpy(copy, command, (size_t)length + 1);
    if (!control->execute(control->owner, words, split_words(command, words, CONTROL_WORDS))) {
        errno = 0;
        die("unknown command '%s'", copy);
    }
}

void control_open(struct control *control, struct reactor *reactor, const char *path)
{
    struct sockaddr_un address = control_address(path);

    unlink(path);
    control->watch = (struct reactor_watch){
        .fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
        .ready = control_on_ready,
        .owner = control,
    };
    if (control->watch.fd < 0 ||
        bind(control->watch.fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("control socket '%s'", path);
    reactor_add(reactor, &control->watch, EPOLLIN);
}

bool control_send(const char *path, const char *command)
{
    struct sockaddr_un address = control_address(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent;

    if (fd < 0)
        die("socket");
    sent = sendto(fd, command, strlen(command), 0, (struct sockaddr *)&address, sizeof(address));
    close(fd);
    return sent >= 0;
}

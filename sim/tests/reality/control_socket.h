// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The control socket of an emulator: a Unix datagram socket, one command a datagram, no answer.
 *
 * An unknown command ends the program with a message, so that an error in a table of actions fails
 * the experiment.
 */
#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H

#include "reactor.h"

#define CONTROL_WORDS 16

struct control {
    struct reactor_watch watch;
    /* One command, cut into words; returns false if it is unknown. */
    bool (*execute)(void *owner, char **words, size_t count);
    void *owner;
};

/* Bind `path` (at most 107 bytes; an existing file is replaced) and serve it. The file appears when
 * the program is ready for commands. */
void control_open(struct control *control, struct reactor *reactor, const char *path);

/* Send one command to the socket at `path`; returns false where nobody listens. */
bool control_send(const char *path, const char *command);

#endif

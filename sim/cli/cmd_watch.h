// SPDX-License-Identifier: GPL-3.0-or-later
/* Play a recorded run on the terminal, for `watch` and `run --watch`. */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "command.h"

struct watch_choice {
    int64_t study; /* 0: the newest */
    int64_t point, replication;
    double speed; /* simulated seconds in a second */
};
/* NULL: the default. False with the error printed if it is no factor. */
bool watch_parse_speed(const char *text, double *speed);
/* Until the user quits; returns an exit_code. */
int watch_file(const char *path, const struct watch_choice *choice, const atomic_int *interrupt);

#endif

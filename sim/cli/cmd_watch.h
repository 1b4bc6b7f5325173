// SPDX-License-Identifier: GPL-3.0-or-later
/* Play a run on the terminal, recorded or in progress, for `watch` and `run --watch`. */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "command.h"
#include "watch_live.h"

struct watch_choice {
    int64_t study; /* 0: the newest */
    int64_t point, replication;
    double speed; /* simulated seconds in a second */
};
/* NULL: the default. False with the error printed if it is no factor. */
bool watch_parse_speed(const char *text, double *speed);
bool watch_has_terminal(void); /* false with the error printed */
/* Until the user quits; returns an exit_code. */
int watch_file(const char *path, const struct watch_choice *choice, const atomic_int *interrupt);

/*
 * Show a study's first run while it runs, from a thread of its own. While *watch_on_screen() is
 * true, nothing else may be printed.
 */
struct watch_session;
struct watch_session *watch_begin(double speed, const atomic_int *interrupt); /* NULL: no thread */
/* For the study's plan and results; owned by the session. */
struct watch_live *watch_session_live(const struct watch_session *session);
const atomic_bool *watch_on_screen(const struct watch_session *session);
/* The study is over: wait until the user quits, and free the session. False: no run was shown. */
bool watch_end(struct watch_session *session);

#endif

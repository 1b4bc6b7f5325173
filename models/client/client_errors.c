// SPDX-License-Identifier: GPL-3.0-or-later
#include "client_errors.h"

const char *const client_error_names[] = {
    "timeout", "connect-timeout", "refused", "lost", "readonly",
    "loading", "clusterdown",     "moved",   "ask",  "max-clients",
    "pool",    "circuit",         "denied",  "oom",  "other",
    NULL};

enum client_error client_error_of(enum reply_kind kind)
{
    static const enum client_error classes[REPLY_KINDS] = {
        [REPLY_NONE] = ERROR_OTHER,        [REPLY_HIT] = ERROR_OTHER,
        [REPLY_MISS] = ERROR_OTHER,        [REPLY_OK] = ERROR_OTHER,
        [REPLY_READONLY] = ERROR_READONLY, [REPLY_LOADING] = ERROR_LOADING,
        [REPLY_MOVED] = ERROR_MOVED,       [REPLY_ASK] = ERROR_ASK,
        [REPLY_THROTTLED] = ERROR_OTHER,   [REPLY_CONFLICT] = ERROR_OTHER,
        [REPLY_RESET] = ERROR_MAX_CLIENTS, [REPLY_MINORITY] = ERROR_CLUSTERDOWN,
        [REPLY_DENIED] = ERROR_DENIED,     [REPLY_ERROR] = ERROR_OTHER,
        [REPLY_OOM] = ERROR_OOM,
    };

    return classes[kind];
}

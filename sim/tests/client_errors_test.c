// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Every preset against every class of errors.
 *
 * A server that answers one class of errors and nothing else meets one write of a client with the
 * preset. Counted are the commands that it receives, the connects, whether the connection is kept,
 * and the lookups of its name. The rows are those of the table of errors (facts client_errors,
 * client_errors.csv: columns retried, attempts, connection_after, dns_again, copied); the tries of
 * a preset are read from `attempts`, or from the text of client_errors.md where versions are split.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "scripted_store.h"

/* --- the table ------------------------------------------------------------------------------- */

#define UNLIMITED UINT32_MAX
#define WAITS 0
enum { KEPT, CLOSED, NOT_OPEN, ANY };
// clang-format off
static const struct row {
    const char *preset;
    enum client_error error;
    uint32_t tries; /* commands; connects where no connection opens; attempts without a connection */
    int connection;
    const char *retried, *attempts, *connection_after, *dns_again; /* as in client_errors.csv */
} rows[] = {
    {"redis-py-5", ERROR_TIMEOUT, 1, CLOSED, "no", "1", "closed; object back in pool without socket", "at next connect"},
    {"redis-py-5", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "no", "1", "none", "yes, each connect"},
    {"redis-py-5", ERROR_REFUSED, 1, NOT_OPEN, "no", "1", "none", "yes, each connect"},
    {"redis-py-5", ERROR_LOST, 1, CLOSED, "no", "1", "closed", "at next connect"},
    {"redis-py-5", ERROR_READONLY, 1, KEPT, "no", "1", "kept, returned to pool", "no"},
    {"redis-py-5", ERROR_LOADING, 1, CLOSED, "no", "1", "closed", "at next connect"},
    {"redis-py-5", ERROR_MOVED, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-5", ERROR_ASK, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-5", ERROR_CLUSTERDOWN, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"redis-py-5", ERROR_MAX_CLIENTS, 1, CLOSED, "no", "1", "closed", "at next connect"},
    {"redis-py-5", ERROR_POOL, 1, NOT_OPEN, "no", "1", "none", "no"},
    {"redis-py-6.0-7.1", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-7.2", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-6.0-7.1", ERROR_CONNECT_TIMEOUT, 4, NOT_OPEN, "yes", "4 at checkout; up to 12 more inside a running command", "none", "yes, each connect"},
    {"redis-py-7.2", ERROR_CONNECT_TIMEOUT, 4, NOT_OPEN, "yes", "4 at checkout; up to 12 more inside a running command", "none", "yes, each connect"},
    {"redis-py-6.0-7.1", ERROR_REFUSED, 1, NOT_OPEN, "6.0-7.1: no at checkout; 7.2+: yes", "1 (6.0-7.1) or 4 (7.2+)", "none", "yes, each connect"},
    {"redis-py-7.2", ERROR_REFUSED, 4, NOT_OPEN, "6.0-7.1: no at checkout; 7.2+: yes", "1 (6.0-7.1) or 4 (7.2+)", "none", "yes, each connect"},
    {"redis-py-6.0-7.1", ERROR_LOST, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-7.2", ERROR_LOST, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-6.0-7.1", ERROR_READONLY, 1, KEPT, "no", "1", "kept, returned to pool", "no"},
    {"redis-py-7.2", ERROR_READONLY, 1, KEPT, "no", "1", "kept, returned to pool", "no"},
    {"redis-py-6.0-7.1", ERROR_LOADING, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-7.2", ERROR_LOADING, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-6.0-7.1", ERROR_MOVED, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-7.2", ERROR_MOVED, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-6.0-7.1", ERROR_ASK, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-7.2", ERROR_ASK, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-6.0-7.1", ERROR_CLUSTERDOWN, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"redis-py-7.2", ERROR_CLUSTERDOWN, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"redis-py-6.0-7.1", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-7.2", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "closed before each retry", "at each retry"},
    {"redis-py-6.0-7.1", ERROR_POOL, 1, NOT_OPEN, "no", "1", "none", "no"},
    {"redis-py-7.2", ERROR_POOL, 1, NOT_OPEN, "no", "1", "none", "no"},
    {"redis-py-8", ERROR_TIMEOUT, 11, CLOSED, "yes", "11", "closed before each retry", "at each retry"},
    {"redis-py-8", ERROR_CONNECT_TIMEOUT, 11, NOT_OPEN, "yes", "11 at checkout; up to 110 more inside a running command", "none", "yes, each connect"},
    {"redis-py-8", ERROR_REFUSED, 11, NOT_OPEN, "yes", "11 at checkout; 10 more inside a running command", "none", "yes, each connect"},
    {"redis-py-8", ERROR_LOST, 11, CLOSED, "yes", "11", "closed before each retry", "at each retry"},
    {"redis-py-8", ERROR_READONLY, 1, KEPT, "no", "1", "kept, returned to pool", "no"},
    {"redis-py-8", ERROR_LOADING, 11, CLOSED, "yes", "11", "closed before each retry", "at each retry"},
    {"redis-py-8", ERROR_MOVED, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-8", ERROR_ASK, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"redis-py-8", ERROR_CLUSTERDOWN, 11, KEPT, "cluster: yes", "11", "kept", "no"},
    {"redis-py-8", ERROR_MAX_CLIENTS, 11, CLOSED, "yes", "11", "closed before each retry", "at each retry"},
    {"redis-py-8", ERROR_POOL, 1, NOT_OPEN, "no", "1", "none", "no"},
    {"valkey-py", ERROR_TIMEOUT, 1, CLOSED, "no", "1", "closed", "at next connect"},
    {"valkey-py", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "no", "1", "none", "yes, each connect"},
    {"valkey-py", ERROR_REFUSED, 1, NOT_OPEN, "no", "1", "none", "yes, each connect"},
    {"valkey-py", ERROR_LOST, 1, CLOSED, "no", "1", "closed", "at next connect"},
    {"valkey-py", ERROR_READONLY, 1, KEPT, "no", "1", "kept, returned to pool", "no"},
    {"valkey-py", ERROR_LOADING, 1, CLOSED, "no", "1", "closed", "at next connect"},
    {"valkey-py", ERROR_MOVED, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"valkey-py", ERROR_ASK, 16, KEPT, "cluster: yes", "up to 16 hops", "kept", "no"},
    {"valkey-py", ERROR_CLUSTERDOWN, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"valkey-py", ERROR_MAX_CLIENTS, 1, CLOSED, "no", "1", "closed", "at next connect"},
    {"valkey-py", ERROR_POOL, 1, NOT_OPEN, "no", "1", "none", "no"},
    {"go-redis-9.0-9.7", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "removed from pool and closed", "at next dial"},
    {"go-redis-9.8-9.14", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "removed from pool and closed", "at next dial"},
    {"go-redis-9.16", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "removed from pool and closed", "at next dial"},
    {"go-redis-9.17-9.18", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "removed from pool and closed", "at next dial"},
    {"go-redis-9.19-9.21", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "removed from pool and closed", "at next dial"},
    {"go-redis-9.0-9.7", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "to 9.18: no; 9.19+: yes", "1 (to 9.18) or 4", "none", "yes, each dial"},
    {"go-redis-9.8-9.14", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "to 9.18: no; 9.19+: yes", "1 (to 9.18) or 4", "none", "yes, each dial"},
    {"go-redis-9.16", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "to 9.18: no; 9.19+: yes", "1 (to 9.18) or 4", "none", "yes, each dial"},
    {"go-redis-9.17-9.18", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "to 9.18: no; 9.19+: yes", "1 (to 9.18) or 4", "none", "yes, each dial"},
    {"go-redis-9.19-9.21", ERROR_CONNECT_TIMEOUT, 20, NOT_OPEN, "to 9.18: no; 9.19+: yes", "1 (to 9.18) or 4", "none", "yes, each dial"},
    {"go-redis-9.0-9.7", ERROR_REFUSED, 4, NOT_OPEN, "yes", "4 gets x 1 dial (to 9.14) or x 5 dials 100 ms apart (9.16+)", "none", "yes, each dial"},
    {"go-redis-9.8-9.14", ERROR_REFUSED, 4, NOT_OPEN, "yes", "4 gets x 1 dial (to 9.14) or x 5 dials 100 ms apart (9.16+)", "none", "yes, each dial"},
    {"go-redis-9.16", ERROR_REFUSED, 20, NOT_OPEN, "yes", "4 gets x 1 dial (to 9.14) or x 5 dials 100 ms apart (9.16+)", "none", "yes, each dial"},
    {"go-redis-9.17-9.18", ERROR_REFUSED, 20, NOT_OPEN, "yes", "4 gets x 1 dial (to 9.14) or x 5 dials 100 ms apart (9.16+)", "none", "yes, each dial"},
    {"go-redis-9.19-9.21", ERROR_REFUSED, 20, NOT_OPEN, "yes", "4 gets x 1 dial (to 9.14) or x 5 dials 100 ms apart (9.16+)", "none", "yes, each dial"},
    {"go-redis-9.0-9.7", ERROR_LOST, 4, CLOSED, "yes", "4", "removed and closed", "at next dial"},
    {"go-redis-9.8-9.14", ERROR_LOST, 4, CLOSED, "yes", "4", "removed and closed", "at next dial"},
    {"go-redis-9.16", ERROR_LOST, 4, CLOSED, "yes", "4", "removed and closed", "at next dial"},
    {"go-redis-9.17-9.18", ERROR_LOST, 4, CLOSED, "yes", "4", "removed and closed", "at next dial"},
    {"go-redis-9.19-9.21", ERROR_LOST, 4, CLOSED, "yes", "4", "removed and closed", "at next dial"},
    {"go-redis-9.0-9.7", ERROR_READONLY, 4, CLOSED, "yes", "4", "removed and closed", "yes (new dial)"},
    {"go-redis-9.8-9.14", ERROR_READONLY, 4, CLOSED, "yes", "4", "removed and closed", "yes (new dial)"},
    {"go-redis-9.16", ERROR_READONLY, 4, CLOSED, "yes", "4", "removed and closed", "yes (new dial)"},
    {"go-redis-9.17-9.18", ERROR_READONLY, 4, CLOSED, "yes", "4", "removed and closed", "yes (new dial)"},
    {"go-redis-9.19-9.21", ERROR_READONLY, 4, CLOSED, "yes", "4", "removed and closed", "yes (new dial)"},
    {"go-redis-9.0-9.7", ERROR_LOADING, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.8-9.14", ERROR_LOADING, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.16", ERROR_LOADING, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.17-9.18", ERROR_LOADING, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.19-9.21", ERROR_LOADING, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.0-9.7", ERROR_MOVED, 4, KEPT, "cluster: yes", "4 (MaxRedirects 3)", "kept; closed if it names the same address", "no"},
    {"go-redis-9.8-9.14", ERROR_MOVED, 4, KEPT, "cluster: yes", "4 (MaxRedirects 3)", "kept; closed if it names the same address", "no"},
    {"go-redis-9.16", ERROR_MOVED, 4, KEPT, "cluster: yes", "4 (MaxRedirects 3)", "kept; closed if it names the same address", "no"},
    {"go-redis-9.17-9.18", ERROR_MOVED, 4, KEPT, "cluster: yes", "4 (MaxRedirects 3)", "kept; closed if it names the same address", "no"},
    {"go-redis-9.19-9.21", ERROR_MOVED, 4, KEPT, "cluster: yes", "4 (MaxRedirects 3)", "kept; closed if it names the same address", "no"},
    {"go-redis-9.0-9.7", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"go-redis-9.8-9.14", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"go-redis-9.16", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"go-redis-9.17-9.18", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"go-redis-9.19-9.21", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"go-redis-9.0-9.7", ERROR_CLUSTERDOWN, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.8-9.14", ERROR_CLUSTERDOWN, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.16", ERROR_CLUSTERDOWN, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.17-9.18", ERROR_CLUSTERDOWN, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.19-9.21", ERROR_CLUSTERDOWN, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.0-9.7", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "removed (handshake failed)", "yes (new dial)"},
    {"go-redis-9.8-9.14", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "removed (handshake failed)", "yes (new dial)"},
    {"go-redis-9.16", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "removed (handshake failed)", "yes (new dial)"},
    {"go-redis-9.17-9.18", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "removed (handshake failed)", "yes (new dial)"},
    {"go-redis-9.19-9.21", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "removed (handshake failed)", "yes (new dial)"},
    {"go-redis-9.0-9.7", ERROR_POOL, 1, NOT_OPEN, "9.0-9.7: no; 9.8+: yes", "1 or 4", "none", "no"},
    {"go-redis-9.8-9.14", ERROR_POOL, 4, NOT_OPEN, "9.0-9.7: no; 9.8+: yes", "1 or 4", "none", "no"},
    {"go-redis-9.16", ERROR_POOL, 4, NOT_OPEN, "9.0-9.7: no; 9.8+: yes", "1 or 4", "none", "no"},
    {"go-redis-9.17-9.18", ERROR_POOL, 4, NOT_OPEN, "9.0-9.7: no; 9.8+: yes", "1 or 4", "none", "no"},
    {"go-redis-9.19-9.21", ERROR_POOL, 4, NOT_OPEN, "9.0-9.7: no; 9.8+: yes", "1 or 4", "none", "no"},
    {"go-redis-9.22", ERROR_TIMEOUT, 4, CLOSED, "yes", "4", "removed and closed", "at next dial"},
    {"go-redis-9.22", ERROR_CONNECT_TIMEOUT, 20, NOT_OPEN, "yes", "4 gets x 5 dials", "none", "yes, each dial"},
    {"go-redis-9.22", ERROR_REFUSED, 20, NOT_OPEN, "yes", "4 gets x 5 dials", "none", "yes, each dial"},
    {"go-redis-9.22", ERROR_LOST, 4, CLOSED, "yes", "4", "removed and closed", "at next dial"},
    {"go-redis-9.22", ERROR_READONLY, 4, CLOSED, "yes", "4", "removed and closed", "yes (new dial)"},
    {"go-redis-9.22", ERROR_LOADING, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.22", ERROR_MOVED, 4, KEPT, "cluster: yes", "4", "kept; closed if same address", "no"},
    {"go-redis-9.22", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"go-redis-9.22", ERROR_CLUSTERDOWN, 4, KEPT, "yes", "4", "kept", "no"},
    {"go-redis-9.22", ERROR_MAX_CLIENTS, 4, CLOSED, "yes", "4", "removed", "yes (new dial)"},
    {"go-redis-9.22", ERROR_POOL, 4, NOT_OPEN, "yes", "4", "none", "no"},
    {"jedis", ERROR_TIMEOUT, 1, CLOSED, "standalone: no; cluster: yes", "1 / 5", "marked broken, destroyed", "at next connect"},
    {"jedis-cluster", ERROR_TIMEOUT, 5, CLOSED, "standalone: no; cluster: yes", "1 / 5", "marked broken, destroyed", "at next connect"},
    {"jedis", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "standalone: no; cluster: yes", "1 / 5", "none", "yes, each connect"},
    {"jedis-cluster", ERROR_CONNECT_TIMEOUT, 5, NOT_OPEN, "standalone: no; cluster: yes", "1 / 5", "none", "yes, each connect"},
    {"jedis", ERROR_REFUSED, 1, NOT_OPEN, "standalone: no; cluster: yes", "1 / 5", "none", "yes, each connect"},
    {"jedis-cluster", ERROR_REFUSED, 5, NOT_OPEN, "standalone: no; cluster: yes", "1 / 5", "none", "yes, each connect"},
    {"jedis", ERROR_LOST, 1, CLOSED, "standalone: no; cluster: yes", "1 / 5", "destroyed", "at next connect"},
    {"jedis-cluster", ERROR_LOST, 5, CLOSED, "standalone: no; cluster: yes", "1 / 5", "destroyed", "at next connect"},
    {"jedis", ERROR_READONLY, 1, KEPT, "no", "1", "kept, returned to pool", "no"},
    {"jedis-cluster", ERROR_READONLY, 1, KEPT, "no", "1", "kept, returned to pool", "no"},
    {"jedis", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"jedis-cluster", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"jedis", ERROR_MOVED, 5, KEPT, "cluster: yes", "5", "kept", "no"},
    {"jedis-cluster", ERROR_MOVED, 5, KEPT, "cluster: yes", "5", "kept", "no"},
    {"jedis", ERROR_ASK, 5, KEPT, "cluster: yes", "5", "kept", "no"},
    {"jedis-cluster", ERROR_ASK, 5, KEPT, "cluster: yes", "5", "kept", "no"},
    {"jedis", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"jedis-cluster", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"jedis", ERROR_POOL, WAITS, NOT_OPEN, "no", "waits", "none", "no"},
    {"jedis-cluster", ERROR_POOL, WAITS, NOT_OPEN, "no", "waits", "none", "no"},
    {"lettuce-6", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept (one shared connection)", "no"},
    {"lettuce-7", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept (one shared connection)", "no"},
    {"lettuce-7.5", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept (one shared connection)", "no"},
    {"lettuce-6", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "per resolver TTL, each reconnect"},
    {"lettuce-7", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "per resolver TTL, each reconnect"},
    {"lettuce-7.5", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "per resolver TTL, each reconnect"},
    {"lettuce-6", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "per resolver TTL, each reconnect"},
    {"lettuce-7", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "per resolver TTL, each reconnect"},
    {"lettuce-7.5", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "per resolver TTL, each reconnect"},
    {"lettuce-6", ERROR_LOST, UNLIMITED, CLOSED, "yes (replay)", "unlimited within the timeout", "closed, reconnected", "per resolver TTL"},
    {"lettuce-7", ERROR_LOST, UNLIMITED, CLOSED, "yes (replay)", "unlimited within the timeout", "closed, reconnected", "per resolver TTL"},
    {"lettuce-7.5", ERROR_LOST, UNLIMITED, CLOSED, "yes (replay)", "unlimited within the timeout", "closed, reconnected", "per resolver TTL"},
    {"lettuce-6", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-7", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-7.5", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-6", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-7", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-7.5", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-6", ERROR_MOVED, 6, KEPT, "cluster: yes", "5 redirects", "kept", "no"},
    {"lettuce-7", ERROR_MOVED, 6, KEPT, "cluster: yes", "5 redirects", "kept", "no"},
    {"lettuce-7.5", ERROR_MOVED, 6, KEPT, "cluster: yes", "5 redirects", "kept", "no"},
    {"lettuce-6", ERROR_ASK, 6, KEPT, "cluster: yes", "5 redirects", "kept", "no"},
    {"lettuce-7", ERROR_ASK, 6, KEPT, "cluster: yes", "5 redirects", "kept", "no"},
    {"lettuce-7.5", ERROR_ASK, 6, KEPT, "cluster: yes", "5 redirects", "kept", "no"},
    {"lettuce-6", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-7", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-7.5", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"lettuce-6", ERROR_MAX_CLIENTS, UNLIMITED, CLOSED, "background: yes", "unlimited", "closed by server", "per resolver TTL"},
    {"lettuce-7", ERROR_MAX_CLIENTS, UNLIMITED, CLOSED, "background: yes", "unlimited", "closed by server", "per resolver TTL"},
    {"lettuce-7.5", ERROR_MAX_CLIENTS, UNLIMITED, CLOSED, "background: yes", "unlimited", "closed by server", "per resolver TTL"},
    {"ioredis-5", ERROR_TIMEOUT, 1, KEPT, "no (but see note)", "1", "kept", "no"},
    {"ioredis-5", ERROR_CONNECT_TIMEOUT, 21, NOT_OPEN, "background: yes", "queued commands fail after 21 failed connects in a row", "destroyed", "yes, each connect"},
    {"ioredis-5", ERROR_REFUSED, 21, NOT_OPEN, "background: yes", "queued commands fail after 21 failed connects in a row", "none", "yes, each connect"},
    {"ioredis-5", ERROR_LOST, UNLIMITED, CLOSED, "yes (resend)", "unlimited", "closed, reconnected", "yes, each connect"},
    {"ioredis-5", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"ioredis-5", ERROR_LOADING, 1, KEPT, "no on a ready connection", "1", "kept", "no"},
    {"ioredis-5", ERROR_MOVED, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"ioredis-5", ERROR_ASK, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"ioredis-5", ERROR_CLUSTERDOWN, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"ioredis-5", ERROR_MAX_CLIENTS, 1, CLOSED, "no", "1", "closed by server, reconnects", "yes, each connect"},
    {"ioredis-6", ERROR_TIMEOUT, 1, KEPT, "no (but see note)", "1", "kept", "no"},
    {"ioredis-6", ERROR_CONNECT_TIMEOUT, 21, NOT_OPEN, "background: yes", "queued commands fail after 21 failed connects in a row", "destroyed", "yes, each connect"},
    {"ioredis-6", ERROR_REFUSED, 21, NOT_OPEN, "background: yes", "queued commands fail after 21 failed connects in a row", "none", "yes, each connect"},
    {"ioredis-6", ERROR_LOST, UNLIMITED, CLOSED, "yes (resend)", "unlimited", "closed, reconnected", "yes, each connect"},
    {"ioredis-6", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"ioredis-6", ERROR_LOADING, 1, KEPT, "no on a ready connection", "1", "kept", "no"},
    {"ioredis-6", ERROR_MOVED, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"ioredis-6", ERROR_ASK, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"ioredis-6", ERROR_CLUSTERDOWN, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"ioredis-6", ERROR_MAX_CLIENTS, 21, CLOSED, "background: yes", "21 connects", "closed by server, reconnects", "yes, each connect"},
    {"node-redis-5", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-6", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-5", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "destroyed", "yes, each connect"},
    {"node-redis-6", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "destroyed", "yes, each connect"},
    {"node-redis-5", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "yes, each connect"},
    {"node-redis-6", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "yes, each connect"},
    {"node-redis-5", ERROR_LOST, 1, CLOSED, "no", "1", "closed, reconnected", "yes, each connect"},
    {"node-redis-6", ERROR_LOST, 1, CLOSED, "no", "1", "closed, reconnected", "yes, each connect"},
    {"node-redis-5", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-6", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-5", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-6", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-5", ERROR_MOVED, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"node-redis-6", ERROR_MOVED, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"node-redis-5", ERROR_ASK, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"node-redis-6", ERROR_ASK, 16, KEPT, "cluster: yes", "16", "kept", "no"},
    {"node-redis-5", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-6", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"node-redis-5", ERROR_MAX_CLIENTS, 1, CLOSED, "background: yes", "unlimited", "closed by server, reconnects", "yes, each connect"},
    {"node-redis-6", ERROR_MAX_CLIENTS, 1, CLOSED, "background: yes", "unlimited", "closed by server, reconnects", "yes, each connect"},
    {"stackexchange-redis", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept", "no"},
    {"stackexchange-redis", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "first connect: 3; later unlimited", "aborted", "yes, each connect (ResolveDns off)"},
    {"stackexchange-redis", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "first connect: 3; later unlimited", "none", "yes, each connect"},
    {"stackexchange-redis", ERROR_LOST, 1, CLOSED, "no", "1", "closed, reconnected", "yes, each connect"},
    {"stackexchange-redis", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"stackexchange-redis", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"stackexchange-redis", ERROR_MOVED, 2, KEPT, "yes", "2", "kept; reconnect if it names the same endpoint", "yes if same endpoint"},
    {"stackexchange-redis", ERROR_ASK, 2, KEPT, "yes", "2", "kept", "no"},
    {"stackexchange-redis", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"stackexchange-redis", ERROR_MAX_CLIENTS, UNLIMITED, CLOSED, "background: yes", "unlimited", "closed by server", "yes, each connect"},
    {"valkey-glide", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept", "no"},
    {"valkey-glide-cluster", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept", "no"},
    {"valkey-glide", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "yes, each connect"},
    {"valkey-glide-cluster", ERROR_CONNECT_TIMEOUT, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "yes, each connect"},
    {"valkey-glide", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "yes, each connect"},
    {"valkey-glide-cluster", ERROR_REFUSED, UNLIMITED, NOT_OPEN, "background: yes", "unlimited", "none", "yes, each connect"},
    {"valkey-glide", ERROR_LOST, 1, CLOSED, "standalone: no; cluster: only if it failed while sending", "1 (cluster 4)", "closed, reconnected in background", "yes, each connect"},
    {"valkey-glide-cluster", ERROR_LOST, 1, CLOSED, "standalone: no; cluster: only if it failed while sending", "1 (cluster 4)", "closed, reconnected in background", "yes, each connect"},
    {"valkey-glide", ERROR_READONLY, 1, KEPT, "standalone: no; cluster: yes", "1 / 4", "kept", "no"},
    {"valkey-glide-cluster", ERROR_READONLY, 1, KEPT, "standalone: no; cluster: yes", "1 / 4", "kept", "no"},
    {"valkey-glide", ERROR_LOADING, 1, KEPT, "standalone: no; cluster: yes", "1 / 4", "kept", "no"},
    {"valkey-glide-cluster", ERROR_LOADING, 1, KEPT, "standalone: no; cluster: yes", "1 / 4", "kept", "no"},
    {"valkey-glide", ERROR_MOVED, 4, KEPT, "cluster: yes", "4", "kept; reconnect if it points to the same node", "no"},
    {"valkey-glide-cluster", ERROR_MOVED, 4, KEPT, "cluster: yes", "4", "kept; reconnect if it points to the same node", "no"},
    {"valkey-glide", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"valkey-glide-cluster", ERROR_ASK, 4, KEPT, "cluster: yes", "4", "kept", "no"},
    {"valkey-glide", ERROR_CLUSTERDOWN, 1, KEPT, "cluster: yes", "4", "kept", "no"},
    {"valkey-glide-cluster", ERROR_CLUSTERDOWN, 1, KEPT, "cluster: yes", "4", "kept", "no"},
    {"valkey-glide", ERROR_MAX_CLIENTS, 1, CLOSED, "no on a live connection", "1", "connect attempt fails, background retry", "yes, each connect"},
    {"valkey-glide-cluster", ERROR_MAX_CLIENTS, 1, CLOSED, "no on a live connection", "1", "connect attempt fails, background retry", "yes, each connect"},
    {"valkey-glide", ERROR_POOL, 1, NOT_OPEN, "no", "1", "kept", "no"},
    {"valkey-glide-cluster", ERROR_POOL, 1, NOT_OPEN, "no", "1", "kept", "no"},
    {"aws-sdk-legacy-botocore", ERROR_TIMEOUT, 5, CLOSED, "yes (read timeout)", "5 (DynamoDB 10)", "closed", "at next connect"},
    {"aws-sdk-legacy-botocore", ERROR_CONNECT_TIMEOUT, 5, NOT_OPEN, "yes", "5 (DynamoDB 10)", "none", "yes, each connect"},
    {"aws-sdk-legacy-botocore", ERROR_REFUSED, 5, NOT_OPEN, "yes", "5 (DynamoDB 10)", "none", "yes, each connect"},
    {"aws-sdk-legacy-botocore", ERROR_LOST, 5, CLOSED, "yes", "5 (DynamoDB 10)", "closed", "at next connect"},
    {"aws-sdk-legacy-botocore", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-legacy-botocore", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-legacy-botocore", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-legacy-botocore", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-legacy-botocore", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-legacy-botocore", ERROR_MAX_CLIENTS, 5, KEPT, "yes (429 / throttling codes, 500-504)", "5 (DynamoDB 10)", "kept", "no"},
    {"aws-sdk-standard", ERROR_TIMEOUT, 3, CLOSED, "yes (read timeout)", "3", "closed", "at next connect"},
    {"aws-sdk-standard", ERROR_CONNECT_TIMEOUT, 3, NOT_OPEN, "yes", "3", "none", "yes, each connect"},
    {"aws-sdk-standard", ERROR_REFUSED, 3, NOT_OPEN, "yes", "3", "none", "yes, each connect"},
    {"aws-sdk-standard", ERROR_LOST, 3, CLOSED, "yes", "3", "closed", "at next connect"},
    {"aws-sdk-standard", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard", ERROR_MAX_CLIENTS, 3, KEPT, "yes (429 / throttling codes, 500-504)", "3", "kept", "no"},
    {"aws-sdk-standard-2026-optin", ERROR_TIMEOUT, 3, CLOSED, "yes (read timeout)", "3 (DynamoDB 4)", "closed", "at next connect"},
    {"aws-sdk-standard-2026-optin", ERROR_CONNECT_TIMEOUT, 3, NOT_OPEN, "yes", "3 (DynamoDB 4)", "none", "yes, each connect"},
    {"aws-sdk-standard-2026-optin", ERROR_REFUSED, 3, NOT_OPEN, "yes", "3 (DynamoDB 4)", "none", "yes, each connect"},
    {"aws-sdk-standard-2026-optin", ERROR_LOST, 3, CLOSED, "yes", "3 (DynamoDB 4)", "closed", "at next connect"},
    {"aws-sdk-standard-2026-optin", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard-2026-optin", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard-2026-optin", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard-2026-optin", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard-2026-optin", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-standard-2026-optin", ERROR_MAX_CLIENTS, 3, KEPT, "yes (429 / throttling codes, 500-504)", "3 (DynamoDB 4)", "kept", "no"},
    {"aws-sdk-adaptive", ERROR_TIMEOUT, 3, CLOSED, "yes (read timeout)", "3", "closed", "at next connect"},
    {"aws-sdk-adaptive", ERROR_CONNECT_TIMEOUT, 3, NOT_OPEN, "yes", "3", "none", "yes, each connect"},
    {"aws-sdk-adaptive", ERROR_REFUSED, 3, NOT_OPEN, "yes", "3", "none", "yes, each connect"},
    {"aws-sdk-adaptive", ERROR_LOST, 3, CLOSED, "yes", "3", "closed", "at next connect"},
    {"aws-sdk-adaptive", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-adaptive", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-adaptive", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-adaptive", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-adaptive", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"aws-sdk-adaptive", ERROR_MAX_CLIENTS, 3, KEPT, "yes (429 / throttling codes, 500-504)", "3", "kept", "no"},
    {"grpc-A6-example", ERROR_TIMEOUT, 1, KEPT, "no", "1", "kept (stream reset)", "no"},
    {"grpc-A6-example", ERROR_CONNECT_TIMEOUT, 4, NOT_OPEN, "if policy lists UNAVAILABLE", "4 (cap 5)", "none", "yes, but at most every 30 s"},
    {"grpc-A6-example", ERROR_REFUSED, 4, NOT_OPEN, "if policy lists UNAVAILABLE", "4 (cap 5)", "none", "yes, at most every 30 s"},
    {"grpc-A6-example", ERROR_LOST, 4, CLOSED, "if policy lists UNAVAILABLE and no headers came", "4 (cap 5)", "closed, reconnected", "yes, at most every 30 s"},
    {"grpc-A6-example", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-example", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-example", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-example", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-example", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-example", ERROR_MAX_CLIENTS, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-hedge-example", ERROR_TIMEOUT, 4, KEPT, "yes (hedge)", "4", "kept", "no"},
    {"grpc-A6-hedge-example", ERROR_CONNECT_TIMEOUT, 1, NOT_OPEN, "if UNAVAILABLE is listed as non-fatal: next copy at once; else no", "up to 4", "none", "yes, at most every 30 s"},
    {"grpc-A6-hedge-example", ERROR_REFUSED, 1, NOT_OPEN, "as connect_timeout", "4", "none", "yes, at most every 30 s"},
    {"grpc-A6-hedge-example", ERROR_LOST, 1, CLOSED, "as connect_timeout", "4", "closed, reconnected", "yes, at most every 30 s"},
    {"grpc-A6-hedge-example", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-hedge-example", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-hedge-example", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-hedge-example", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-hedge-example", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"grpc-A6-hedge-example", ERROR_MAX_CLIENTS, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"envoy", ERROR_TIMEOUT, 1, CLOSED, "per-try timeout: if 5xx or gateway-error; route timeout: no", "2 (num_retries 1)", "HTTP/1 closed; HTTP/2 stream reset", "no"},
    {"envoy", ERROR_CONNECT_TIMEOUT, 2, NOT_OPEN, "if connect-failure (or 5xx, gateway-error, reset)", "2", "none", "no"},
    {"envoy", ERROR_REFUSED, 2, NOT_OPEN, "if connect-failure (or 5xx, gateway-error, reset)", "2", "none", "no"},
    {"envoy", ERROR_LOST, 2, CLOSED, "if reset, 5xx or gateway-error", "2", "closed", "no"},
    {"envoy", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"envoy", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"envoy", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"envoy", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"envoy", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"envoy", ERROR_MAX_CLIENTS, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"envoy", ERROR_POOL, 1, NOT_OPEN, "no", "1", "none", "no"},
    {"istio", ERROR_TIMEOUT, 1, CLOSED, "no", "1", "as envoy", "no"},
    {"istio", ERROR_CONNECT_TIMEOUT, 3, NOT_OPEN, "yes", "3", "none", "no"},
    {"istio", ERROR_REFUSED, 3, NOT_OPEN, "yes", "3", "none", "no"},
    {"istio", ERROR_LOST, 1, CLOSED, "no (after sending); yes if stream refused", "1 / 3", "closed", "no"},
    {"istio", ERROR_READONLY, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"istio", ERROR_LOADING, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"istio", ERROR_MOVED, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"istio", ERROR_ASK, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"istio", ERROR_CLUSTERDOWN, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"istio", ERROR_MAX_CLIENTS, 1, KEPT, "n/a", "1", "n/a", "n/a"},
    {"istio", ERROR_POOL, 1, NOT_OPEN, "no", "1", "none", "no"},
    {"finagle", ERROR_TIMEOUT, 1, CLOSED, "no", "1", "closed or discarded (unknown)", "no"},
    {"finagle", ERROR_CONNECT_TIMEOUT, 21, NOT_OPEN, "yes (requeue)", "1 + ceil(20 % of budget balance); 20 when idle", "none", "own 5 s poll"},
    {"finagle", ERROR_REFUSED, 21, NOT_OPEN, "yes (requeue)", "1 + ceil(20 % of budget balance)", "none", "own 5 s poll"},
    {"finagle", ERROR_LOST, 1, CLOSED, "only if not yet written", "1 + ceil(20 % of budget balance)", "closed", "own 5 s poll"},
    {"finagle", ERROR_READONLY, 1, KEPT, "no", "1", "kept", "no"},
    {"finagle", ERROR_LOADING, 1, KEPT, "no", "1", "kept", "no"},
    {"finagle", ERROR_MOVED, 1, KEPT, "no", "1", "kept", "no"},
    {"finagle", ERROR_ASK, 1, KEPT, "no", "1", "kept", "no"},
    {"finagle", ERROR_CLUSTERDOWN, 1, KEPT, "no", "1", "kept", "no"},
    {"finagle", ERROR_MAX_CLIENTS, 1, ANY, "no", "1", "unknown", "no"},
    {"finagle", ERROR_POOL, WAITS, NOT_OPEN, "waits", "1", "none", "no"},
    {"resilience4j", ERROR_TIMEOUT, 3, ANY, "yes", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_CONNECT_TIMEOUT, 3, NOT_OPEN, "yes", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_REFUSED, 3, NOT_OPEN, "yes", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_LOST, 3, ANY, "yes", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_READONLY, 3, ANY, "yes if the library throws", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_LOADING, 3, ANY, "yes if the library throws", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_MOVED, 3, ANY, "yes if the library throws", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_ASK, 3, ANY, "yes if the library throws", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_CLUSTERDOWN, 3, ANY, "yes if the library throws", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_MAX_CLIENTS, 3, ANY, "yes if the library throws", "3", "left to the library inside", "left to the library inside"},
    {"resilience4j", ERROR_POOL, 3, NOT_OPEN, "yes", "3", "none", "n/a"},
    {"polly-8", ERROR_TIMEOUT, 4, ANY, "yes", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_CONNECT_TIMEOUT, 4, NOT_OPEN, "yes", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_REFUSED, 4, NOT_OPEN, "yes", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_LOST, 4, ANY, "yes", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_READONLY, 4, ANY, "yes if the library throws", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_LOADING, 4, ANY, "yes if the library throws", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_MOVED, 4, ANY, "yes if the library throws", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_ASK, 4, ANY, "yes if the library throws", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_CLUSTERDOWN, 4, ANY, "yes if the library throws", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_MAX_CLIENTS, 4, ANY, "yes if the library throws", "4", "left to the library inside", "left to the library inside"},
    {"polly-8", ERROR_POOL, 4, NOT_OPEN, "yes", "4", "none", "n/a"},
};
// clang-format on

static const char *preset_value(const char *name, const char *key)
{
    for (size_t i = 0; i < CLIENT_PRESET_COUNT; i++)
        for (size_t v = 0; strcmp(client_presets[i].name, name) == 0 && client_presets[i].values[v];
             v++)
            if (strncmp(client_presets[i].values[v], key, strlen(key)) == 0)
                return client_presets[i].values[v] + strlen(key);
    return "";
}

static bool is_shared(const struct row *row)
{
    return strcmp(preset_value(row->preset, "mode="), "multiplexed") == 0;
}

static bool is_hedged(const struct row *row)
{
    return strcmp(row->preset, "grpc-A6-hedge-example") == 0 && row->error == ERROR_TIMEOUT;
}

static bool is_aws(const struct row *row)
{
    return strncmp(row->preset, "aws-", 4) == 0;
}

/* Settings that the row's case needs beside the preset. Infinite timeouts are made finite, since
 * the table's row is about what follows when one is set. */
static void settings(const struct row *row, char *text, size_t size)
{
    const char *timeout = preset_value(row->preset, "timeout=");
    bool connects = row->error == ERROR_CONNECT_TIMEOUT || row->error == ERROR_REFUSED;
    int end = snprintf(text, size, "preset: %s, breaker: {trip: none}", row->preset);
    static const char *const unbounded[] = {"istio", "envoy", "resilience4j", "polly-8"};
    bool is_unbounded = false;

    for (size_t i = 0; i < sizeof unbounded / sizeof unbounded[0]; i++)
        is_unbounded = is_unbounded || strcmp(row->preset, unbounded[i]) == 0;
    if (row->error == ERROR_POOL && is_shared(row))
        snprintf(text + end, size - (size_t)end, ", pool: {requests: 1}, timeout: 1h");
    else if (row->error == ERROR_POOL)
        snprintf(text + end, size - (size_t)end, ", pool: {size: 1, warm: 1%s}, timeout: 1h",
                 is_unbounded ? ", pending: 0" : "");
    else if (strcmp(row->preset, "jedis-cluster") == 0) /* all of it within its 10 s */
        snprintf(text + end, size - (size_t)end,
                 ", timeout: 100ms, connect_timeout: 100ms, pool: {warm: %d}", connects ? 0 : 1);
    else if (connects && timeout[0] == '\0') /* the application's */
        snprintf(text + end, size - (size_t)end,
                 ", timeout: 1min, connect_timeout: 1s, pool: {warm: 0}");
    else if (is_hedged(row))
        snprintf(text + end, size - (size_t)end, ", read_timeout: 10s, pool: {warm: 1}");
    else
        snprintf(text + end, size - (size_t)end, ", pool: {warm: %d}%s%s", connects ? 0 : 1,
                 row->error == ERROR_TIMEOUT && strcmp(timeout, "1d") == 0 ? ", timeout: 1s" : "",
                 connects && strcmp(preset_value(row->preset, "connect_timeout="), "0s") == 0
                     ? ", connect_timeout: 1s"
                     : "");
}

static uint32_t tries_seen(const struct row *row, bool at_end)
{
    if (row->error == ERROR_POOL)
        return seen.ended == 0 ? WAITS : seen.attempts > 0 ? seen.attempts : 1;
    if (row->error == ERROR_CONNECT_TIMEOUT || row->error == ERROR_REFUSED)
        return at_end ? seen.connects_at_end : seen.connects;
    return at_end ? seen.commands_at_end : seen.commands;
}

/* The name is asked for with each connect, unless the client has a timer of its own for that. */
static bool dns_as_set(const struct row *row)
{
    bool timer = preset_value(row->preset, "dns_cache.fixed=")[0] || client_dns_ttl > 0;

    if (row->error == ERROR_MOVED || row->error == ERROR_ASK)
        return true; /* redirects name an address */
    if (timer)
        return seen.lookups <= seen.connects + 1;
    return seen.lookups == seen.connects + 1; /* one at the start */
}

/* Without limit: it goes on to the end of the run, or to the timeout of the command. */
static bool only_time_ends(const struct row *row, uint32_t tries)
{
    const char *text = preset_value(row->preset, "timeout=");
    char *unit;
    sim_dur timeout = strtol(text, &unit, 10);

    timeout *= strcmp(unit, "ms") == 0 ? SIM_MS : strcmp(unit, "s") == 0 ? SIM_S : 86400 * SIM_S;
    return tries > 30 || (tries > 1 && seen.latency == timeout);
}

static bool connection_as_set(const struct row *row, uint32_t closes)
{
    switch (row->connection) {
    case KEPT:
        return closes == 0;
    case CLOSED:
        return closes > 0;
    default:
        return true;
    }
}

/* Returns the number of rows that failed. */
static int check(const struct row *row)
{
    static const struct client_step read = {.kind = COMMAND_GET, .session = 1};
    /* The HTTP counterpart of "max clients" is throttling. */
    bool throttled = is_aws(row) && row->error == ERROR_MAX_CLIENTS;
    bool ends, good;
    char client[500];
    uint32_t tries;

    seen_nothing(throttled ? ERROR_OTHER : row->error);
    client_dns_ttl = strcmp(row->preset, "istio") == 0 ? 60 * SIM_S : 0;
    client_plan.steps = &read;
    client_plan.count = is_hedged(row);
    settings(row, client, sizeof client);
    run(client, is_hedged(row)             ? "rate: 0/s"
                : row->error == ERROR_POOL ? "rate: 1000/s, writes: 2"
                                           : "rate: 1/s, writes: 1");
    ends = row->tries != UNLIMITED && seen.ended > 0;
    tries = tries_seen(row, ends);
    good = (row->tries == UNLIMITED ? only_time_ends(row, tries) : tries == row->tries) &&
           dns_as_set(row) && connection_as_set(row, ends ? seen.closes_at_end : seen.closes);
    if (!good)
        fprintf(stderr,
                "%s, %s: %u tries, not %u ('%s', '%s'); %u closed ('%s'); %u connects, %u "
                "lookups ('%s')\n",
                row->preset, client_error_names[row->error], tries, row->tries, row->retried,
                row->attempts, ends ? seen.closes_at_end : seen.closes, row->connection_after,
                seen.connects, (unsigned)seen.lookups, row->dns_again);
    return !good;
}

static void every_preset_does_what_its_library_does(void **state)
{
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        failed += check(&rows[i]);
    assert_int_equal(failed, 0);
}

/* Whoever speaks Redis, or wraps what does not throw, hands any other error reply to the caller and
 * keeps the connection: throttled, and of a failing node. The others retry. */
static void other_error_replies_are_answers_to_redis_clients(void **state)
{
    static const char *const others[] = {"seed000", "aws-", "grpc-", "resilience4j", "polly-8"};
    static const enum reply_kind answers[] = {REPLY_THROTTLED, REPLY_ERROR};
    int failed = 0, alike = 0;

    (void)state;
    for (size_t i = 0; i < 2 * CLIENT_PRESET_COUNT; i++) {
        struct row row = {.preset = client_presets[i / 2].name,
                          .error = ERROR_OTHER,
                          .tries = 1,
                          .connection = KEPT,
                          .retried = "no",
                          .attempts = "1",
                          .connection_after = "kept",
                          .dns_again = "no"};
        bool retries = false;

        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
            retries = retries || strncmp(row.preset, others[k], strlen(others[k])) == 0;
        if (retries)
            continue;
        replies[ERROR_OTHER].kind = (uint8_t)answers[i % 2];
        failed += check(&row);
        alike++;
    }
    replies[ERROR_OTHER].kind = REPLY_THROTTLED;
    assert_int_equal(failed, 0);
    assert_true(alike >= 2 * 27);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_preset_does_what_its_library_does, make_store),
        cmocka_unit_test_setup(other_error_replies_are_answers_to_redis_clients, make_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

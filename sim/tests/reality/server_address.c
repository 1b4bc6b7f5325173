// SPDX-License-Identifier: GPL-3.0-or-later
#include "server_address.h"

#include "reactor.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int home_fd = -1;

bool endpoint_parse(const char *text, struct endpoint *endpoint)
{
    const char *at = strchr(text, '@'), *colon = strchr(text, ':');
    char path[128];
    char *end;

    *endpoint = (struct endpoint){.namespace_fd = -1};
    if (colon == NULL || (size_t)(colon - text) >= sizeof(endpoint->host))
        return false;
    memcpy(endpoint->host, text, (size_t)(colon - text));
    endpoint->port = (int)strtol(colon + 1, &end, 10);
    if (endpoint->port <= 0 || endpoint->port > 65535 || (*end != '\0' && end != at))
        return false;
    if (at == NULL)
        return true;
    snprintf(path, sizeof(path), "/run/netns/%s", at + 1);
    endpoint->namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (home_fd < 0)
        home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return endpoint->namespace_fd >= 0 && home_fd >= 0;
}

void endpoint_enter(const struct endpoint *endpoint)
{
    if (endpoint->namespace_fd >= 0 && setns(endpoint->namespace_fd, CLONE_NEWNET) != 0)
        die("cannot enter a network namespace");
}

void endpoint_leave(const struct endpoint *endpoint)
{
    if (endpoint->namespace_fd >= 0 && setns(home_fd, CLONE_NEWNET) != 0)
        die("cannot leave a network namespace");
}

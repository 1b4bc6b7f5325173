// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Actions during the run, each at its time:
 *
 *   TIME send SOCKET WORDS...      send a command to an emulator's control socket
 *   TIME signal PIDFILE SIGNAL     send STOP, CONT, KILL or TERM to the process named in the file
 *   TIME run PROGRAM WORDS...      start a program and do not wait for it (to restart a server)
 *   TIME redis ENDPOINT WORDS...   send a command to a server, directly
 *   TIME point ENDPOINT            open new connections for writes to this endpoint
 */
#include "client.h"
#include "control_socket.h"
#include "redis_extra.h"
#include "settings.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACTION_WORDS 24
#define ACTIONS_MAX 64

struct action {
    struct client *client;
    int64_t at_ns;
    char *words[ACTION_WORDS + 1];
    size_t count;
    void (*act)(struct action *action);
    struct reactor_timer timer;
};

static struct action actions[ACTIONS_MAX];
static size_t action_count;

static _Noreturn void action_fail(const struct action *action, const char *what)
{
    die("action '%s %s': %s", action->words[0], action->words[1], what);
}

static void act_send(struct action *action)
{
    char command[512] = "";
    size_t length = 0;

    for (size_t i = 2; i < action->count; i++)
        length +=
            (size_t)snprintf(command + length, sizeof(command) - length, "%s ", action->words[i]);
    if (!control_send(action->words[1], command))
        action_fail(action, "nobody listens");
}

static void act_signal(struct action *action)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"STOP", SIGSTOP}, {"CONT", SIGCONT}, {"KILL", SIGKILL}, {"TERM", SIGTERM}};
    FILE *file = fopen(action->words[1], "r");
    char text[32] = "";
    long pid;

    if (file == NULL || fgets(text, sizeof(text), file) == NULL)
        action_fail(action, "cannot read the process's number");
    fclose(file);
    pid = strtol(text, NULL, 10);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (strcmp(signals[i].name, action->words[2]) == 0) {
            if (pid <= 1 || kill((pid_t)pid, signals[i].number) != 0)
                action_fail(action, "cannot signal the process");
            return;
        }
    action_fail(action, "unknown signal");
}

static void act_run(struct action *action)
{
    pid_t pid = fork();

    if (pid < 0)
        action_fail(action, "cannot fork");
    if (pid > 0)
        return;
    execvp(action->words[1], action->words + 1);
    _exit(127);
}

static void act_redis(struct action *action)
{
    struct endpoint endpoint;

    if (!endpoint_parse(action->words[1], &endpoint))
        action_fail(action, "not an endpoint");
    redis_order(&action->client->reactor, &endpoint, action->count - 2,
                (const char **)action->words + 2);
}

static void act_point(struct action *action)
{
    if (!endpoint_parse(action->words[1], &action->client->pools[OPERATION_WRITE][0].endpoint))
        action_fail(action, "not an endpoint");
}

static void action_on_due(void *owner)
{
    struct action *action = owner;

    action->act(action);
}

bool actions_add(struct client *client, char **words, size_t count)
{
    static const struct {
        const char *name;
        size_t words_min;
        void (*act)(struct action *action);
    } kinds[] = {
        {"send", 3, act_send},   {"signal", 3, act_signal}, {"run", 2, act_run},
        {"redis", 3, act_redis}, {"point", 2, act_point},
    };
    struct action *action = &actions[action_count];
    const struct setting at = {"at", SETTING_DURATION, &action->at_ns, NULL};
    char word[64], why[256];

    if (action_count == ACTIONS_MAX || count < 2 || count - 1 > ACTION_WORDS)
        return false;
    snprintf(word, sizeof(word), "at=%s", words[0]);
    if (!setting_apply(&at, 1, word, why, sizeof(why)))
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, words[1]) != 0 || count - 1 < kinds[i].words_min)
            continue;
        action->client = client;
        action->count = count - 1;
        memcpy(action->words, words + 1, action->count * sizeof(char *));
        action->act = kinds[i].act;
        action->timer = (struct reactor_timer){.fire = action_on_due, .owner = action};
        action_count++;
        return true;
    }
    return false;
}

void actions_start(struct client *client)
{
    signal(SIGCHLD, SIG_IGN); /* the script that runs the experiment stops these processes */
    for (size_t i = 0; i < action_count; i++)
        reactor_set(&client->reactor, &actions[i].timer, client->start_ns + actions[i].at_ns);
}

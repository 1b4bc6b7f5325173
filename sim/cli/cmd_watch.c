// SPDX-License-Identifier: GPL-3.0-or-later
/* Play a recorded run on the terminal. Changes nothing: it only reads the results file. */
#include "cmd_watch.h"

#include "quote.h"
#include "watch_frame.h"

#include <curses.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES_PER_SECOND = 20, SEEK_BINS = 10 };
#define SPEED_DEFAULT 60
#define SPEED_MIN 0.125
#define SPEED_MAX 65536

struct watch_values {
    const char *speed;
    uint32_t study, point, replication;
};
#define OPTION_VALUES struct watch_values

/* clang-format off */
static const struct option options[] = {
    TEXT_OPTION ("speed", speed, "FACTOR", "60x", "simulated seconds in a second, such as 10x"),
    COUNT_OPTION("study", study, "N", "the newest", "study of the file, counted from 1"),
    INDEX_OPTION("point", point, "N", "0", "point of the study, counted from 0"),
    INDEX_OPTION("replication", replication, "N", "0", "replication, counted from 0"),
    OPTIONS_END,
};
/* clang-format on */

/* --- the clock ------------------------------------------------------------------------------ */

struct player {
    const struct watch_run *run;
    struct watch_view view;
    bool quit;
};

static void seek(struct player *player, int64_t by_ns)
{
    int64_t t_ns = player->view.t_ns + by_ns;

    player->view.t_ns = t_ns < 0                           ? 0
                        : t_ns > watch_end_ns(player->run) ? watch_end_ns(player->run)
                                                           : t_ns;
}

static void change_speed(struct player *player, double factor)
{
    player->view.speed = fmin(fmax(player->view.speed * factor, SPEED_MIN), SPEED_MAX);
}

static void press(struct player *player, int key)
{
    int64_t bin_ns = watch_bin_ns(player->run);

    switch (key) {
    case ' ':
        player->view.paused = !player->view.paused;
        break;
    case '.':
        player->view.paused = true;
        seek(player, bin_ns);
        break;
    case '+':
        change_speed(player, 2);
        break;
    case '-':
        change_speed(player, 0.5);
        break;
    case KEY_RIGHT:
        seek(player, SEEK_BINS * bin_ns);
        break;
    case KEY_LEFT:
        seek(player, -SEEK_BINS * bin_ns);
        break;
    case 'r':
        player->view.t_ns = 0;
        break;
    case 'q':
        player->quit = true;
        break;
    default: /* another key, or none */
        break;
    }
}

/* --- the screen ----------------------------------------------------------------------------- */

static void open_screen(void)
{
    setlocale(LC_CTYPE, ""); /* only characters: numbers keep their point */
    initscr();
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    timeout(1000 / FRAMES_PER_SECOND);
    const char *no_colour = getenv("NO_COLOR");
    if (has_colors() && !(no_colour && *no_colour)) {
        start_color();
        use_default_colors();
        init_pair(WATCH_GOOD, COLOR_GREEN, -1);
        init_pair(WATCH_BAD, COLOR_RED, -1);
        init_pair(WATCH_FAULT, COLOR_YELLOW, -1);
    }
}

static void show(struct player *player)
{
    struct watch_frame frame = {NULL, 0, 0};

    getmaxyx(stdscr, player->view.height, player->view.width);
    watch_draw(&frame, player->run, &player->view);
    erase();
    for (size_t i = 0; i < frame.count; i++) {
        attr_t look = frame.lines[i].style == WATCH_HEAD ? A_BOLD
                      : frame.lines[i].style == WATCH_PLAIN
                          ? A_NORMAL
                          : (attr_t)COLOR_PAIR((int)frame.lines[i].style);
        attrset((int)look);
        mvaddstr((int)i, 0, frame.lines[i].text);
    }
    refresh();
    watch_frame_release(&frame);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void play(struct player *player, const atomic_int *interrupt)
{
    int64_t before = now_ns();

    open_screen();
    while (!player->quit && !atomic_load(interrupt)) {
        show(player);
        press(player, getch()); /* waits for a key, or for the next frame */
        int64_t now = now_ns();
        if (!player->view.paused)
            seek(player, (int64_t)((double)(now - before) * player->view.speed));
        before = now;
    }
    endwin();
}

int watch_file(const char *path, const struct watch_choice *choice, const atomic_int *interrupt)
{
    struct diag diag = {0};

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return usage_error(
            "'watch' needs a terminal; 'isthmus plot timeline FILE.db --format text' "
            "does not");
    struct results *results = results_open(path, &diag);
    struct watch_run *run =
        results ? watch_load(results, choice->study, choice->point, choice->replication, &diag)
                : NULL;
    if (results)
        results_close(results);
    if (run) {
        struct player player = {.run = run, .view = {.speed = choice->speed}};
        play(&player, interrupt);
        watch_free(run);
    }
    print_diag(&diag);
    return run ? EXIT_DONE : EXIT_FILES;
}

bool watch_parse_speed(const char *text, double *speed)
{
    struct strbuf why = STRBUF_INIT;

    *speed = SPEED_DEFAULT;
    bool good = !text || (units_parse_number(text, speed, &why) && *speed >= SPEED_MIN &&
                          *speed <= SPEED_MAX);
    if (!good)
        usage_error("'--speed' needs a factor from 0.125x to 65536x, got '%s'", text);
    strbuf_release(&why);
    return good;
}

static int watch(const struct invocation *invocation)
{
    const struct watch_values *values = invocation->values;
    struct watch_choice choice = {
        .study = values->study, .point = values->point, .replication = values->replication};

    if (!watch_parse_speed(values->speed, &choice.speed))
        return EXIT_USAGE;
    return watch_file(invocation->arguments[0], &choice, invocation->interrupt);
}

const struct command cmd_watch = {
    .name = "watch",
    .arguments = "FILE.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Play a recorded run on the terminal",
    .details =
        "Show the regions, faults, outages and events of one run as its simulated time passes. "
        "Keys: space pauses, '.' steps by a bin of time, '+' and '-' change the speed, the "
        "arrows seek by ten bins, 'r' restarts, 'q' quits. Read only the results file.",
    .examples = "  isthmus watch results/20-region-loss.db\n"
                "  isthmus watch results/60-retry-storm.db --speed 10x --replication 3",
    .options = options,
    .values_size = sizeof(struct watch_values),
    .run = watch,
};

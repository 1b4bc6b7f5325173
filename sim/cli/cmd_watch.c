// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Play a recorded run on the terminal, which only reads the results file; or a run in progress,
 * with the screen on its own thread; or play a scenario: run a copy of it into a temporary file,
 * and again after each change.
 */
#include "cmd_watch.h"

#include "mem.h"
#include "output_file.h"
#include "play_copy.h"
#include "quote.h"
#include "results_path.h"
#include "watch_frame.h"
#include "watch_live.h"

#include <curses.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES_PER_SECOND = 20, SEEK_BINS = 10, CTRL_L = 12 };
#define SPEED_DEFAULT 60
#define SPEED_MIN 0.125
#define SPEED_MAX 65536

struct watch_values {
    const char *speed;
    uint32_t study, point, replication;
    bool play;
};
#define OPTION_VALUES struct watch_values

/* clang-format off */
static const struct option options[] = {
    TEXT_OPTION ("speed", speed, "FACTOR", "60x", "simulated seconds in a second, such as 10x"),
    COUNT_OPTION("study", study, "N", "the newest", "study of the file, counted from 1"),
    INDEX_OPTION("point", point, "N", "0", "point of the study, counted from 0"),
    INDEX_OPTION("replication", replication, "N", "0", "replication, counted from 0"),
    FLAG_OPTION ("play", play, "play a scenario instead of a results file: keys inject faults, turn parameters and save the changed copy"),
    OPTIONS_END,
};
/* clang-format on */

/* --- the clock ------------------------------------------------------------------------------ */

struct player {
    struct watch_run *run;
    struct watch_view view;
    int64_t wanted_ns, known_ns; /* shown is the earlier one: known up to, in progress or not */
    bool quit;
    struct watch_live *live; /* NULL: the run is over */
    struct play_copy *copy;  /* NULL: a recorded run is played */
    const char *results;     /* of the copy */
    size_t fault, dial;      /* chosen */
    struct strbuf message;
};

static void set_known(struct player *player, int64_t known_ns)
{
    player->known_ns = known_ns;
    player->view.running = known_ns < watch_end_ns(player->run);
    player->view.t_ns = player->wanted_ns < known_ns ? player->wanted_ns : known_ns;
}

static void seek(struct player *player, int64_t by_ns)
{
    int64_t t_ns = player->wanted_ns + by_ns, end_ns = watch_end_ns(player->run);

    player->wanted_ns = t_ns < 0 ? 0 : t_ns > end_ns ? end_ns : t_ns;
    set_known(player, player->known_ns);
}

static void change_speed(struct player *player, double factor)
{
    player->view.speed = fmin(fmax(player->view.speed * factor, SPEED_MIN), SPEED_MAX);
}

/* --- playing a scenario --------------------------------------------------------------------- */

/* The first line of the errors, after `what`. */
static void show_error(struct player *player, const char *what, const struct diag *diag)
{
    char *text = diag_text(diag);

    strbuf_clear(&player->message);
    strbuf_addf(&player->message, "%s: %.*s", what, (int)strcspn(text, "\n"), text);
    free(text);
}

/* The copy as it is now, at the same time; without the last change if it is not possible. */
static void run_again(struct player *player, const atomic_int *interrupt)
{
    struct diag diag = {0};
    struct watch_run *run = NULL;

    if (play_copy_run(player->copy, player->results, &diag) == EXIT_DONE) {
        struct results *results = results_open(player->results, &diag);

        run = results ? watch_load(results, 0, 0, 0, &diag) : NULL;
        results_close(results);
    }
    if (run) {
        watch_free(player->run);
        player->run = run;
    } else if (!atomic_load(interrupt)) {
        show_error(player, "not possible", &diag);
        play_copy_undo(player->copy);
    }
    diag_release(&diag);
}

static bool is_copy(const char *head, size_t size)
{
    static const char mark[] = "# Changed with 'isthmus watch --play'.";

    return size >= sizeof mark - 1 && memcmp(head, mark, sizeof mark - 1) == 0;
}

static void save_copy(struct player *player)
{
    static const struct output_kind kind = {"a scenario saved by 'watch --play'", is_copy};
    char *path = play_copy_path(player->copy);
    struct output_file file;
    struct diag diag = {0};
    int status = output_file_open(&file, path, &kind, &diag);

    if (status == 0) {
        play_copy_write(player->copy, file.stream);
        status = output_file_commit(&file, &diag);
    }
    strbuf_clear(&player->message);
    if (status == 0)
        strbuf_addf(&player->message, "saved as %s", path);
    else
        show_error(player, "not saved", &diag);
    diag_release(&diag);
    free(path);
}

static void turn(struct player *player, double factor, const atomic_int *interrupt)
{
    strbuf_clear(&player->message);
    if (!play_copy_turn(player->copy, player->dial, factor))
        return;
    play_copy_add_dial(&player->message, player->copy, player->dial);
    strbuf_add(&player->message, " from the start of the run on");
    run_again(player, interrupt);
}

static void inject(struct player *player, const atomic_int *interrupt)
{
    strbuf_clear(&player->message);
    strbuf_addf(&player->message, "%s for ", play_copy_fault_words(player->copy, player->fault));
    units_add_duration(&player->message, PLAY_FAULT_NS);
    play_copy_inject(player->copy, player->fault, player->view.t_ns);
    run_again(player, interrupt);
}

static void press_play(struct player *player, int key, const atomic_int *interrupt)
{
    switch (key) {
    case 'f':
        player->fault = (player->fault + 1) % play_copy_fault_count(player->copy);
        break;
    case 'd':
        player->dial = (player->dial + 1) % play_copy_dial_count(player->copy);
        break;
    case 'i':
        inject(player, interrupt);
        break;
    case '[':
        turn(player, 0.5, interrupt);
        break;
    case ']':
        turn(player, 2, interrupt);
        break;
    case 'u':
        if (play_copy_change_count(player->copy) == 0)
            break;
        play_copy_undo(player->copy);
        strbuf_clear(&player->message);
        strbuf_add(&player->message, "the last change is undone");
        run_again(player, interrupt);
        break;
    case 's':
        save_copy(player);
        break;
    default: /* another key, or none */
        break;
    }
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
        seek(player, -player->wanted_ns);
        break;
    case 'q':
        player->quit = true;
        break;
    case CTRL_L:
        clearok(curscr, TRUE); /* after another program wrote on the screen */
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

/* What the keys of a play act on. */
static void add_footer(struct player *player, struct strbuf lines[3])
{
    strbuf_addf(&lines[0], "f another fault   i inject: %s, for ",
                play_copy_fault_words(player->copy, player->fault));
    units_add_duration(&lines[0], PLAY_FAULT_NS);
    strbuf_addf(&lines[1], "u undo (%zu)   s save   d another   [ half, ] double: ",
                play_copy_change_count(player->copy));
    play_copy_add_dial(&lines[1], player->copy, player->dial);
    strbuf_add(&lines[2], player->message.text ? player->message.text : "");
}

static void show(struct player *player)
{
    struct watch_frame frame = {NULL, 0, 0};
    struct strbuf lines[3] = {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT};

    if (player->copy)
        add_footer(player, lines);
    const char *const footer[] = {lines[0].text, lines[1].text, lines[2].text};
    player->view.footer = footer;
    player->view.footer_count = player->copy ? 3 : 0;

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
    for (size_t i = 0; i < 3; i++)
        strbuf_release(&lines[i]);
    player->view.footer = NULL;
    player->view.footer_count = 0;
}

static void show_waiting(void)
{
    erase();
    attrset(A_NORMAL);
    mvaddstr(0, 0, "the first run has not begun: its warm-up is being determined   q quit");
    refresh();
}

/* Of a run in progress, what is known by now. */
static void show_live(struct player *player)
{
    const struct watch_moment moment = watch_live_lock(player->live, player->wanted_ns);

    player->run = moment.run;
    player->quit = player->quit || (moment.ended && !moment.run);
    if (moment.run) {
        set_known(player, moment.known_ns);
        show(player);
    } else {
        show_waiting();
    }
    watch_live_unlock(player->live);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* A run in progress that has fallen behind is waited for. */
static void tick(struct player *player, int64_t elapsed_ns)
{
    if (!player->view.paused && player->view.t_ns == player->wanted_ns)
        seek(player, (int64_t)((double)elapsed_ns * player->view.speed));
}

static void play(struct player *player, const atomic_int *interrupt)
{
    int64_t before = now_ns();

    if (player->run)
        set_known(player, watch_end_ns(player->run));
    open_screen();
    while (!player->quit && !atomic_load(interrupt)) {
        if (player->live)
            show_live(player);
        else
            show(player);
        int key = getch(); /* waits for a key, or for the next frame */
        int64_t pressed = now_ns();
        if (player->run)
            press(player, key);
        else
            player->quit = player->quit || key == 'q';
        if (player->copy)
            press_play(player, key, interrupt);
        int64_t now = now_ns();
        before += now - pressed; /* the clock stands still while the copy is run */
        if (player->run)
            tick(player, now - before);
        before = now;
    }
    endwin();
}

bool watch_has_terminal(void)
{
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return true;
    usage_error("'watch' needs a terminal; 'isthmus plot timeline FILE.db --format text' does not");
    return false;
}

static int play_scenario(const struct invocation *invocation, double speed)
{
    struct player player = {.view = {.speed = speed}};
    struct results_path path = {NULL, NULL};
    struct diag diag = {0};
    int code = EXIT_USAGE;

    if (!watch_has_terminal())
        return EXIT_USAGE;
    player.copy = play_copy_open(invocation, invocation->arguments[0], &code);
    if (player.copy && results_path_temporary(&path, &diag) == 0) {
        player.results = path.file;
        code = play_copy_run(player.copy, path.file, &diag);
        struct results *results = code == EXIT_DONE ? results_open(path.file, &diag) : NULL;
        player.run = results ? watch_load(results, 0, 0, 0, &diag) : NULL;
        results_close(results);
        if (player.run)
            play(&player, invocation->interrupt);
        else if (code == EXIT_DONE)
            code = EXIT_FILES;
    } else if (player.copy) {
        code = EXIT_FILES;
    }
    if (player.run)
        watch_free(player.run);
    strbuf_release(&player.message);
    play_copy_free(player.copy);
    results_path_release(&path);
    print_diag(&diag);
    return code;
}

int watch_file(const char *path, const struct watch_choice *choice, const atomic_int *interrupt)
{
    struct diag diag = {0};

    if (!watch_has_terminal())
        return EXIT_USAGE;
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

/* --- a run in progress ----------------------------------------------------------------------- */

struct watch_session {
    struct player player;
    const atomic_int *interrupt;
    pthread_t thread;
    atomic_bool on_screen;
};

static void *play_live(void *self)
{
    struct watch_session *session = self;

    play(&session->player, session->interrupt);
    watch_live_leave(session->player.live);
    session->on_screen = false;
    return NULL;
}

struct watch_session *watch_begin(double speed, const atomic_int *interrupt)
{
    struct watch_session *session = mem_zalloc(1, sizeof *session);

    session->player = (struct player){.view = {.speed = speed}, .live = watch_live_create()};
    session->interrupt = interrupt;
    session->on_screen = true;
    if (pthread_create(&session->thread, NULL, play_live, session) == 0)
        return session;
    watch_live_free(session->player.live);
    free(session);
    return NULL;
}

struct watch_live *watch_session_live(const struct watch_session *session)
{
    return session->player.live;
}

const atomic_bool *watch_on_screen(const struct watch_session *session)
{
    return &session->on_screen;
}

bool watch_end(struct watch_session *session)
{
    struct watch_live *live = session->player.live;

    watch_live_end(live);
    pthread_join(session->thread, NULL);
    const struct watch_moment moment = watch_live_lock(live, 0);
    bool has_run = moment.run != NULL;
    watch_live_unlock(live);
    watch_live_free(live);
    free(session);
    return has_run;
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
    if (values->play && (values->study || values->point || values->replication))
        return usage_error("'--study', '--point' and '--replication' choose a recorded run; "
                           "'--play' runs replication 0 of a scenario");
    if (values->play)
        return play_scenario(invocation, choice.speed);
    return watch_file(invocation->arguments[0], &choice, invocation->interrupt);
}

const struct command cmd_watch = {
    .name = "watch",
    .arguments = "FILE.db | SCENARIO.yaml",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Play a recorded run on the terminal",
    .details =
        "Show the regions, faults, outages and events of one run as its simulated time passes. "
        "Keys: space pauses, '.' steps by a bin of time, '+' and '-' change the speed, the "
        "arrows seek by ten bins, 'r' restarts, Ctrl-L redraws, 'q' quits. Read only the results "
        "file. With "
        "'--play', run replication 0 of a copy of a scenario and play it: 'f' chooses a fault and "
        "'i' injects it at the time shown, 'd' chooses a parameter and '[' and ']' halve and "
        "double "
        "it, 'u' undoes the last change, 's' saves the copy as NAME-played.yaml in the working "
        "directory. After each change the copy is run again with the same random numbers.",
    .examples = "  isthmus watch results/20-region-loss.db\n"
                "  isthmus watch results/60-retry-storm.db --speed 10x --replication 3\n"
                "  isthmus watch --play scenarios/10-peering-brownout.yaml",
    .options = options,
    .values_size = sizeof(struct watch_values),
    .run = watch,
};

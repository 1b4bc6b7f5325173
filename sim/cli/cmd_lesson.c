// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Lessons are scenarios with a section `lesson`: a question with choices. The learner predicts, the
 * scenario runs, and the answer follows with its reason. The prediction is a finding of the results
 * file.
 */
#include "lesson_section.h"
#include "mem.h"
#include "quote.h"
#include "report.h"
#include "strbuf.h"
#include "study_command.h"
#include "suggest.h"
#include "text_table.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lesson_values {
    struct study_values study;
    const char *folder;
    uint32_t predict;
};
#define OPTION_VALUES struct lesson_values

/* clang-format off */
static const struct option lesson_options[] = {
    TEXT_OPTION ("folder",  folder,  "FOLDER", "scenarios/lessons", "where the lessons are"),
    COUNT_OPTION("predict", predict, "N", "asked for on a terminal", "the choice that you expect, for 'run'"),
    OPTIONS_END,
};
/* clang-format on */

/* --- the folder ------------------------------------------------------------------------------ */

struct name_list {
    char **names; /* without .yaml, sorted */
    size_t count, capacity;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void name_list_release(struct name_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
}

static const char *folder_of(const struct lesson_values *values)
{
    return values->folder ? values->folder : "scenarios/lessons";
}

static bool name_list_read(struct name_list *list, const char *folder)
{
    DIR *directory = opendir(folder);

    if (!directory) {
        quote_print_line(stderr,
                         "isthmus: error: cannot read the lessons in '%s': %s; name their folder "
                         "with '--folder'",
                         folder, strerror(errno));
        return false;
    }
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        size_t length = strlen(entry->d_name);

        if (length < 6 || strcmp(entry->d_name + length - 5, ".yaml") != 0)
            continue;
        if (list->count == list->capacity)
            MEM_GROW(list->names, list->capacity, list->count + 1);
        list->names[list->count++] = mem_strndup(entry->d_name, length - 5);
    }
    closedir(directory);
    if (list->count > 0)
        qsort(list->names, list->count, sizeof *list->names, by_text);
    return true;
}

static char *path_of(const struct lesson_values *values, const char *name)
{
    struct strbuf path = STRBUF_INIT;

    strbuf_addf(&path, "%s/%s.yaml", folder_of(values), name);
    return strbuf_detach(&path);
}

/* The lesson that is called `name`, or whose number it is; NULL with the error printed. */
static char *find_name(const struct lesson_values *values, const char *name)
{
    struct name_list list = {NULL, 0, 0};
    char *found = NULL;

    if (!name_list_read(&list, folder_of(values)))
        return NULL;
    for (size_t i = 0; i < list.count && !found; i++) {
        size_t number = strspn(list.names[i], "0123456789");

        if (strcmp(list.names[i], name) == 0 ||
            (number > 0 && strlen(name) <= number && strspn(name, "0123456789") == strlen(name) &&
             strtoul(name, NULL, 10) == strtoul(list.names[i], NULL, 10)))
            found = mem_strdup(list.names[i]);
    }
    if (!found) {
        const char *nearest = suggest_nearest(name, (const char *const *)list.names, list.count);

        if (nearest)
            usage_error("unknown lesson '%s'; did you mean '%s'?", name, nearest);
        else
            usage_error("unknown lesson '%s'; 'isthmus lesson list' lists them", name);
    }
    name_list_release(&list);
    return found;
}

static struct scenario *load_lesson(const struct invocation *invocation, const char *path,
                                    int *code)
{
    struct scenario *scenario = study_load_scenario(invocation, path, NULL, code);

    if (scenario && !scenario->lesson) {
        quote_print_line(stderr, "isthmus: error: '%s' has no section 'lesson'", path);
        scenario_free(scenario);
        *code = EXIT_SCENARIO;
        return NULL;
    }
    return scenario;
}

/* --- list and show --------------------------------------------------------------------------- */

static int list_lessons(const struct invocation *invocation)
{
    const struct lesson_values *values = invocation->values;
    struct name_list list = {NULL, 0, 0};
    struct text_table *table;
    struct strbuf text = STRBUF_INIT;
    int code = EXIT_DONE;

    if (!name_list_read(&list, folder_of(values)))
        return EXIT_FILES;
    table = text_table_create("lesson\tquestion");
    for (size_t i = 0; i < list.count && code == EXIT_DONE; i++) {
        char *path = path_of(values, list.names[i]);
        struct scenario *scenario = load_lesson(invocation, path, &code);

        free(path);
        if (!scenario)
            break;
        text_table_add(table, "%s", list.names[i]);
        text_table_add(table, "%s", scenario->question ? scenario->question : "");
        scenario_free(scenario);
    }
    text_table_add_to_and_free(table, &text);
    if (code == EXIT_DONE)
        fputs(text.text, stdout);
    strbuf_release(&text);
    name_list_release(&list);
    return code;
}

static void print_question(FILE *out, const struct scenario *scenario)
{
    const struct lesson_section *lesson = scenario->lesson;

    quote_print_line(out, "%s", scenario->name);
    quote_print_line(out, "  %s", scenario->question ? scenario->question : "");
    for (size_t i = 0; i < lesson->choice_count; i++)
        quote_print_line(out, "  %zu  %s", i + 1, lesson->choices[i]);
}

/* --- run ------------------------------------------------------------------------------------- */

struct learning {
    const struct scenario *scenario;
    uint32_t predicted; /* 0: nothing */
    bool quiet;
};

static const char *judge(const struct learning *learning)
{
    return learning->predicted == 0                                    ? "not predicted"
           : learning->predicted == learning->scenario->lesson->answer ? "right"
                                                                       : "wrong";
}

static int learning_print(void *self)
{
    const struct learning *learning = self;
    const struct lesson_section *lesson = learning->scenario->lesson;

    if (learning->quiet)
        return EXIT_DONE;
    fputc('\n', stdout);
    if (learning->predicted)
        quote_print_line(stdout, "Your prediction: %s (%s)",
                         lesson->choices[learning->predicted - 1], judge(learning));
    quote_print_line(stdout, "The answer: %s", lesson->choices[lesson->answer - 1]);
    quote_print_line(stdout, "Why: %s", lesson->because);
    return EXIT_DONE;
}

static void learning_find(void *self, struct finding_list *list)
{
    const struct learning *learning = self;
    const struct lesson_section *lesson = learning->scenario->lesson;
    char subject[] = "lesson", verdict[16];
    struct finding finding = {
        .kind = "lesson", .point = -1, .subject = subject, .verdict = verdict};

    snprintf(verdict, sizeof verdict, "%s", judge(learning));
    finding_add(list, &finding, "predicted: %s; answer: %s",
                learning->predicted ? lesson->choices[learning->predicted - 1] : "nothing",
                lesson->choices[lesson->answer - 1]);
}

/* 0 if the input ended or is not a choice; nothing is asked without a terminal. */
static uint32_t ask(const struct scenario *scenario)
{
    const struct lesson_section *lesson = scenario->lesson;
    char line[64];

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return 0;
    print_question(stdout, scenario);
    for (;;) {
        printf("What do you expect? 1 to %zu, Enter to skip: ", lesson->choice_count);
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin) || line[0] == '\n')
            return 0;
        unsigned long choice = strtoul(line, NULL, 10);
        if (choice >= 1 && choice <= lesson->choice_count)
            return (uint32_t)choice;
    }
}

static int show_plot(const struct invocation *invocation, const struct scenario *scenario)
{
    const struct lesson_values *values = invocation->values;

    if (scenario->lesson->plot && !values->study.no_output && !values->study.quiet)
        quote_print_line(stderr,
                         "isthmus: see it with 'isthmus plot %s' and the results file above",
                         scenario->lesson->plot);
    return EXIT_DONE;
}

static int run_lesson(const struct invocation *invocation, const char *path)
{
    const struct lesson_values *values = invocation->values;
    struct point_set set = {NULL, NULL, 0};
    int code = EXIT_DONE;
    struct scenario *scenario = load_lesson(invocation, path, &code);

    if (!scenario)
        return code;
    if (values->predict > scenario->lesson->choice_count) {
        code = usage_error("'--predict' must be from 1 to %zu here, got '%" PRIu32 "'",
                           scenario->lesson->choice_count, values->predict);
        scenario_free(scenario);
        return code;
    }
    struct learning learning = {.scenario = scenario,
                                .predicted = values->predict,
                                .quiet = values->study.quiet || values->study.json};
    const struct conduct conduct = {.self = &learning,
                                    .print = learning_print,
                                    .find = learning_find,
                                    .with_summary = true,
                                    .with_expectations = true};
    if (learning.predicted == 0 && !learning.quiet)
        learning.predicted = ask(scenario);
    point_set_add(&set, scenario, NULL, 0);
    code = study_command_conducted(invocation, &set, &conduct);
    if (code == EXIT_DONE)
        code = show_plot(invocation, scenario);
    point_set_release(&set);
    return code;
}

static int lesson(const struct invocation *invocation)
{
    const struct lesson_values *values = invocation->values;
    const char *verb = invocation->arguments[0];
    bool shows = strcmp(verb, "show") == 0, runs = strcmp(verb, "run") == 0;
    char *name, *path;
    int code = EXIT_USAGE;

    if (strcmp(verb, "list") == 0 && invocation->argument_count == 1)
        return list_lessons(invocation);
    if ((!shows && !runs) || invocation->argument_count != 2)
        return usage_error("'lesson' needs 'list', 'show NAME' or 'run NAME'");
    name = find_name(values, invocation->arguments[1]);
    if (!name)
        return EXIT_USAGE;
    path = path_of(values, name);
    if (runs) {
        code = run_lesson(invocation, path);
    } else {
        struct scenario *scenario = load_lesson(invocation, path, &code);

        if (scenario) {
            print_question(stdout, scenario);
            quote_print_line(stdout, "Predict, then: isthmus lesson run %s --predict N", name);
            code = EXIT_DONE;
        }
        scenario_free(scenario);
    }
    free(path);
    free(name);
    return code;
}

const struct command cmd_lesson = {
    .name = "lesson",
    .arguments = "list | show NAME | run NAME",
    .argument_min = 1,
    .argument_max = 2,
    .summary = "Predict what a scenario does, run it and compare",
    .details =
        "For a classroom or an on-call training. A lesson asks a question with choices; 'run' asks "
        "for your "
        "prediction (or takes --predict), runs the scenario, and prints its summary, the answer "
        "and the "
        "reason. The prediction is recorded in the results file. NAME can be the lesson's number.",
    .examples = "  isthmus lesson list\n"
                "  isthmus lesson show 1\n"
                "  isthmus lesson run 1 --predict 3",
    .options = lesson_options,
    .more_options = study_options,
    .values_size = sizeof(struct lesson_values),
    .run = lesson,
};

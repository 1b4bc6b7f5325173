// SPDX-License-Identifier: GPL-3.0-or-later
#include "play_copy.h"

#include "experiment.h"
#include "mem.h"
#include "quote.h"
#include "record.h"
#include "scenario_values.h"
#include "strbuf.h"
#include "study_command.h"
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REGIONS_OFFERED = 4, DEPTH_MAX = 8 };

/* Parameters that a lecture turns. */
static const struct dial_kind {
    const char *section, *rest; /* of the path */
    enum unit unit;
    double least;
} dial_kinds[] = {
    {"client", "timeout", UNIT_NS, 1e6},
    {"client", "retry.attempts", UNIT_COUNT, 1},
    {"dns", "ttl", UNIT_NS, 1e9},
    {"population", "sessions", UNIT_PER_S, 0.01},
};
enum { DIALS = sizeof dial_kinds / sizeof dial_kinds[0] };

struct offer {
    char *words, *fields; /* fields: of the fault, without its times */
};
struct change {
    size_t dial; /* DIALS: a fault was added */
    char *before;
};
struct play_copy {
    const struct invocation *invocation;
    char *path;
    char **faults; /* as flow maps; first those of the scenario */
    size_t fault_count, fault_capacity, own_faults;
    char *dials[DIALS]; /* values; NULL: the scenario has none */
    bool turned[DIALS];
    struct offer *offers;
    size_t offer_count, offer_capacity;
    struct change *changes;
    size_t change_count, change_capacity;
};

/* --- the scenario's own faults --------------------------------------------------------------- */

/* Values of a fault that do nothing; the canonical text has all of them. */
static bool is_neutral(const char *value)
{
    static const char *const neutral[] = {"0s", "0",    "0%", "false", "none", "open", "100%",
                                          "1",  "both", "{}", "0/s",   "\"\"", "[]"};

    for (size_t i = 0; i < sizeof neutral / sizeof neutral[0]; i++)
        if (strcmp(value, neutral[i]) == 0)
            return true;
    return false;
}

/* Lines of canonical YAML with at least this indent, as the members of a flow map; moves *text on.
 */
static void add_members(struct strbuf *out, const char **text, size_t indent, int depth)
{
    bool first = true;

    while (strspn(*text, " ") >= indent && **text && (*text)[indent] != '-' && depth < DEPTH_MAX) {
        size_t length = strcspn(*text, "\n");
        char *line = mem_strndup(*text + indent, length - indent);
        char *colon = strchr(line, ':');
        struct strbuf value = STRBUF_INIT;

        *text += length + ((*text)[length] == '\n');
        if (!colon) {
            free(line);
            continue;
        }
        *colon = '\0';
        if (colon[1] == '\0') {
            struct strbuf members = STRBUF_INIT;

            add_members(&members, text, indent + 2, depth + 1);
            strbuf_addf(&value, "{%s}", members.text ? members.text : "");
            strbuf_release(&members);
        } else {
            strbuf_add(&value, colon + 2);
        }
        if (!is_neutral(value.text) || strcmp(line, "at") == 0) {
            strbuf_addf(out, "%s%s: %s", first ? "" : ", ", line, value.text);
            first = false;
        }
        strbuf_release(&value);
        free(line);
    }
}

static void add_fault(struct play_copy *copy, char *fault)
{
    MEM_GROW(copy->faults, copy->fault_capacity, copy->fault_count + 1);
    copy->faults[copy->fault_count++] = fault;
}

/* The items of "faults:" in the canonical text: "  -" and lines with an indent of four. */
static void read_faults(struct play_copy *copy, const char *resolved)
{
    const char *text = strstr(resolved, "\nfaults:\n");

    if (!text)
        return;
    text += strlen("\nfaults:\n");
    while (strncmp(text, "  -\n", 4) == 0) {
        struct strbuf members = STRBUF_INIT, fault = STRBUF_INIT;

        text += 4;
        add_members(&members, &text, 4, 0);
        strbuf_addf(&fault, "{%s}", members.text ? members.text : "");
        strbuf_release(&members);
        add_fault(copy, strbuf_detach(&fault));
    }
    copy->own_faults = copy->fault_count;
}

/* --- what is offered ------------------------------------------------------------------------- */

static void add_offer(struct play_copy *copy, struct strbuf *words, struct strbuf *fields)
{
    MEM_GROW(copy->offers, copy->offer_capacity, copy->offer_count + 1);
    copy->offers[copy->offer_count++] = (struct offer){strbuf_detach(words), strbuf_detach(fields)};
}

static void offer_link(struct play_copy *copy, const char *from, const char *to, const char *words,
                       const char *field)
{
    struct strbuf text = STRBUF_INIT, fields = STRBUF_INIT, link = STRBUF_INIT;

    strbuf_addf(&link, "%s -> %s", from, to);
    strbuf_addf(&text, "%s on %s", words, link.text);
    strbuf_add(&fields, "link: ");
    quote_add(&fields, QUOTE_JSON, link.text);
    strbuf_addf(&fields, ", %s", field);
    strbuf_release(&link);
    add_offer(copy, &text, &fields);
}

static void offer_region(struct play_copy *copy, const char *key, const char *region,
                         const char *words, const char *field)
{
    struct strbuf text = STRBUF_INIT, fields = STRBUF_INIT;

    strbuf_addf(&text, "%s %s", words, region);
    strbuf_addf(&fields, "%s: ", key);
    quote_add(&fields, QUOTE_JSON, region);
    strbuf_addf(&fields, ", %s", field);
    add_offer(copy, &text, &fields);
}

static void offer_faults(struct play_copy *copy, const struct topology *topology)
{
    uint32_t count =
        topology->region_count < REGIONS_OFFERED ? topology->region_count : REGIONS_OFFERED;

    for (uint32_t from = 0; from < count; from++)
        for (uint32_t to = 0; to < count; to++)
            if (from != to) {
                const char *a = topology->region_names[from], *b = topology->region_names[to];

                offer_link(copy, a, b, "loss 30%", "loss: 30%");
                offer_link(copy, a, b, "blackhole", "blackhole: true");
            }
    for (uint32_t r = 0; r < count; r++) {
        offer_region(copy, "region", topology->region_names[r], "loss of region", "down: true");
        offer_region(copy, "store", topology->region_names[r], "stall of the store of",
                     "stall: true");
    }
}

static bool parse_dial(const struct dial_kind *kind, const char *text, double *value)
{
    struct strbuf why = STRBUF_INIT;
    int64_t whole = 0;
    bool good = kind->unit == UNIT_NS      ? units_parse_duration(text, &whole, &why)
                : kind->unit == UNIT_COUNT ? units_parse_count(text, &whole, &why)
                                           : units_parse_rate(text, value, &why);

    if (kind->unit != UNIT_PER_S)
        *value = (double)whole;
    strbuf_release(&why);
    return good;
}

static void read_dials(struct play_copy *copy, const struct scenario *scenario)
{
    for (size_t i = 0; i < DIALS; i++) {
        struct strbuf path = STRBUF_INIT;
        double value;

        strbuf_addf(&path, "%s.%s", dial_kinds[i].section, dial_kinds[i].rest);
        const char *text = scenario_value(scenario, path.text);
        if (text && parse_dial(&dial_kinds[i], text, &value))
            copy->dials[i] = mem_strdup(text);
        strbuf_release(&path);
    }
}

/* --- open, free ------------------------------------------------------------------------------ */

struct play_copy *play_copy_open(const struct invocation *invocation, const char *path, int *code)
{
    struct diag diag = {0};
    bool cannot_read = false;
    struct scenario *scenario =
        scenario_load(path, invocation->registry, NULL, 0, &diag, &cannot_read);
    struct play_copy *copy = NULL;

    if (scenario) {
        copy = mem_zalloc(1, sizeof *copy);
        copy->invocation = invocation;
        copy->path = mem_strdup(path);
        read_faults(copy, scenario->resolved);
        read_dials(copy, scenario);
        offer_faults(copy, &scenario->topology);
        scenario_free(scenario);
    }
    *code = copy ? EXIT_DONE : cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    print_diag(&diag);
    return copy;
}

void play_copy_free(struct play_copy *copy)
{
    if (!copy)
        return;
    for (size_t i = 0; i < copy->fault_count; i++)
        free(copy->faults[i]);
    for (size_t i = 0; i < DIALS; i++)
        free(copy->dials[i]);
    for (size_t i = 0; i < copy->offer_count; i++) {
        free(copy->offers[i].words);
        free(copy->offers[i].fields);
    }
    for (size_t i = 0; i < copy->change_count; i++)
        free(copy->changes[i].before);
    free(copy->faults);
    free(copy->offers);
    free(copy->changes);
    free(copy->path);
    free(copy);
}

/* --- changes --------------------------------------------------------------------------------- */

size_t play_copy_fault_count(const struct play_copy *copy)
{
    return copy->offer_count;
}

const char *play_copy_fault_words(const struct play_copy *copy, size_t index)
{
    return copy->offers[index].words;
}

static void note_change(struct play_copy *copy, size_t dial, char *before)
{
    MEM_GROW(copy->changes, copy->change_capacity, copy->change_count + 1);
    copy->changes[copy->change_count++] = (struct change){dial, before};
}

void play_copy_inject(struct play_copy *copy, size_t index, int64_t at_ns)
{
    struct strbuf fault = STRBUF_INIT;

    strbuf_add(&fault, "{at: ");
    units_add_duration(&fault, at_ns);
    strbuf_add(&fault, ", for: ");
    units_add_duration(&fault, PLAY_FAULT_NS);
    strbuf_addf(&fault, ", %s}", copy->offers[index].fields);
    add_fault(copy, strbuf_detach(&fault));
    note_change(copy, DIALS, NULL);
}

size_t play_copy_dial_count(const struct play_copy *copy)
{
    (void)copy;
    return DIALS;
}

void play_copy_add_dial(struct strbuf *out, const struct play_copy *copy, size_t index)
{
    strbuf_addf(out, "%s.%s = %s", dial_kinds[index].section, dial_kinds[index].rest,
                copy->dials[index] ? copy->dials[index] : "none");
}

bool play_copy_turn(struct play_copy *copy, size_t index, double factor)
{
    const struct dial_kind *kind = &dial_kinds[index];
    struct strbuf text = STRBUF_INIT;
    double value;

    if (!copy->dials[index] || !parse_dial(kind, copy->dials[index], &value))
        return false;
    value = fmax(value * factor, kind->least);
    if (kind->unit == UNIT_NS)
        units_add_duration(&text, (int64_t)value);
    else if (kind->unit == UNIT_COUNT)
        strbuf_addf(&text, "%.0f", floor(value));
    else
        strbuf_addf(&text, "%.9g/s", value);
    note_change(copy, index, copy->dials[index]);
    copy->dials[index] = strbuf_detach(&text);
    copy->turned[index] = true;
    return true;
}

size_t play_copy_change_count(const struct play_copy *copy)
{
    return copy->change_count;
}

void play_copy_undo(struct play_copy *copy)
{
    if (copy->change_count == 0)
        return;
    const struct change *change = &copy->changes[--copy->change_count];
    if (change->dial == DIALS) {
        free(copy->faults[--copy->fault_count]);
        return;
    }
    free(copy->dials[change->dial]);
    copy->dials[change->dial] = change->before;
    copy->turned[change->dial] = false;
    for (size_t i = 0; i < copy->change_count; i++)
        if (copy->changes[i].dial == change->dial)
            copy->turned[change->dial] = true;
}

/* --- running and saving ---------------------------------------------------------------------- */

static void add_faults(struct strbuf *out, const struct play_copy *copy, const char *separator)
{
    for (size_t i = 0; i < copy->fault_count; i++)
        strbuf_addf(out, "%s%s", i > 0 ? separator : "", copy->faults[i]);
}

static void make_sets(const struct play_copy *copy, struct set_list *sets)
{
    struct strbuf faults = STRBUF_INIT;

    add_faults(&faults, copy, ", ");
    if (copy->fault_count > copy->own_faults)
        set_list_addf(sets, "faults=[%s]", faults.text);
    strbuf_release(&faults);
    for (size_t i = 0; i < DIALS; i++)
        if (copy->turned[i])
            set_list_addf(sets, "%s.%s=%s", dial_kinds[i].section, dial_kinds[i].rest,
                          copy->dials[i]);
}

static int run_scenario(const struct play_copy *copy, struct scenario *scenario,
                        const char *results, struct diag *diag)
{
    const struct study_point point = {.scenario = scenario};
    const struct study_plan plan = {.info = {.verb = "run",
                                             .argv = copy->invocation->command_line,
                                             .seed = scenario->run.seed,
                                             .level = scenario->run.level,
                                             .points = &point,
                                             .point_count = 1,
                                             .replications = 1},
                                    .thread_count = 1,
                                    .interrupt = copy->invocation->interrupt,
                                    .shard_count = 1,
                                    .diag = diag};
    const struct run_task task = {0, 0};
    struct record *record = record_open(results, RECORD_REPLACE, diag);
    struct study_outcome outcome;

    if (!record)
        return EXIT_FILES;
    struct result_sink sink = record_sink(record);
    struct study_runner *runner = runner_open(&plan, &sink);
    runner_run(runner, &task, 1);
    outcome = runner_close(runner);
    int code = study_outcome_code(&outcome, false);
    return record_close(record) < 0 ? EXIT_FILES : code;
}

int play_copy_run(const struct play_copy *copy, const char *results, struct diag *diag)
{
    struct set_list sets = {NULL, 0, 0};
    bool cannot_read = false;
    int code = EXIT_SCENARIO;

    make_sets(copy, &sets);
    struct scenario *scenario =
        scenario_load(copy->path, copy->invocation->registry, (const char *const *)sets.items,
                      sets.count, diag, &cannot_read);
    if (scenario) {
        diag_release(diag); /* warnings were printed when the scenario was opened */
        code = run_scenario(copy, scenario, results, diag);
    }
    scenario_free(scenario);
    set_list_release(&sets);
    return code;
}

/* "retry.attempts" of value 4 as "retry: {attempts: 4}". */
static void write_nested(FILE *out, const char *rest, const char *value)
{
    int depth = 0;

    for (const char *dot; (dot = strchr(rest, '.')) != NULL; rest = dot + 1, depth++)
        fprintf(out, "%.*s: {", (int)(dot - rest), rest);
    fprintf(out, "%s: %s", rest, value);
    while (depth-- > 0)
        fputc('}', out);
    fputc('\n', out);
}

void play_copy_write(const struct play_copy *copy, FILE *out)
{
    const char *section = "";

    fputs("# Changed with 'isthmus watch --play'.\nextends: ", out);
    quote_write(out, QUOTE_JSON, copy->path);
    fputc('\n', out);
    for (size_t i = 0; i < DIALS; i++) {
        if (!copy->turned[i])
            continue;
        if (strcmp(section, dial_kinds[i].section) != 0)
            fprintf(out, "%s:\n", dial_kinds[i].section);
        section = dial_kinds[i].section;
        fputs("  ", out);
        write_nested(out, dial_kinds[i].rest, copy->dials[i]);
    }
    if (copy->fault_count > copy->own_faults) {
        struct strbuf faults = STRBUF_INIT;

        add_faults(&faults, copy, "\n  - ");
        fprintf(out, "faults:\n  - %s\n", faults.text);
        strbuf_release(&faults);
    }
}

char *play_copy_path(const struct play_copy *copy)
{
    const char *slash = strrchr(copy->path, '/');
    const char *name = slash ? slash + 1 : copy->path;
    const char *dot = strrchr(name, '.');
    struct strbuf path = STRBUF_INIT;

    strbuf_add_bytes(&path, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
    strbuf_add(&path, "-played.yaml");
    return strbuf_detach(&path);
}

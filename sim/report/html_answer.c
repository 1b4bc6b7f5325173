// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The first screen of an HTML report, for somebody who was not there: what broke, which users were
 * affected, how long, what was lost, what would have helped. Of a study of several points: what it
 * found.
 */
#include "html_page.h"

#include "mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GOOD_ENOUGH 0.99
enum { FAULTS_MAX = 4, CAUSES_MAX = 4, FINDINGS_MAX = 8 };

const struct page_headline page_headlines[] = {
    {"availability", "", "good requests"},
    {"login_failure_rate", "", "failed logins"},
    {"reauth_rate", "", "requests answered by a re-auth"},
    {"write_failure_rate", "", "failed writes"},
    {"write_timeout_rate", "", "write attempts timed out"},
    {"login_latency", "p99", "login, p99"},
    {"request_latency", "p99", "request, p99"},
    {"replication_lag", "p99", "replication lag, p99"},
    {NULL, NULL, NULL},
};

void page_add_point_name(struct strbuf *out, const struct page *page, int64_t point)
{
    const struct summary *summary = &page->summary;
    size_t length = out->length;

    for (size_t i = 0; i < summary->param_count; i++)
        if (summary->params[i].point == point)
            strbuf_addf(out, "%s%s = %s", out->length > length ? ", " : "", summary->params[i].path,
                        summary->params[i].value);
    if (out->length == length)
        strbuf_addf(out, "point %" PRId64, point);
}

/* --- parts of a sentence --------------------------------------------------------------------- */

static void write_interval(struct page *page, const struct interval *interval, enum unit unit)
{
    struct strbuf text = STRBUF_INIT;

    interval_add(&text, interval, unit);
    html_text(&page->html, text.text);
    strbuf_release(&text);
}

static void write_sums(struct page *page, const struct estimate_sums *sums, enum estimate_law law,
                       enum unit unit)
{
    struct interval interval = estimate_interval(sums, law, page->summary.study.level, NULL);

    write_interval(page, &interval, unit);
}

static void write_duration(struct page *page, int64_t ns)
{
    struct strbuf text = STRBUF_INIT;

    units_add(&text, (double)ns, UNIT_NS, 3);
    html_text(&page->html, text.text);
    strbuf_release(&text);
}

static const struct statistic_row *find(const struct page *page, const char *metric,
                                        const char *region, const char *label, const char *window)
{
    return statistic_table_find(&page->summary.statistics, page->point, metric, "", region, label,
                                window);
}

static void open_answer(struct page *page, const char *question)
{
    fputs("<div><dt>", page->html.out);
    html_text(&page->html, question);
    fputs("</dt><dd>", page->html.out);
}

static void close_answer(struct page *page)
{
    fputs("</dd></div>\n", page->html.out);
}

static bool is_of_point(const struct page *page, const struct incident_group *group)
{
    return group->point == page->point;
}

static bool has_incident(const struct page *page)
{
    for (size_t i = 0; i < page->summary.incidents.count; i++)
        if (is_of_point(page, &page->summary.incidents.groups[i]))
            return true;
    return false;
}

/* The incident of the point with the longest RTO; one that was never restored is the longest. */
static const struct incident_group *worst_incident(const struct page *page)
{
    const struct incident_group *worst = NULL;

    for (size_t i = 0; i < page->summary.incidents.count; i++) {
        const struct incident_group *group = &page->summary.incidents.groups[i];

        if (!is_of_point(page, group) || incident_group_outages(group) == 0)
            continue;
        if (!worst || (group->restored_count == 0 && worst->restored_count > 0) ||
            (worst->restored_count > 0 && group->rto.tally.mean > worst->rto.tally.mean))
            worst = group;
    }
    return worst;
}

/* --- what broke ------------------------------------------------------------------------------ */

static void write_fault(struct page *page, const struct page_fault *fault)
{
    FILE *out = page->html.out;

    fputs("<p><strong>", out);
    html_text(&page->html, fault->words);
    fputs("</strong>, from ", out);
    write_duration(page, fault->from_ns);
    if (fault->to_ns < 0) {
        fputs(" into the run until its end at ", out);
        write_duration(page, page->summary.study.duration_ns);
    } else {
        fputs(" into the run, for ", out);
        write_duration(page, fault->to_ns - fault->from_ns);
    }
    fputs(".</p>", out);
}

static void write_what_broke(struct page *page)
{
    FILE *out = page->html.out;

    open_answer(page, "What broke");
    for (size_t i = 0; i < page->fault_count && i < FAULTS_MAX; i++)
        write_fault(page, &page->faults[i]);
    if (page->fault_count > FAULTS_MAX)
        fprintf(out, "<p>and %zu more faults; see <a href=\"#steps\">the steps</a>.</p>",
                page->fault_count - FAULTS_MAX);
    if (page->fault_count == 0)
        fputs("<p>No fault was injected: the load alone caused it.</p>", out);
    close_answer(page);
}

/* --- the users affected ------------------------------------------------------------------- */

/* What users of a region had while a fault was active. */
static bool write_harm(struct page *page, const char *region)
{
    static const struct {
        const char *metric, *name;
    } harms[] = {{"availability", "good requests"},
                 {"login_failure_rate", "failed logins"},
                 {"reauth_rate", "requests answered by a re-auth"}};
    FILE *out = page->html.out;
    bool any = false;

    for (size_t i = 0; i < sizeof harms / sizeof harms[0]; i++) {
        const struct statistic_row *row = find(page, harms[i].metric, region, "", "fault");

        if (!row)
            continue;
        fputs(any ? "; " : "<p>Users served in <strong>", out);
        if (!any) {
            html_text(&page->html, strcmp(region, "all") == 0 ? "all regions" : region);
            fputs("</strong>, while a fault was active: ", out);
        }
        fprintf(out, "%s ", harms[i].name);
        write_interval(page, &row->interval, row->unit);
        any = true;
    }
    if (any)
        fputs(".</p>", out);
    return any;
}

static int by_mean(const void *left, const void *right)
{
    const struct statistic_row *const *a = left, *const *b = right;

    return ((*a)->interval.mean < (*b)->interval.mean) -
           ((*a)->interval.mean > (*b)->interval.mean);
}

/* The sessions of a window that had to log in again, and the main causes. */
static bool write_reauths_of(struct page *page, const char *window, const char *words)
{
    const struct statistic_table *table = &page->summary.statistics;
    const struct statistic_row *total = find(page, "reauths", "all", "", window);
    const struct statistic_row *causes[32];
    FILE *out = page->html.out;
    size_t count = 0;

    if (!total || !(total->interval.mean > 0))
        return false;
    for (size_t i = 0; i < table->count && count < sizeof causes / sizeof causes[0]; i++) {
        const struct statistic_row *row = &table->rows[i];

        if (row->point == page->point && strcmp(row->metric, "reauths") == 0 &&
            strcmp(row->label_name, "cause") == 0 && row->label[0] != '\0' &&
            strcmp(row->region, "all") == 0 && strcmp(row->window, window) == 0 &&
            row->interval.mean > 0)
            causes[count++] = row;
    }
    qsort(causes, count, sizeof causes[0], by_mean);
    fputs(words, out);
    write_interval(page, &total->interval, UNIT_COUNT);
    for (size_t i = 0; i < count && i < CAUSES_MAX; i++) {
        fputs(i == 0 ? " (" : ", ", out);
        html_text(&page->html, causes[i]->label);
        /* A single cause has the value of the sum. */
        if (count > 1) {
            fputc(' ', out);
            write_interval(page, &causes[i]->interval, UNIT_COUNT);
        }
    }
    fputs(count > CAUSES_MAX ? ", ...)" : count > 0 ? ")" : "", out);
    return true;
}

/* How many had to log in again, by window: those from before a fault are not its victims. */
static void write_reauths(struct page *page)
{
    static const struct {
        const char *window, *words;
    } windows[] = {{"fault", "while a fault was active "},
                   {"after", "afterwards "},
                   {"before", "before the first fault "}};
    const struct statistic_row *total = find(page, "reauths", "all", "", "all");
    bool any = false;

    if (!total || !(total->interval.mean > 0))
        return;
    fputs("<p>Valid sessions that had to log in again, per replication: ", page->html.out);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        const struct statistic_row *row = find(page, "reauths", "all", "", windows[i].window);

        if (any && row && row->interval.mean > 0)
            fputs("; ", page->html.out);
        any = write_reauths_of(page, windows[i].window, windows[i].words) || any;
    }
    if (!any)
        write_reauths_of(page, "all", "");
    fputs(".</p>", page->html.out);
}

/* Of many regions: in how many fewer than GOOD_ENOUGH of the requests were good, and where fewest.
 */
static void write_regions_hurt(struct page *page)
{
    const struct statistic_table *table = &page->summary.statistics;
    const struct statistic_row *worst = NULL;
    size_t hurt = 0;

    for (size_t r = 0; r < table->region_count; r++) {
        const struct statistic_row *row =
            find(page, "availability", table->regions[r], "", "fault");

        if (!row)
            continue;
        hurt += row->interval.mean < GOOD_ENOUGH;
        if (!worst || row->interval.mean < worst->interval.mean)
            worst = row;
    }
    if (!worst)
        return;
    fprintf(page->html.out,
            "<p>Fewer than %g&nbsp;%% were good in %zu of %zu regions; fewest in <strong>",
            GOOD_ENOUGH * 100, hurt, table->region_count);
    html_text(&page->html, worst->region);
    fputs("</strong>: ", page->html.out);
    write_interval(page, &worst->interval, worst->unit);
    fputs(".</p>", page->html.out);
}

static void write_affected_users(struct page *page)
{
    const struct statistic_table *table = &page->summary.statistics;
    bool any = false;

    open_answer(page, "Affected users");
    for (size_t r = 0; r < table->region_count && table->region_count <= FAULTS_MAX; r++)
        any = write_harm(page, table->regions[r]) || any;
    if (table->region_count > FAULTS_MAX) {
        any = write_harm(page, "all");
        write_regions_hurt(page);
    }
    write_reauths(page);
    if (!any)
        fputs("<p>No request was made while a fault was active.</p>", page->html.out);
    close_answer(page);
}

/* --- how long -------------------------------------------------------------------------------- */

static void write_stages(struct page *page, const struct incident_group *group)
{
    FILE *out = page->html.out;
    int count = 0;

    for (int i = 0; i < INCIDENT_STAGES; i++)
        count += group->stages[i].tally.max > 0;
    if (count < 2)
        return;
    fputs(" Of it ", out);
    for (int i = 0, shown = 0; i < INCIDENT_STAGES; i++) {
        if (!(group->stages[i].tally.max > 0))
            continue;
        fprintf(out, "%s%s ", shown++ > 0 ? ", " : "", incident_stage_names[i]);
        write_sums(page, &group->stages[i], ESTIMATE_POSITIVE, UNIT_NS);
    }
    fputc('.', out);
}

static void write_incident(struct page *page, const struct incident_group *group)
{
    FILE *out = page->html.out;
    struct strbuf name = STRBUF_INIT;
    size_t outages = incident_group_outages(group);

    incident_group_add_name(&name, group);
    fputs("<p><strong>", out);
    html_text(&page->html, name.text);
    fputs(":</strong> ", out);
    strbuf_release(&name);
    if (outages == 0) {
        fprintf(out, "no outage in any of %zu replications, so no RTO.</p>", group->count);
        return;
    }
    fprintf(out, "an outage in %zu of %zu replications. ", outages, group->count);
    if (group->restored_count == 0) {
        fputs("It never ended before the end of the run.</p>", out);
        return;
    }
    fputs("RTO ", out);
    write_sums(page, &group->rto, ESTIMATE_POSITIVE, UNIT_NS);
    if (group->restored_count < outages)
        fprintf(out, " in the %zu that were restored; %zu never were.", group->restored_count,
                outages - group->restored_count);
    else
        fputc('.', out);
    write_stages(page, group);
    fputs("</p>", out);
}

static void write_how_long(struct page *page)
{
    open_answer(page, "How long");
    for (size_t i = 0; i < page->summary.incidents.count; i++)
        if (is_of_point(page, &page->summary.incidents.groups[i]))
            write_incident(page, &page->summary.incidents.groups[i]);
    close_answer(page);
}

/* --- what was lost --------------------------------------------------------------------------- */

static void write_what_was_lost(struct page *page)
{
    const struct statistic_row *lost = find(page, "lost_writes", "all", "", "all");
    FILE *out = page->html.out;
    bool failed_over = false;

    open_answer(page, "What was lost");
    for (size_t i = 0; i < page->summary.incidents.count; i++) {
        const struct incident_group *group = &page->summary.incidents.groups[i];

        if (!is_of_point(page, group) || group->failover_count == 0)
            continue;
        failed_over = true;
        fputs("<p>A failover lost ", out);
        write_sums(page, &group->writes_lost, ESTIMATE_COUNT, UNIT_COUNT);
        fputs(" acknowledged writes and ", out);
        write_sums(page, &group->sessions_lost, ESTIMATE_COUNT, UNIT_COUNT);
        fputs(" new sessions: an RPO of ", out);
        write_sums(page, &group->rpo, ESTIMATE_POSITIVE, UNIT_NS);
        if (group->failover_count < group->count)
            fprintf(out, ", over the %zu of %zu replications that failed over",
                    group->failover_count, group->count);
        if (group->failover_count == 1)
            fputs(" (one replication: no interval)", out);
        fputs(".</p>", out);
    }
    if (!failed_over)
        fputs("<p>There was no failover.</p>", out);
    if (lost && (lost->interval.mean > 0 || !failed_over)) {
        fputs("<p>Acknowledged writes lost per replication: ", out);
        write_interval(page, &lost->interval, UNIT_COUNT);
        fputs(".</p>", out);
    }
    close_answer(page);
}

/* --- what would have helped ------------------------------------------------------------------ */

/* What shortens a stage. */
static const char *const stage_advice[INCIDENT_STAGES] = {
    [INCIDENT_DETECT] = "shorter periods of the alarm, or fewer of them",
    [INCIDENT_DECIDE] = "an automatic decision",
    [INCIDENT_PROMOTE] = "a faster promotion",
    [INCIDENT_NOTIFY] = "routing controls or health checks instead of a function",
    [INCIDENT_PUBLISH] = "a way to point clients to the new primary without an update of DNS",
    [INCIDENT_CACHE] = "a shorter TTL of the record",
    [INCIDENT_RECONNECT] = "clients and users that notice sooner: shorter timeouts, keep-alives",
};

/* The stage with the largest part of the RTO: no change of it saves more than it took. */
static void write_longest_stage(struct page *page, const struct incident_group *group)
{
    FILE *out = page->html.out;
    int longest = 0;
    double rto = group->rto.tally.mean;

    for (int i = 1; i < INCIDENT_STAGES; i++)
        if (group->stages[i].tally.mean > group->stages[longest].tally.mean)
            longest = i;
    if (!(rto > 0))
        return;
    fprintf(out,
            "<p>The longest part of the outage was <strong>%s</strong>, %.0f&nbsp;%% of it: %s "
            "would save at most ",
            incident_stage_names[longest], 100 * group->stages[longest].tally.mean / rto,
            stage_advice[longest]);
    write_sums(page, &group->stages[longest], ESTIMATE_POSITIVE, UNIT_NS);
    fputs(".</p>", out);
}

/* An outage that no failover ended: with the fault, or later. */
static void write_without_failover(struct page *page, const struct incident_group *group)
{
    FILE *out = page->html.out;
    const struct page_fault *fault = NULL;

    for (size_t i = 0; i < page->fault_count && !fault; i++)
        if (page->faults[i].from_ns == (int64_t)group->onset.mean && page->faults[i].to_ns >= 0)
            fault = &page->faults[i];
    double length = fault ? (double)(fault->to_ns - fault->from_ns) : 0;
    if (!fault) {
        fputs("<p>No failover ended it.</p>", out);
    } else if (group->rto.tally.mean <= 1.2 * length) {
        fputs("<p>No failover ended it: it passed with the fault. A failover, or clients that live "
              "through the fault (timeouts longer than it delays, more attempts, local sessions) "
              "would have made it shorter.</p>",
              out);
    } else {
        fputs("<p>No failover ended it, and it outlasted the fault of ", out);
        write_duration(page, (int64_t)length);
        fputs(": what was waiting or was tried again kept servers busy. Retry budgets, circuit "
              "breakers and dropping of expired work are made for that.</p>",
              out);
    }
}

static void add_outcome(struct strbuf *out, const struct html_alternative *row)
{
    if (!row->found)
        strbuf_add(out, "no incident");
    else if (!row->restored)
        strbuf_add(out, "never restored");
    else if (row->rto_ns == 0)
        strbuf_add(out, "no outage");
    else
        units_add(out, (double)row->rto_ns, UNIT_NS, 3);
}

static double rank_of(const struct html_alternative *row)
{
    return row->found && !row->restored ? INFINITY : (double)row->rto_ns;
}

/* The alternative with the shortest outage, if it is shorter than the recorded one by more than 1
 * %; else NULL. */
static const struct html_alternative *best_alternative(const struct html_options *options)
{
    const struct html_alternative *best = &options->alternatives[0];

    for (size_t i = 1; i < options->alternative_count; i++)
        if (rank_of(&options->alternatives[i]) < 0.99 * rank_of(best))
            best = &options->alternatives[i];
    return best == &options->alternatives[0] ? NULL : best;
}

static void write_alternatives(struct page *page)
{
    static const struct html_column columns[] = {{"reaction", false},
                                                 {"RTO", true},
                                                 {"RPO", true},
                                                 {"acknowledged writes lost", true},
                                                 {"good requests while faults were active", true}};
    const struct html_options *options = page->options;

    fprintf(page->html.out, "<details><summary>All %zu reactions that were tried</summary>\n",
            options->alternative_count - 1);
    html_table_open(&page->html,
                    "One replication run again with each reaction, the same random numbers: no "
                    "intervals",
                    columns, 5, false);
    for (size_t i = 0; i < options->alternative_count; i++) {
        const struct html_alternative *row = &options->alternatives[i];
        struct strbuf text = STRBUF_INIT;

        html_row_open(&page->html);
        html_cell(&page->html, row->name);
        add_outcome(&text, row);
        html_number_cell(&page->html, rank_of(row), text.text);
        strbuf_clear(&text);
        if (row->rpo_ns < 0)
            strbuf_add(&text, "no failover");
        else
            units_add(&text, (double)row->rpo_ns, UNIT_NS, 3);
        html_number_cell(&page->html, (double)row->rpo_ns, text.text);
        strbuf_clear(&text);
        strbuf_addf(&text, "%" PRIu64, row->writes_lost);
        html_number_cell(&page->html, (double)row->writes_lost, text.text);
        strbuf_clear(&text);
        units_add(&text, row->availability, UNIT_SHARE, 3);
        html_number_cell(&page->html, row->availability, text.text);
        html_row_close(&page->html);
        strbuf_release(&text);
    }
    html_table_close(&page->html);
    fputs("</details>\n", page->html.out);
}

static void write_best_alternative(struct page *page)
{
    const struct html_options *options = page->options;
    const struct html_alternative *best = best_alternative(options);
    FILE *out = page->html.out;
    struct strbuf text = STRBUF_INIT;

    fprintf(out, "<p>Replication %" PRId64 ", run again with other reactions: ",
            options->alternatives_run);
    if (best) {
        fputs("<strong>", out);
        html_text(&page->html, best->name);
        fputs("</strong> gives an RTO of ", out);
        add_outcome(&text, best);
    } else {
        fputs("none shortens the outage of ", out);
        add_outcome(&text, &options->alternatives[0]);
    }
    html_text(&page->html, text.text);
    strbuf_clear(&text);
    if (best) {
        fputs(" instead of ", out);
        add_outcome(&text, &options->alternatives[0]);
        html_text(&page->html, text.text);
    }
    fputs(" (one replication: no interval).</p>", out);
    strbuf_release(&text);
    write_alternatives(page);
}

static void write_what_would_have_helped(struct page *page)
{
    const struct incident_group *worst = worst_incident(page);

    open_answer(page, "What would have helped");
    if (!worst) {
        fputs("<p>Nothing was needed: there was no outage.</p>", page->html.out);
    } else {
        if (worst->restored_count > 0 && worst->failover_count == 0)
            write_without_failover(page, worst);
        else if (worst->restored_count > 0)
            write_longest_stage(page, worst);
        else
            fputs("<p>The outage outlasted the run: nothing that was configured ended it.</p>",
                  page->html.out);
        if (page->options->alternative_count > 1)
            write_best_alternative(page);
        else
            fputs("<p class=\"note\">Not tested: <code>isthmus report --alternatives</code> runs a "
                  "replication again with other reactions.</p>",
                  page->html.out);
    }
    close_answer(page);
}

/* --- of a study of several points ------------------------------------------------------------ */

static size_t count_verdicts(const struct page *page, const char *kind, const char *verdict)
{
    size_t count = 0;

    for (size_t i = 0; i < page->summary.finding_count; i++)
        count += strcmp(page->summary.findings[i].kind, kind) == 0 &&
                 strncmp(page->summary.findings[i].verdict, verdict, strlen(verdict)) == 0;
    return count;
}

static bool write_compared(struct page *page)
{
    static const char *const verdicts[] = {"better", "worse", "equivalent", "identical",
                                           "undecided"};
    FILE *out = page->html.out;
    size_t shown = 0;

    if (count_verdicts(page, "compare", "") == 0)
        return false;
    fputs("<p>Statistics compared with the base: ", out);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        size_t count = count_verdicts(page, "compare", verdicts[i]);

        if (count > 0)
            fprintf(out, "%s<strong>%zu</strong> %s", shown++ > 0 ? ", " : "", count, verdicts[i]);
    }
    fputs("; see <a href=\"#changes\">what changed</a>.</p>\n", out);
    return true;
}

static bool write_front_answer(struct page *page)
{
    const struct summary *summary = &page->summary;
    FILE *out = page->html.out;
    int64_t knee = -1, last = -1;
    size_t on_front = 0;

    for (size_t i = 0; i < summary->finding_count; i++) {
        const struct summary_finding *row = &summary->findings[i];

        if (strcmp(row->kind, "front") != 0 || row->point == last)
            continue;
        last = row->point;
        on_front += strncmp(row->verdict, "on the front", 12) == 0;
        knee = strcmp(row->text, "the knee") == 0 ? row->point : knee;
    }
    if (last < 0)
        return false;
    fprintf(out,
            "<p><strong>%zu</strong> of %" PRIu32 " points are on the "
            "<a href=\"#front\">Pareto front</a>",
            on_front, summary->study.point_count);
    if (knee >= 0) {
        struct strbuf name = STRBUF_INIT;

        page_add_point_name(&name, page, knee);
        fprintf(out, "; its knee is <a href=\"#point-%" PRId64 "\">", knee);
        html_text(&page->html, name.text);
        fputs("</a>", out);
        strbuf_release(&name);
    }
    fputs(".</p>\n", out);
    return true;
}

/* Findings of other kinds as they were printed. */
static bool write_findings(struct page *page)
{
    const struct summary *summary = &page->summary;
    size_t shown = 0;

    for (size_t i = 0; i < summary->finding_count && shown < FINDINGS_MAX; i++) {
        const struct summary_finding *row = &summary->findings[i];
        struct strbuf text = STRBUF_INIT;

        if (strcmp(row->kind, "compare") == 0 || strcmp(row->kind, "front") == 0)
            continue;
        strbuf_addf(&text, "%s%s%s%s%s", row->subject, row->subject[0] ? ": " : "", row->verdict,
                    row->text[0] && row->verdict[0] ? "; " : "", row->text);
        html_element(&page->html, "p", NULL, text.text);
        strbuf_release(&text);
        shown++;
    }
    return shown > 0;
}

/* --- tables under it ------------------------------------------------------------------------- */

static void write_expectations(struct page *page)
{
    static const struct html_column columns[] = {
        {"verdict", false}, {"expectation", false}, {"observed", true}};
    const struct summary *summary = &page->summary;
    struct strbuf value = STRBUF_INIT;
    bool begun = false;

    for (size_t i = 0; i < summary->expectation_count; i++) {
        const struct summary_expectation *row = &summary->expectations[i];
        enum unit unit = summary_unit_of(summary, row->text);

        if (row->point != page->point)
            continue;
        if (!begun)
            html_table_open(&page->html, "What the scenario expects, and what was observed",
                            columns, 3, false);
        begun = true;
        strbuf_clear(&value);
        summary_add_expected(&value, row, unit);
        html_row_open(&page->html);
        html_verdict_cell(&page->html, row->verdict);
        html_cell(&page->html, row->text);
        html_number_cell(&page->html, row->has_value ? row->value : NAN, value.text);
        html_row_close(&page->html);
    }
    if (begun)
        html_table_close(&page->html);
    strbuf_release(&value);
}

/* A row of the headlines by region; nothing where no region has the statistic. */
static void write_headline(struct page *page, const struct page_headline *headline,
                           const char *window)
{
    const struct statistic_table *table = &page->summary.statistics;
    size_t count = table->region_count + 1;
    const struct statistic_row **rows = mem_alloc(count, sizeof(struct statistic_row *));
    bool any = false;

    for (size_t r = 0; r < count; r++) {
        rows[r] =
            statistic_table_find(table, page->point, headline->metric, headline->stat,
                                 r < table->region_count ? table->regions[r] : "all", "", window);
        any = any || rows[r];
    }
    if (any) {
        html_row_open(&page->html);
        html_cell(&page->html, headline->title);
        for (size_t r = 0; r < count; r++)
            if (rows[r])
                html_interval_cell(&page->html, &rows[r]->interval, rows[r]->unit);
            else
                html_number_cell(&page->html, NAN, "none");
        html_row_close(&page->html);
    }
    free(rows);
}

/* The whole run, by region; while a fault was active if there was one. */
static void write_headlines(struct page *page)
{
    const struct statistic_table *table = &page->summary.statistics;
    bool has_fault = page->charts.fault_count > 0;
    size_t count = table->region_count + 1;
    struct html_column *columns = mem_zalloc(count + 1, sizeof *columns);

    columns[0].name = "statistic";
    for (size_t r = 0; r < count; r++)
        columns[r + 1] =
            (struct html_column){r < table->region_count ? table->regions[r] : "total", true};
    html_table_open(&page->html,
                    has_fault ? "While a fault was active, by region of the user's server"
                              : "The whole run after its warm-up, by region of the user's server",
                    columns, count + 1, false);
    for (size_t i = 0; page_headlines[i].metric; i++)
        write_headline(page, &page_headlines[i], has_fault ? "fault" : "all");
    html_table_close(&page->html);
    free(columns);
}

void page_write_answer(struct page *page)
{
    const struct study_row *study = &page->summary.study;
    FILE *out = page->html.out;
    bool found;

    fputs("<section class=\"answer\" aria-label=\"Answer\">\n", out);
    found = write_compared(page);
    found = write_front_answer(page) || found;
    found = write_findings(page) || found;
    if (study->point_count > 1 && has_incident(page)) {
        struct strbuf name = STRBUF_INIT;

        page_add_point_name(&name, page, page->point);
        fputs("<p class=\"note\">The following, and the time lines, are of ", out);
        html_text(&page->html, name.text);
        fputs(".</p>\n", out);
        strbuf_release(&name);
    }
    if (has_incident(page)) {
        fputs("<dl>\n", out);
        write_what_broke(page);
        write_affected_users(page);
        write_how_long(page);
        write_what_was_lost(page);
        write_what_would_have_helped(page);
        fputs("</dl>\n", out);
    } else if (!found) {
        fputs("<p>No incident: nothing failed, or nothing that opened one.</p>\n", out);
    }
    fputs("</section>\n", out);
    write_expectations(page);
    write_headlines(page);
    fprintf(out,
            "<p class=\"note\">[low, high]: %g %% interval over %" PRIu32 " replication%s; "
            "&ldquo;0 of N&rdquo; means not seen, with the bound for what was not seen. "
            "Plain numbers are counts of a replication, or ratios.</p>\n",
            study->level * 100, study->replication_count,
            study->replication_count == 1 ? ": no interval with one" : "s");
}

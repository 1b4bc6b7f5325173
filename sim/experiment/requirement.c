// SPDX-License-Identifier: GPL-3.0-or-later
#include "requirement.h"

#include "mem.h"

#include <inttypes.h>
#include <stdlib.h>

void requirement_list_release(struct requirement_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        expectation_release(&list->items[i].expect);
    free(list->items);
    *list = (struct requirement_list){NULL, 0};
}

bool requirement_list_parse(struct requirement_list *list, const struct scenario *scenario,
                            const char *option, const char *text, struct diag *diag)
{
    list->items = mem_realloc(list->items, list->count + 1, sizeof *list->items);
    struct requirement *requirement = &list->items[list->count++];

    *requirement = (struct requirement){.left = 0};
    return scenario_parse_expectation(scenario, option, text, &requirement->expect, diag);
}

void requirement_list_open(struct requirement_list *list, struct study_runner *runner)
{
    for (size_t i = 0; i < list->count; i++) {
        struct requirement *requirement = &list->items[i];
        requirement->left = runner_watch(runner, &requirement->expect.left);
        if (requirement->expect.right_is_metric)
            requirement->right = runner_watch(runner, &requirement->expect.right);
    }
}

struct decision requirement_judge(const struct requirement *requirement,
                                  const struct study_runner *runner, uint32_t point, double level)
{
    const struct expectation *expect = &requirement->expect;
    const struct sampled *left = runner_sampled(runner, point, requirement->left);

    return judge_decide(
        expect, left,
        expect->right_is_metric ? runner_sampled(runner, point, requirement->right) : left, level);
}

void requirement_add_value(struct strbuf *out, const struct requirement *requirement,
                           const struct decision *decision)
{
    const struct interval *interval = &decision->estimate.interval;
    uint64_t never = decision->estimate.never, n = interval->n + never;

    if (interval->n > 0 && requirement->expect.right_is_metric)
        strbuf_add(out, "difference ");
    if (interval->n > 0)
        interval_add(out, interval, metric_ref_unit(&requirement->expect.left));
    else if (never == 0)
        strbuf_add(out, "-");
    if (decision->of_few)
        strbuf_add(out, " (few samples)");
    if (never > 0)
        strbuf_addf(out, "%snever in %" PRIu64 " of %" PRIu64, never < n ? ", " : "", never, n);
}

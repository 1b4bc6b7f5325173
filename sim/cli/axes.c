// SPDX-License-Identifier: GPL-3.0-or-later
#include "axes.h"

#include "mem.h"
#include "sweep_axis.h"

#include <stdlib.h>
#include <string.h>

/* The '=' that ends the path in "path=values"; an '=' inside quotes does not count. NULL: none. */
static const char *path_end(const char *text)
{
    bool quoted = false;

    for (; *text && (*text != '=' || quoted); text++)
        quoted = quoted != (*text == '"');
    return *text ? text : NULL;
}

static bool is_named(const char *text, const char *path)
{
    const char *end = path_end(text);
    char *named = end ? sweep_path_make(text, (size_t)(end - text)) : NULL;
    bool same = named && strcmp(named, path) == 0;

    free(named);
    return same;
}

static bool any_names(const struct text_list *texts, const char *path)
{
    for (size_t i = 0; i < texts->count; i++)
        if (is_named(texts->items[i], path))
            return true;
    return false;
}

static bool parse_own(struct axis_list *axes, const char *text)
{
    struct sweep_axis *axis = &axes->own[axes->own_count];
    struct strbuf why = STRBUF_INIT;
    const char *end = path_end(text);
    bool good = end && end > text;

    if (!good) {
        usage_error("'--sweep' needs PATH=VALUES, such as 'client.timeout=100ms..1s/100ms', got "
                    "'%s'",
                    text);
        return false;
    }
    axis->path = sweep_path_make(text, (size_t)(end - text));
    axes->own_count++;
    good = sweep_axis_parse(end + 1, axis, &why);
    if (!good)
        usage_error("'--sweep' of '%s' %s", axis->path, why.text);
    strbuf_release(&why);
    return good;
}

bool axis_list_make(struct axis_list *axes, const struct scenario *scenario,
                    const struct text_list *texts, const struct text_list *sets)
{
    bool good = true;

    axes->items = mem_alloc(scenario->axis_count + texts->count, sizeof *axes->items);
    axes->own = mem_zalloc(texts->count, sizeof *axes->own);
    axes->count = axes->own_count = 0;
    for (size_t i = 0; i < scenario->axis_count; i++)
        if (!any_names(sets, scenario->axes[i].path) && !any_names(texts, scenario->axes[i].path))
            axes->items[axes->count++] = &scenario->axes[i];
    for (size_t i = 0; good && i < texts->count; i++) {
        good = parse_own(axes, texts->items[i]);
        if (good)
            axes->items[axes->count++] = &axes->own[axes->own_count - 1];
    }
    return good;
}

void axis_list_release(struct axis_list *axes)
{
    for (size_t i = 0; i < axes->own_count; i++)
        sweep_axis_release(&axes->own[i]);
    free(axes->own);
    free((void *)axes->items);
}

static struct scenario *load_point(const struct invocation *invocation,
                                   const struct study_param *params, size_t param_count,
                                   struct diag *diag, bool *cannot_read)
{
    struct set_list extra = {mem_alloc(param_count, sizeof(char *)), param_count, param_count};
    struct set_list sets;

    for (size_t i = 0; i < param_count; i++) {
        struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "%s=%s", params[i].path, params[i].value);
        extra.items[i] = strbuf_detach(&text);
    }
    study_sets_make(&sets, invocation->values, (const char *const *)extra.items, extra.count);
    struct scenario *scenario =
        scenario_load_point(invocation->arguments[0], invocation->registry,
                            (const char *const *)sets.items, sets.count, diag, cannot_read);
    set_list_release(&sets);
    set_list_release(&extra);
    return scenario;
}

bool axis_list_load(const struct invocation *invocation, const struct axis_list *axes,
                    char *const *values, size_t point_count, struct point_set *set, int *code)
{
    struct diag diag = {0};
    bool good = true, cannot_read = false;

    for (size_t point = 0; point < point_count; point++) {
        struct study_param *params = mem_alloc(axes->count, sizeof *params);
        for (size_t i = 0; i < axes->count; i++)
            params[i] = (struct study_param){mem_strdup(axes->items[i]->path),
                                             mem_strdup(values[point * axes->count + i])};
        struct scenario *scenario =
            load_point(invocation, params, axes->count, &diag, &cannot_read);
        point_set_add(set, scenario, params, axes->count);
        good = good && scenario;
    }
    print_diag(&diag); /* errors common to several points are printed once */
    if (!good)
        *code = cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    return good;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "lesson_section.h"

#include "mem.h"
#include "scenario_internal.h"

#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"choices", "answer", "because", "plot"};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static void check_keys(struct builder *builder, const struct yaml_node *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct yaml_node *key = section->entries[i].key;
        struct strbuf text = STRBUF_INIT;
        bool known = false;

        for (size_t k = 0; k < KEY_COUNT; k++)
            known = known || strcmp(keys[k], key->text) == 0;
        if (!known) {
            strbuf_addf(&text, "unknown key '%s' in 'lesson'", key->text);
            add_remedy(&text, key->text, "allowed are", keys, KEY_COUNT);
            error_at(builder->errors, key, "%s", text.text);
        }
        strbuf_release(&text);
    }
}

static char *read_text(struct builder *builder, const struct yaml_node *section, const char *key,
                       bool needed)
{
    const struct yaml_node *node = yaml_get(section, key);

    if (node && node->kind == YAML_SCALAR && !node->is_null)
        return mem_strdup(node->text);
    if (node || needed)
        error_at(builder->errors, node ? node : section, "'lesson.%s' needs a text", key);
    return NULL;
}

static void read_choices(struct builder *builder, const struct yaml_node *section,
                         struct lesson_section *lesson)
{
    const struct yaml_node *list = yaml_get(section, "choices");
    bool good =
        list && list->kind == YAML_LIST && list->count >= 2 && list->count <= LESSON_CHOICES_MAX;

    for (size_t i = 0; good && i < list->count; i++)
        good = list->entries[i].value->kind == YAML_SCALAR;
    if (!good) {
        error_at(builder->errors, list ? list : section,
                 "'lesson.choices' needs a list of 2 to %d texts", LESSON_CHOICES_MAX);
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        lesson->choices[lesson->choice_count++] = mem_strdup(list->entries[i].value->text);
}

static void read_answer(struct builder *builder, const struct yaml_node *section,
                        struct lesson_section *lesson)
{
    const struct yaml_node *node = yaml_get(section, "answer");

    if (node && node->kind == YAML_SCALAR && node->text[0] >= '1' && node->text[0] <= '9' &&
        node->text[1] == '\0')
        lesson->answer = (size_t)(node->text[0] - '0');
    if (lesson->choice_count > 0 && (lesson->answer == 0 || lesson->answer > lesson->choice_count))
        error_at(builder->errors, node ? node : section,
                 "'lesson.answer' needs the number of a choice, 1 to %zu", lesson->choice_count);
}

void lesson_build(struct builder *builder)
{
    const struct yaml_node *section = yaml_get(builder->root, "lesson");
    struct lesson_section *lesson;

    if (!section || section->is_null)
        return;
    if (section->kind != YAML_MAP) {
        error_at(builder->errors, section, "'lesson' needs a map, got %s", yaml_kind_name(section));
        return;
    }
    lesson = builder->scenario->lesson = mem_zalloc(1, sizeof *lesson);
    check_keys(builder, section);
    read_choices(builder, section, lesson);
    read_answer(builder, section, lesson);
    lesson->because = read_text(builder, section, "because", true);
    lesson->plot = read_text(builder, section, "plot", false);
}

void lesson_free(struct scenario *scenario)
{
    struct lesson_section *lesson = scenario->lesson;

    if (!lesson)
        return;
    for (size_t i = 0; i < lesson->choice_count; i++)
        free(lesson->choices[i]);
    free(lesson->because);
    free(lesson->plot);
    free(lesson);
}

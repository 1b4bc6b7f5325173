// SPDX-License-Identifier: GPL-3.0-or-later
/* Every value of a scenario, and its origin. */
#include "describe.h"

#include "json_writer.h"
#include "quote.h"
#include "scenario_internal.h"
#include "text_table.h"

#include <inttypes.h>

/* The output format. */
struct value_printer {
    struct json_writer *json;
    struct text_table *table;
};

static void print_value(void *self, const struct explicit_value *item)
{
    struct value_printer *printer = self;
    struct strbuf origin = STRBUF_INIT;

    value_add_origin(&origin, item->field, item->value);
    if (printer->json) {
        json_open_object(printer->json, NULL);
        json_text(printer->json, "path", item->path);
        json_text(printer->json, "value", item->value->text);
        json_text(printer->json, "origin", origin.text);
        json_text(printer->json, "meaning", item->field->meaning);
        json_close(printer->json);
    } else {
        text_table_add(printer->table, "%s", item->path);
        text_table_add(printer->table, "%s", item->value->text ? item->value->text : "");
        text_table_add(printer->table, "%s", origin.text);
    }
    strbuf_release(&origin);
}

static void print_values(const struct scenario *scenario, struct value_printer *printer)
{
    static const struct field seed = {
        .name = "seed", .meaning = RUN_SEED_MEANING, .source = "assumption"};
    char text[32];
    const struct schema_value value = {text, scenario_internal(scenario)->seed_node, true};
    const struct explicit_value item = {"seed", &seed, &value};

    snprintf(text, sizeof text, "%" PRIu64, scenario->run.seed);
    print_value(printer, &item);
    values_each(scenario, print_value, printer);
}

static void write_scenario(const struct scenario *scenario, FILE *out)
{
    struct json_writer json;
    struct value_printer printer = {.json = &json};

    json_begin(&json, out);
    json_open_object(&json, NULL);
    json_text(&json, "name", scenario->name);
    json_text(&json, "path", scenario->path);
    json_digest(&json, "hash", scenario->hash);
    json_open_array(&json, "values");
    print_values(scenario, &printer);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

void describe_scenario(const struct scenario *scenario, FILE *out, bool json)
{
    struct value_printer printer = {.table = NULL};

    if (json) {
        write_scenario(scenario, out);
        return;
    }
    printer.table = text_table_create_bare(3);
    print_values(scenario, &printer);
    quote_print_line(out, "%s (%s, hash %016" PRIx64 ")", scenario->name, scenario->path,
                     scenario->hash);
    text_table_print_and_free(printer.table, out);
}

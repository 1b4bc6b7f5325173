// SPDX-License-Identifier: GPL-3.0-or-later
#include "model.h"

#include "bug.h"
#include "mem.h"
#include "strbuf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int topology_region(const struct topology *topology, const char *name)
{
    for (uint32_t i = 0; i < topology->region_count; i++)
        if (strcmp(topology->region_names[i], name) == 0)
            return (int)i;
    return -1;
}

struct check_context check_context_of(const struct check_context *general,
                                      const struct scenario_instance *instance, size_t item)
{
    struct check_context context = *general;

    context.region = instance->region;
    context.peer = instance->peer;
    context.kind = instance->kind;
    context.kind_config = instance->kind_config;
    context.items = instance->config;
    context.item_count = instance->config_count;
    context.item = item;
    return context;
}

bool instance_has_rows(const struct scenario_instance *instance, const struct model_rows *rows)
{
    return rows == &instance->ops->rows || (instance->kind && rows == &instance->kind->rows);
}

/* A few dozen ports, looked up only during wiring: a list is enough. */
struct port {
    char *name;
    int a, b;
    void *face;
};
struct port_directory {
    struct port *ports;
    size_t count, capacity;
};

struct port_directory *port_directory_create(void)
{
    return mem_zalloc(1, sizeof(struct port_directory));
}

void port_directory_free(struct port_directory *directory)
{
    if (!directory)
        return;
    for (size_t i = 0; i < directory->count; i++)
        free(directory->ports[i].name);
    free(directory->ports);
    free(directory);
}

void port_offer(struct port_directory *directory, const char *name, int a, int b, void *port)
{
    invariant(port);
    if (port_find(directory, name, a, b))
        BUG("port '%s' (%d, %d) is offered twice", name, a, b);
    MEM_GROW(directory->ports, directory->capacity, directory->count + 1);
    directory->ports[directory->count++] = (struct port){mem_strdup(name), a, b, port};
}

void *port_find(const struct port_directory *directory, const char *name, int a, int b)
{
    for (size_t i = 0; i < directory->count; i++) {
        const struct port *port = &directory->ports[i];

        if (port->a == a && port->b == b && strcmp(port->name, name) == 0)
            return port->face;
    }
    return NULL;
}

void *port_need(const struct port_directory *directory, const char *name, int a, int b)
{
    void *port = port_find(directory, name, a, b);

    if (!port)
        BUG("no model offers port '%s' (%d, %d): missing in the registry", name, a, b);
    return port;
}

void validation_error(struct validation *validation, const char *field, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    validation->report(validation, field, text.text);
    strbuf_release(&text);
}

bool validation_is_given(const struct validation *validation, const char *field)
{
    return validation->is_given && validation->is_given(validation, field);
}

void validation_note(struct validation *validation, const char *field, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    if (!validation->note)
        return;
    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    validation->note(validation, field, text.text);
    strbuf_release(&text);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "price_list.h"

#include <stdlib.h>
#include <string.h>

static const struct list_price {
    size_t price;
    const char *text;
} list[] = {
#define LIST_ROW(name, text, ...) {offsetof(struct price_config, name), text},
    PRICE_LIST(LIST_ROW)
#undef LIST_ROW
};

static const struct regional_price {
    size_t price;
    const char *region;
    double value;
} regional[] = {
#define REGIONAL_ROW(name, region, value, ...) {offsetof(struct price_config, name), region, value},
    REGIONAL_PRICES(REGIONAL_ROW)
#undef REGIONAL_ROW
};

/* Is it the price of the list? */
static bool is_listed(size_t price, double value)
{
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (list[i].price == price) {
            double listed = strtod(list[i].text, NULL);

            return !(value < listed) && !(value > listed);
        }
    return false;
}

double price_in(const struct price_config *config, size_t price, const char *region, bool by_region)
{
    double value = *(const double *)(const void *)((const char *)config + price);

    if (!by_region || !region || !is_listed(price, value))
        return value;
    for (size_t i = 0; i < sizeof regional / sizeof regional[0]; i++)
        if (regional[i].price == price && strcmp(regional[i].region, region) == 0)
            return regional[i].value;
    return value;
}

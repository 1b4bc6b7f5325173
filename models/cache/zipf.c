// SPDX-License-Identifier: GPL-3.0-or-later
#include "zipf.h"

#include "rng_stream.h"

#include <math.h>

/* The hat's density at x is x^-skew; its integral from 1, and the inverse of that. expm1 and log1p
 * keep both exact where skew is near 1. */
static double hat_integral(double skew, double x)
{
    double t = (1 - skew) * log(x);

    return fabs(t) > 1e-8 ? expm1(t) / t * log(x) : (1 + t / 2) * log(x);
}

static double hat_inverse(double skew, double y)
{
    double t = y * (1 - skew);

    if (t < -1)
        t = -1; /* rounding */
    return fabs(t) > 1e-8 ? exp(log1p(t) / t * y) : exp((1 - t / 2) * y);
}

struct zipf zipf_make(uint32_t count, double skew)
{
    return (struct zipf){
        .count = count,
        .skew = skew,
        .low = hat_integral(skew, 1.5) - 1,
        .high = hat_integral(skew, count + 0.5),
        .cut = 2 - hat_inverse(skew, hat_integral(skew, 2.5) - pow(2, -skew)),
    };
}

uint32_t zipf_rank(const struct zipf *zipf, uint64_t word)
{
    for (;;) {
        double y = zipf->high + rng_unit(word) * (zipf->low - zipf->high);
        double x = hat_inverse(zipf->skew, y), k = floor(x + 0.5);

        if (k < 1)
            k = 1;
        else if (k > zipf->count)
            k = zipf->count;
        if (k - x <= zipf->cut || y >= hat_integral(zipf->skew, k + 0.5) - pow(k, -zipf->skew))
            return (uint32_t)k - 1;
        word = rng_mix(word + UINT64_C(0x9e3779b97f4a7c15));
    }
}

double zipf_top_share(const struct zipf *zipf)
{
    double sum = 0;

    for (uint32_t k = zipf->count; k >= 1; k--)
        sum += pow(k, -zipf->skew);
    return 1 / sum;
}

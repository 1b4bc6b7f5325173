// SPDX-License-Identifier: GPL-3.0-or-later
/* Losses of a queue with constant service and bounded room. For tests. */
#ifndef MD1K_H
#define MD1K_H

#include <math.h>

/*
 * M/D/1/K, K in all: a message is taken where what is unfinished, V, leaves room: V <= (K - 1) D.
 * With the chain embedded at departures, a_k = e^-rho rho^k / k! arrivals a service, pi_0 = 1, pi_1
 * = (1 - a_0) / a_0 ..., the share lost is 1 - 1 / (pi_0 + rho), pi normalised over 0 .. K - 1.
 */
static inline double m_d_1_k_loss(double rho, int k_max)
{
    double a[32], pi[32], sum = 0;

    a[0] = exp(-rho);
    for (int k = 1; k < k_max; k++)
        a[k] = a[k - 1] * rho / k;
    pi[0] = 1;
    for (int n = 0; n + 1 < k_max; n++) {
        double next = pi[n] - pi[0] * a[n];

        for (int i = 1; i <= n; i++)
            next -= pi[i] * a[n - i + 1];
        pi[n + 1] = next / a[0];
    }
    for (int n = 0; n < k_max; n++)
        sum += pi[n];
    return 1 - 1 / (pi[0] / sum + rho);
}

#endif

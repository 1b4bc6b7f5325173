# SPDX-License-Identifier: GPL-3.0-or-later
"""One queue, M/M/1 at load 0.9, on SimPy: one process per customer, a resource with one server.

Prints the processor time per customer in ns, and to stderr the mean wait (theory: 9 services).
    mm1_simpy.py CUSTOMERS
"""
import random
import sys
import time

import simpy


def customer(env, server, waits, draw):
    came = env.now
    with server.request() as request:
        yield request
        waits.append(env.now - came)
        yield env.timeout(draw(1.0))


def source(env, server, waits, count):
    draw = random.Random(1).expovariate
    for _ in range(count):
        yield env.timeout(draw(0.9))
        env.process(customer(env, server, waits, draw))


def main():
    count = int(sys.argv[1])
    waits = []
    env = simpy.Environment()
    env.process(source(env, simpy.Resource(env, 1), waits, count))
    start = time.process_time()
    env.run()
    print("%.6g" % ((time.process_time() - start) * 1e9 / count))
    print("mean wait %.3g services" % (sum(waits) / len(waits)), file=sys.stderr)


main()

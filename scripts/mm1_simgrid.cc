// SPDX-License-Identifier: GPL-3.0-or-later
// One queue, M/M/1 at load 0.9, on SimGrid: an actor that sends customers, one that serves, a semaphore between them.
// Prints the processor time per customer in ns, and to stderr the mean wait (theory: 9 services).
//   mm1_simgrid CUSTOMERS
#include <simgrid/s4u.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <random>

namespace sg = simgrid::s4u;

static std::mt19937_64 generator(1);
static std::deque<double> waiting;
static uint64_t customers, bins[64];
static double sum;

static double exponential(double mean)
{
    double u = ((generator() >> 12) + 0.5) * 0x1p-52;
    return -mean * std::log(u);
}

static void source(sg::SemaphorePtr there)
{
    for (uint64_t i = 0; i < customers; i++) {
        sg::this_actor::sleep_for(exponential(1e-3 / 0.9));
        waiting.push_back(sg::Engine::get_clock());
        there->release();
    }
}

static void server(sg::SemaphorePtr there)
{
    for (uint64_t i = 0; i < customers; i++) {
        there->acquire();
        double waited = sg::Engine::get_clock() - waiting.front();
        waiting.pop_front();
        sum += waited;
        bins[waited > 1e-9 ? 63 - __builtin_clzll(static_cast<uint64_t>(waited * 1e9) | 1) : 0]++;
        sg::this_actor::sleep_for(exponential(1e-3));
    }
}

int main(int argc, char** argv)
{
    sg::Engine engine(&argc, argv);
    if (argc != 2)
        return 2;
    customers = std::strtoull(argv[1], nullptr, 10);
    auto* zone = sg::create_full_zone("zone");
    auto* host = zone->create_host("host", 1e9);
    zone->seal();
    sg::SemaphorePtr there = sg::Semaphore::create(0);
    sg::Actor::create("source", host, source, there);
    sg::Actor::create("server", host, server, there);
    std::clock_t start = std::clock();
    engine.run();
    double elapsed_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("%.6g\n", elapsed_s * 1e9 / static_cast<double>(customers));
    std::fprintf(stderr, "mean wait %.3g services\n", sum / static_cast<double>(customers) / 1e-3);
    return 0;
}

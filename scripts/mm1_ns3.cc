// SPDX-License-Identifier: GPL-3.0-or-later
// One queue, M/M/1 at load 0.9, on ns-3's core alone: its simulator and one of its schedulers, without nodes and packets.
// Prints the processor time per customer in ns, and to stderr the mean wait (theory: 9 services).
//   mm1_ns3 SCHEDULER CUSTOMERS
#include <ns3/core-module.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <random>

static std::mt19937_64 generator(1);
static std::deque<int64_t> waiting; // when each came; the first is in service
static uint64_t begun, customers, bins[64];
static double sum;

static int64_t
exponential(double mean)
{
    double u = ((generator() >> 12) + 0.5) * 0x1p-52;
    return static_cast<int64_t>(-mean * std::log(u));
}

static void depart();

static void
serve(int64_t waited)
{
    sum += static_cast<double>(waited);
    bins[waited > 0 ? 63 - __builtin_clzll(waited) : 0]++;
    if (++begun == customers)
        ns3::Simulator::Stop();
    ns3::Simulator::Schedule(ns3::NanoSeconds(exponential(1e6)), &depart);
}

static void
arrive()
{
    waiting.push_back(ns3::Simulator::Now().GetNanoSeconds());
    ns3::Simulator::Schedule(ns3::NanoSeconds(exponential(1e6 / 0.9)), &arrive);
    if (waiting.size() == 1)
        serve(0);
}

static void
depart()
{
    waiting.pop_front();
    if (!waiting.empty())
        serve(ns3::Simulator::Now().GetNanoSeconds() - waiting.front());
}

int
main(int argc, char** argv)
{
    if (argc != 3)
        return 2;
    customers = std::strtoull(argv[2], nullptr, 10);
    ns3::ObjectFactory factory;
    factory.SetTypeId(argv[1]);
    ns3::Simulator::SetScheduler(factory);
    ns3::Simulator::Schedule(ns3::NanoSeconds(0), &arrive);
    std::clock_t start = std::clock();
    ns3::Simulator::Run();
    double elapsed_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("%.6g\n", elapsed_s * 1e9 / static_cast<double>(begun));
    std::fprintf(stderr, "mean wait %.3g services\n", sum / static_cast<double>(begun) / 1e6);
    ns3::Simulator::Destroy();
    return 0;
}

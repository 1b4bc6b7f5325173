# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # what scripts/bench has set
# Sourced by scripts/bench --peers: the M/M/1 queue of mm1_bench on SimPy, ns-3 and SimGrid as packaged by Debian. Each
# draws and records with its own functions and prints the processor time per customer in ns; ratios are to this engine in the
# same round.

need_packages g++ pkg-config python3 python3-simpy3 libns3-dev libsimgrid-dev
say "building the peers"
# shellcheck disable=SC2046 # flags are words
g++ -O3 -DNDEBUG -std=c++17 -o "$work/mm1_ns3" scripts/mm1_ns3.cc $(pkg-config --cflags --libs ns3-core)
g++ -O3 -DNDEBUG -std=c++17 -o "$work/mm1_simgrid" scripts/mm1_simgrid.cc -lsimgrid
build build-release mm1_bench

for ((round = 1; round <= rounds; round++)); do
    say "peers: round $round of $rounds"
    ours=$(build-release/mm1_bench --rounds 1 | awk '$1 == "mm1.engine" { print $3 }')
    best=
    for scheduler in Map Heap List Calendar PriorityQueue; do
        ns=$("$work/mm1_ns3" "ns3::${scheduler}Scheduler" 1000000 2>/dev/null)
        sample "peers.ns3.$scheduler" ns/customer "$ns"
        [[ -n $best ]] && awk "BEGIN { exit !($ns >= $best) }" || best=$ns
    done
    simgrid=$("$work/mm1_simgrid" 300000 2>/dev/null)
    simpy=$(/usr/bin/python3 scripts/mm1_simpy.py 100000 2>/dev/null)
    sample peers.simgrid ns/customer "$simgrid"
    sample peers.simpy ns/customer "$simpy"
    sample peers.isthmus ns/customer "$ours"
    sample peers.ns3_best/isthmus x "$(calc "$best / $ours")"
    sample peers.simgrid/isthmus x "$(calc "$simgrid / $ours")"
    sample peers.simpy/isthmus x "$(calc "$simpy / $ours")"
done

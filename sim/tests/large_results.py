#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large results files: large_results.py ISTHMUS SCENARIO [RUNS]

Makes a file of 100 000 runs and about 1 GB out of a study of four, by copying its runs' rows, and one of 100 MB. The summary of the first
takes under 2 s and 200 MB, exports under 100 MB whatever their length, and each view of the second answers in under a second.
Prints a line for each; fails at the first that is over.
"""
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

SUMMARY_S, SUMMARY_MB, EXPORT_MB, VIEW_S = 2, 200, 100, 1


def copy_runs(source, path, runs, metrics, series):
    """A copy of the file with as many runs: each has a part of the rows of one that was made."""
    shutil.copy(source, path)
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000")
    first, made = database.execute("SELECT min(id), count(*) FROM run").fetchone()
    columns = [row[1] for row in database.execute("PRAGMA table_info(run)") if row[1] not in ("id", "replication")]
    database.execute("CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1) SELECT i FROM n",
                     (made, runs))
    names = ", ".join(columns)
    database.execute(f"INSERT INTO run (id, replication, {names}) SELECT ?1 + i, i, {names} FROM n JOIN run ON id = ?1 + i % ?2", (first, made))
    for table, limit in (("metric", metrics), ("run_series", series), ("event", -1), ("incident", -1)):
        # The generated column `state` is not copied.
        kept = ", ".join(row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] not in ("run", "state"))
        some = f" AND cell IN (SELECT cell FROM {table} WHERE run = ?1 ORDER BY cell LIMIT {limit})" if limit >= 0 else ""
        database.execute(f"INSERT INTO {table} (run, {kept}) SELECT ?1 + i, {kept} FROM n JOIN {table} ON run = ?1 + i % ?2" + some, (first, made))
    database.execute("UPDATE point SET runs = ?", (runs,))
    database.execute("UPDATE study SET replication_count = ?", (runs,))
    database.commit()
    database.close()


def measured(command):
    """Seconds of processor time and of the clock, and megabytes at most, in a process of its own so that only this command counts."""
    program = ("import resource, subprocess, sys, time;"
               "start = time.monotonic();"
               "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
               "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
               "print(used.ru_utime + used.ru_stime, time.monotonic() - start, used.ru_maxrss / 1024, code)")
    seconds, clock, megabytes, code = subprocess.run([sys.executable, "-c", program] + command, stdout=subprocess.PIPE, text=True).stdout.split()
    if code not in ("0", "10", "12"):
        sys.exit(f"failed: {command}: exit code {code}")
    return float(seconds), float(clock), float(megabytes)


def check(what, value, limit, unit):
    print(f"{what}: {value:.2f} {unit}, under {limit} {unit}" if value < limit else f"{what}: {value:.2f} {unit}, OVER {limit} {unit}")
    if value >= limit:
        sys.exit(1)


def main():
    isthmus, scenario = sys.argv[1:3]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        small, large, middle = (os.path.join(folder, name) for name in ("small.db", "large.db", "middle.db"))
        code = subprocess.run([isthmus, "run", scenario, "--replications", "4", "--set", "duration=12min", "--quiet",
                               "--output", small]).returncode
        if code not in (0, 10, 12):
            sys.exit(f"failed: exit code {code}")
        copy_runs(small, large, runs, 130, 25)
        size = os.path.getsize(large) / 1e6
        print(f"{runs} runs, {size:.0f} MB")
        if runs >= 100_000 and size < 1000:
            sys.exit("less than 1 GB")
        seconds, clock, megabytes = measured([isthmus, "summary", large])
        check("summary, processor time", seconds, SUMMARY_S, "s")
        if os.getloadavg()[0] > os.cpu_count() / 2:
            print(f"summary, by the clock: {clock:.2f} s, not checked: other work is on the machine")
        else:
            check("summary, by the clock", clock, SUMMARY_S, "s")
        check("summary, memory", megabytes, SUMMARY_MB, "MB")
        for table in "summary", "timeline", "incidents", "metrics":
            check(f"export {table}, memory", measured([isthmus, "export", table, large])[2], EXPORT_MB, "MB")
        check("export series of one metric, memory", measured([isthmus, "export", "series", large, "--metric", "availability"])[2], EXPORT_MB, "MB")
        os.remove(large)
        copy_runs(small, middle, 24, 100000, 100000)
        per_run = (os.path.getsize(middle) - os.path.getsize(small)) / 20
        copy_runs(small, middle, int(100e6 / per_run), 100000, 100000)
        print(f"views on {os.path.getsize(middle) / 1e6:.0f} MB")
        database = sqlite3.connect(middle)
        queries = [("summary", "SELECT * FROM summary WHERE metric = 'availability'"), ("timeline", "SELECT * FROM timeline WHERE metric = 'availability'"),
                   ("timeline, all", "SELECT count(*), sum(mean) FROM timeline"), ("incidents", "SELECT * FROM incidents"),
                   ("reauth_causes", "SELECT * FROM reauth_causes"), ("comparison", "SELECT * FROM comparison"),
                   ("series of a run", "SELECT * FROM series WHERE run = 3"), ("histogram_bin of a run", "SELECT * FROM histogram_bin WHERE run = 3")]
        for name, query in queries:
            start = time.process_time()
            database.execute(query).fetchall()
            check("view " + name, time.process_time() - start, VIEW_S, "s")


main()

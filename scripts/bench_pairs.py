#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the speed and memory of two versions in interleaved pairs of runs.

Each pair runs both versions one after the other, in alternating order, so that a machine that gets
slower meanwhile slows both. The ratio of a pair is AFTER over BEFORE: above 1, AFTER takes longer.
Prints the geometric mean with its Student-t interval on logarithms, and the median with an exact
interval from order statistics, which is robust against a few disturbed pairs. Memory is the peak of
the process, divided by the sessions.

BEFORE and AFTER are git revisions, which are built (optimised, in a temporary folder) from a worktree
of their own; or programs, which run with the scenarios of this tree. AFTER is by default the working
tree, built in build-release/.

The workload is scenarios/00-baseline.yaml with the arrival rate, instances and shards for
that many sessions, run on one thread, without a results file.

Exit code: 0 measured; 1 a ratio's upper bound is above --limit; 2 usage; 4 a build or a run failed.
"""
import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCENARIO = "scenarios/00-baseline.yaml"
# Two regions; a session of the scenario lasts 78.6 s in the mean (Little's law).
RATE_PER_SESSION = 1 / 157.2
SESSIONS_PER_INSTANCE = 40000
SESSIONS_PER_SHARD = 500000
REQUESTS_MIN, SECONDS_MIN = 2_000_000, 10  # a run has at least that many, and is at least that long
PAIRS_MIN = 6  # fewer have no interval of the median
LEVEL = 0.95


class Failure(Exception):
    """A build or a run failed: exit code 4."""


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"'{' '.join(command)}' in {folder}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


# --- the two versions -------------------------------------------------------------------------------------------------


class Version:
    """A program, and the folder whose scenarios it runs."""

    def __init__(self, source, temporary):
        self.source, self.temporary = source, temporary
        self.folder = ROOT
        self.worktree = self.program = None

    def prepare(self):
        if self.source is None:
            self.program = self.build()
        elif os.path.isfile(self.source) and os.access(self.source, os.X_OK):
            self.program = os.path.abspath(self.source)
        else:
            run(["git", "worktree", "add", "--detach", self.temporary, self.source], ROOT)
            self.folder = self.worktree = self.temporary
            self.program = self.build()

    def build(self):
        run(["cmake", "--preset", "release"], self.folder)
        run(["cmake", "--build", "--preset", "release"], self.folder)
        return os.path.join(self.folder, "build-release", "isthmus")

    def release(self):
        if self.worktree:
            run(["git", "worktree", "remove", "--force", self.worktree], ROOT)


def workload(sessions):
    requests_per_s = sessions / 6.55  # 12 pages in 78.6 s
    duration_s = max(SECONDS_MIN, math.ceil(REQUESTS_MIN / requests_per_s))
    settings = {
        "population.sessions": f"{sessions * RATE_PER_SESSION:.6g}/s",
        "app.instances": max(4, sessions // SESSIONS_PER_INSTANCE),
        "store.shards": max(1, sessions // SESSIONS_PER_SHARD),
        "warmup": "0s", "bin": "1s", "duration": f"{duration_s}s",
    }
    options = ["--threads", "1", "--replications", "1", "--no-output", "--quiet"]
    return options + [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def measure(version, sessions):
    """(seconds by the clock, seconds of the processor, peak memory in bytes) of one run."""
    command = [version.program, "run", os.path.join(version.folder, SCENARIO), *workload(sessions)]
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        messages = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    elapsed = time.monotonic() - begin
    # 10 and 12 are about expectations, which are not the question here.
    if process.returncode not in (0, 10, 12):
        raise Failure(f"'{' '.join(command)}': exit code {process.returncode}\n{messages}")
    return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


# --- statistics -------------------------------------------------------------------------------------------------------


def student_cdf(t, df):
    """P(T <= t) for t >= 0: Simpson's rule on the density."""
    factor = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
    steps = 2000
    width = t / steps
    total = sum((1 if i in (0, steps) else 4 if i % 2 else 2) * (1 + (i * width) ** 2 / df) ** (-(df + 1) / 2)
                for i in range(steps + 1))
    return 0.5 + factor * total * width / 3


def student_quantile(p, df):
    low, high = 0.0, 700.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_cdf(middle, df) < p else (low, middle)
    return high


def mean_ratio(ratios):
    """Geometric mean with its interval."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.mean(logs)
    half = student_quantile((1 + LEVEL) / 2, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def median_ratio(ratios):
    """Median; the interval between the k-th smallest and the k-th largest, of at least LEVEL by the binomial."""
    count = len(ratios)
    below, k = 0.0, 0
    while below + math.comb(count, k) / 2 ** count <= (1 - LEVEL) / 2:
        below += math.comb(count, k) / 2 ** count
        k += 1
    ordered = sorted(ratios)
    return statistics.median(ratios), ordered[k - 1], ordered[-k]


# --- the measurement --------------------------------------------------------------------------------------------------


def compare(before, after, sessions, pairs):
    """Measure, print, and return the upper bound of the mean ratio of wall time."""
    samples = {"before": [], "after": []}
    for i in range(pairs):
        order = [("before", before), ("after", after)]
        for name, version in order if i % 2 == 0 else order[::-1]:
            samples[name].append(measure(version, sessions))
    print(f"{sessions} sessions, {pairs} pairs:")
    upper = []
    for column, what in enumerate(("wall time", "processor time")):
        ratios = [a[column] / b[column] for a, b in zip(samples["after"], samples["before"])]
        of_before, of_after = (statistics.median(row[column] for row in samples[name]) for name in samples)
        mean, low, high = mean_ratio(ratios)
        median, median_low, median_high = median_ratio(ratios)
        print(f"  {what}: {of_before:.3f} s -> {of_after:.3f} s (medians); ratio {mean:.4f} [{low:.4f}, {high:.4f}],"
              f" median {median:.4f} [{median_low:.4f}, {median_high:.4f}]")
        upper.append(high)
    of_before, of_after = (statistics.median(row[2] for row in samples[name]) for name in samples)
    print(f"  peak memory: {of_before / sessions:.1f} -> {of_after / sessions:.1f} bytes a session,"
          f" ratio {of_after / of_before:.4f}", flush=True)
    return upper[0]


def options():
    parser = argparse.ArgumentParser(prog="scripts/bench pairs", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", metavar="BEFORE", help="git revision or program")
    parser.add_argument("after", metavar="AFTER", nargs="?",
                        help="git revision or program (default: the working tree)")
    parser.add_argument("--pairs", type=int, default=20, metavar="N", help="pairs of runs (default: 20)")
    parser.add_argument("--sessions", type=int, action="append", metavar="N",
                        help="size of the world; may be repeated (default: 100000 and 10000000)")
    parser.add_argument("--limit", type=float, metavar="RATIO",
                        help="exit with 1 if an upper bound of the wall time's ratio is above (default: none)")
    args = parser.parse_args()
    if args.pairs < PAIRS_MIN or any(sessions < 1 for sessions in args.sessions or []):
        parser.error(f"at least {PAIRS_MIN} pairs and one session are needed")
    return args


def main():
    args = options()
    with tempfile.TemporaryDirectory() as work:
        before = Version(args.before, os.path.join(work, "before"))
        after = Version(args.after, os.path.join(work, "after"))
        try:
            before.prepare()
            after.prepare()
            upper = [compare(before, after, sessions, args.pairs)
                     for sessions in args.sessions or [100_000, 10_000_000]]
        except (Failure, OSError) as error:
            print(f"bench pairs: error: {error}", file=sys.stderr)
            return 4
        finally:
            before.release()
            after.release()
    return 1 if args.limit is not None and max(upper) > args.limit else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-3.0-or-later
# Invalid command lines: one error message each, exit code 2, and nothing is written.
try() { "$isthmus" "$@"; echo "$?: $*"; }
try run a.yaml --replicatons 3
try run a.yaml --replications 0
try run a.yaml --replications many
try run a.yaml --replications
try run a.yaml --seed=-1
try run a.yaml --plot=pgn
try run a.yaml --queue list
try run a.yaml --quiet=yes
try run a.yaml -j 3
try run
try run a.yaml b.yaml
try sweep
try validate
try plot
try plot timelnie a.db
try plot everything a.db
try describe --markdown
ls

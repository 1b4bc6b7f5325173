# SPDX-License-Identifier: GPL-3.0-or-later
# A recorded run is played in a pseudo-terminal, keys work, and the file stays as it is; without a terminal there is an error. A run
# in progress is drawn while it runs, and its results are those of a run that nobody watched.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 2min
warmup: 20s
faults: [{at: 30s, for: 1min, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 2
expect: []
END
cat >screen.py <<'END'
import os, pty, re, select, signal, sys, time
# Run a command in a terminal of 30 lines; after each text that is seen, press the keys beside it.
command, steps = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm", LINES="30", COLUMNS="120")
    os.execvp(command[0], command)
seen, deadline = "", time.monotonic() + 60
def wait_for(pattern):
    global seen
    while not re.search(pattern, seen):
        if time.monotonic() > deadline:
            sys.exit(f"no {pattern!r} in {seen[-2000:]!r}")
        if not select.select([terminal], [], [], 0.5)[0]:
            os.write(terminal, b"\x0c") # it stands still: only what has changed was drawn
        else:
            try:
                seen += os.read(terminal, 65536).decode("utf-8", "replace")
            except OSError:
                break
for step in steps:
    pattern, keys = step.split("=>")
    wait_for(pattern)
    seen = ""
    os.write(terminal, keys.encode() + b"\x0c") # and draw the whole screen again
while True:
    try:
        if not os.read(terminal, 65536): break
    except OSError:
        break
print("exit code", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
"$isthmus" run small.yaml --quiet --output a.db; echo $?
cp a.db before.db
python3 screen.py "$isthmus" watch a.db --speed 30x -- 'small, replication 0=> ' 'paused=>+' '.=>-' '.=>.' '.=>r' '.=>q'
python3 screen.py "$isthmus" watch a.db --speed 1000x --replication 1 -- 'ends: loss 30%=>q'
cmp a.db before.db && echo unchanged
python3 screen.py "$isthmus" run small.yaml --output b.db --watch --speed 1000x -- 'ends: loss 30%=>q'
python3 screen.py "$isthmus" run small.yaml --output c.db --watch --speed 4x -- 'small, replication 0, running=> ' 'paused=>r....' \
    '0:00:40 of 0:02:00=>+' '8x, paused=>.' '0:00:50 of 0:02:00=>q'
for file in a b c; do sqlite3 "$file.db" "SELECT group_concat(replication || ' ' || digest) FROM run ORDER BY replication"; done | uniq -c | sed 's/ 0 [^ ]*,/ 0 DIGEST,/; s/[^ ]*$/DIGEST/'
python3 screen.py "$isthmus" run small.yaml --output c.db --resume --watch -- 'small, replication 0=>q'
"$isthmus" run small.yaml --output none.db --watch; echo $?
"$isthmus" run small.yaml --no-output --watch --digest; echo $?
ls none.db
# A copy of a scenario is played, changed, and saved: what was saved runs as what was played. A change that is undone is gone.
cp small.yaml original.yaml
python3 screen.py "$isthmus" watch --play small.yaml --speed 10x -- 'i inject: loss 30%=> ' 'paused=>r....' '0:00:40=>f' \
    'i inject: blackhole on us-west-1 -> us-west-2=>ff' 'i inject: blackhole on us-west-2 -> us-west-1=>i' \
    'undo \(1\)=>]' 'client.timeout = 600ms=>]' 'client.timeout = 1.2s=>u' 'undo \(2\)=>s' 'saved as small-played.yaml=>q'
cat small-played.yaml | sed "s,$PWD/,,"
cmp small.yaml original.yaml && echo unchanged
"$isthmus" validate small-played.yaml
"$isthmus" watch --play small.yaml --point 1; echo $?
"$isthmus" watch --play missing.yaml; echo $?
"$isthmus" summary b.db | grep -c Metrics
"$isthmus" watch a.db; echo $?
"$isthmus" watch a.db --speed 0; echo $?
"$isthmus" run small.yaml --speed 3x --quiet --no-output; echo $?
python3 screen.py "$isthmus" watch a.db --replication 2 -- 'no replication 2=>q'

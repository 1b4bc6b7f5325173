# SPDX-License-Identifier: GPL-3.0-or-later
# Every verb that reads a results file, on every kind of file that is none: exit code 4, one error that names the file, nothing
# printed, nothing written.
cat >study.yaml <<END
name: study
regions: {a: {}, b: {}}
duration: 20s
warmup: 0s
network: {default: {rtt: 20ms}}
population: {sessions: 1/s}
END
"$isthmus" run study.yaml --replications 2 --quiet --output whole.db
head -c 40000 whole.db >cut.db
: >empty.db
yes 'a letter to my grandmother' | head -n 100 >letter.db
sqlite3 foreign.db 'CREATE TABLE t (a)'
cp whole.db newer.db
sqlite3 newer.db 'PRAGMA user_version = 999'
cp whole.db bare.db
sqlite3 bare.db 'PRAGMA foreign_keys = OFF; DELETE FROM run; DELETE FROM point; DELETE FROM study'
mkdir folder.db
ls >before

summary() { "$isthmus" summary "$1"; }
plot() { "$isthmus" plot timeline "$1" --format text --output .; }
report() { "$isthmus" report "$1" --output page.html; }
trace() { "$isthmus" trace "$1" --output trace.json; }
export_() { "$isthmus" export timeline "$1"; }
explain() { "$isthmus" explain "$1"; }
repro() { "$isthmus" repro "$1" --run 0/1; }
merge() { "$isthmus" merge merged.db "$1"; }
check() { "$isthmus" check study.yaml --against "$1" --no-output; }
watch() { python3 "$source/sim/tests/terminal.py" "$isthmus" watch "$1"; }
for file in none empty letter cut foreign newer bare folder; do
    echo "$file.db"
    for verb in summary plot report trace export_ explain repro merge check watch; do
        "$verb" "$file.db" >out 2>err
        code=$?
        printf '  %-8s %d, %d bytes on stdout, %s\n' "${verb%_}" "$code" "$(stat -c %s out)" "$(sed "s/'$file.db'/FILE/" err | paste -sd '|')"
    done | sort -k 2 | awk '{ text = $0; sub(/^  [a-z]+ */, "", text); if (text != last) { if (names) print names ": " last; names = " "; last = text } names = names " " $1 } END { print names ": " last }'
    "$isthmus" doctor "$file.db" >out 2>err
    echo "  doctor: $?, $(grep -c . err) errors"
done
ls | grep -vx 'out\|err\|before' | diff <(grep -vx before before) -

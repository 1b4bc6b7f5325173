# SPDX-License-Identifier: GPL-3.0-or-later
# The page has the database's numbers, loads nothing, and hostile names stay text.
cat >small.yaml <<'YAML'
name: "small </script><b>& 'x'"
question: "<img src=x onerror=alert(1)>"
regions: {us-west-1: {}, us-west-2: {}}
duration: 4min
warmup: 20s
replications: 3
store: {kind: global-datastore, primary: us-west-1}
population: {sessions: 3/s}
faults: [{at: 1min, for: 1min, region: us-west-1, down: true}]
expect: ["availability < 99%"]
YAML
"$isthmus" run small.yaml --quiet --output small.db; echo $?
"$isthmus" report small.db; echo $?
python3 "$source/sim/tests/report_page.py" small.html small.db
grep -c "<img\|</script><b>" small.html
"$isthmus" sweep small.yaml --sweep client.timeout=200ms,400ms --replications 2 --quiet --output sweep.db; echo $?
"$isthmus" report sweep.db --point 1 --output page.html; echo $?
grep -o "<h2 id=\"points\">Points" page.html
"$isthmus" report sweep.db --point 2 --output page.html; echo $?
echo "mine" >mine.html
"$isthmus" report small.db --output mine.html; echo $?
cat mine.html
"$isthmus" report missing.db; echo $?

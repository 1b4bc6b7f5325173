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
# What would have helped, of runs with other reactions; a comparison; a front.
"$isthmus" report small.db --alternatives --output helped.html; echo $?
grep -o "<dt>[^<]*" helped.html
grep -c "<td>routing-control</td>" helped.html
"$isthmus" compare small.yaml --with client.timeout=900ms --replications 2 --quiet --output compare.db; echo $?
"$isthmus" report compare.db --output compare.html
grep -o '<h2 id="changes">[^<]*\|"name": "client.timeout = 900ms"' compare.html | sort -u
"$isthmus" sweep small.yaml --sweep client.timeout=200ms,400ms --sweep client.retry.attempts=1,2 --replications 2 --quiet \
    --minimise login_latency.p99 --minimise login_failure_rate --output front.db; echo $?
"$isthmus" report front.db --output front.html
grep -o '<h2 id="[a-z]*"' front.html
grep -o 'href="#point-[0-9]"' front.html | sort -u | wc -l
"$isthmus" report sweep.db --point 2 --output page.html; echo $?
echo "mine" >mine.html
"$isthmus" report small.db --output mine.html; echo $?
cat mine.html
"$isthmus" report missing.db; echo $?

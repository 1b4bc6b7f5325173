#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# parquet.sh ISTHMUS NODE_MODULES: an exported table becomes Parquet as results/README.md says, with the same rows and sums. NODE_MODULES
# has @duckdb/node-api; without it, exit code 77.
set -euo pipefail
isthmus=$(realpath "$1")
modules=$2
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ -d $modules/@duckdb/node-api ]] || exit 77
modules=$(realpath "$modules")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$isthmus" run "$source/scenarios/10-peering-brownout.yaml" --set duration=12min --replications 2 --quiet --output r.db || [[ $? == 10 || $? == 12 ]]
for table in timeline summary incidents events; do
    "$isthmus" export "$table" r.db --output "$table.csv"
done
cat >parquet.js <<'JS'
const { DuckDBInstance } = require(process.argv[2] + "/@duckdb/node-api");
(async () => {
    const db = await (await DuckDBInstance.create(":memory:")).connect();
    const rows = async sql => JSON.stringify((await (await db.runAndReadAll(sql)).getRowsJson()));
    for (const table of ["timeline", "summary", "incidents", "events"]) {
        await db.run(`COPY (FROM read_csv('${table}.csv')) TO '${table}.parquet' (FORMAT parquet)`);
        console.log(table, await rows(`SELECT count(*) FROM '${table}.parquet'`));
    }
    console.log("metrics", await rows("SELECT count(DISTINCT metric), round(sum(mean) FILTER (unit = 'share'), 6) FROM 'timeline.parquet'"));
    console.log("types", await rows("SELECT DISTINCT typeof(mean), typeof(t_ns), typeof(metric) FROM 'timeline.parquet'"));
})().catch(error => { console.error(String(error)); process.exit(1); });
JS
node parquet.js "$modules" >parquet
python3 - <<'PYTHON' >database
import json, sqlite3
db = sqlite3.connect("r.db")
for table in "timeline", "summary", "incidents":
    print(table, json.dumps([[str(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])]]).replace(" ", ""))
print("events", json.dumps([[str(db.execute("SELECT count(*) FROM event").fetchone()[0])]]))
metrics, total = db.execute("SELECT count(DISTINCT metric), round(sum(CASE WHEN unit = 'share' THEN mean END), 6) FROM timeline").fetchone()
print("metrics", json.dumps([[str(metrics), total]], separators=(",", ":")))
print("types", json.dumps([["DOUBLE", "BIGINT", "VARCHAR"]], separators=(",", ":")))
PYTHON
diff database parquet
cat parquet

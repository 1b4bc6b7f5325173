#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# report_browser.sh ISTHMUS [MODULES]: HTML reports in headless Chromium: of the region loss, of a sweep with a front, of a comparison.
# A copy of each page gets a script that uses it (moves the pointer over a chart, drags a zoom, switches a line off, sorts a table, moves the
# slider of the map, follows a mark of the front) and writes what it found into the title. Fails on an error of the console, a request, or a
# step without its effect. With axe-core in the folder of node modules, each page is also checked for accessibility, in light and in dark.
set -euo pipefail
program=$1 modules=${2:-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v chromium >/dev/null || { echo "chromium is not installed" >&2; exit 77; }
axe=
[[ -z $modules || ! -e $modules/axe-core/axe.min.js ]] || axe=$modules/axe-core/axe.min.js

allowed() { "$@" || [[ $? == 1[02] ]]; }
allowed "$program" run "$root/scenarios/20-region-loss.yaml" --set population.sessions=5/s --replications 2 --quiet --output "$folder/loss.db"
"$program" report "$folder/loss.db" --alternatives --output "$folder/loss.html" >/dev/null
cat >"$folder/small.yaml" <<END
name: small
extends: $root/scenarios/10-peering-brownout.yaml
duration: 4min
warmup: 30s
population: {sessions: 10/s}
faults: [{at: 1min, for: 1min, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 3
expect: []
END
"$program" sweep "$folder/small.yaml" --sweep client.timeout=100ms,300ms --sweep client.retry.attempts=1,3 --quiet \
    --minimise 'login_latency{region=us-west-2}.p99' --minimise 'login_failure_rate{region=us-west-2}' --output "$folder/sweep.db"
"$program" report "$folder/sweep.db" --output "$folder/sweep.html" >/dev/null
allowed "$program" compare "$folder/small.yaml" --with client.timeout=100ms --quiet --output "$folder/compare.db"
"$program" report "$folder/compare.db" --output "$folder/compare.html" >/dev/null

cat >"$folder/check.js" <<'END'
const found = [], say = (name, good) => found.push(name + (good ? " good" : " BAD"));
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));
const plots = () => Array.from(document.querySelectorAll(".live")), values = () => Array.from(document.querySelectorAll(".values"));
function fire(plot, type, x, y) {
  const canvas = plot.querySelectorAll("canvas")[1], box = canvas.getBoundingClientRect();
  const event = new MouseEvent(type, {bubbles: true, clientX: box.left + x * box.width, clientY: box.top + y * box.height});
  (type === "mousemove" || type === "mousedown" ? canvas : document).dispatchEvent(event);
}
async function useCharts() {
  const labels = plot => Array.from(plot.querySelectorAll(".dygraph-axis-label-x")).map(e => e.textContent).join(" ");
  const all = plots(), text = values();
  say("plots", all.length >= 4 && document.querySelectorAll("figure[id^=chart] svg").length === 0);
  fire(all[0], "mousemove", 0.5, 0.5);
  const at = text.map(v => v.textContent.split(" ")[0]);
  say("cursor", at[0] !== "" && at.every(t => t === at[0]));
  const before = labels(all[1]);
  fire(all[0], "mousedown", 0.4, 0.5); fire(all[0], "mousemove", 0.6, 0.5);
  document.dispatchEvent(new MouseEvent("mousemove", {bubbles: true,
    clientX: all[0].getBoundingClientRect().left + 600, clientY: all[0].getBoundingClientRect().top + 100}));
  fire(all[0], "mouseup", 0.6, 0.5);
  say("zoom", labels(all[1]) !== before);
  document.getElementById("zoom-out").click();
  await wait(800);
  say("zoom-out", labels(all[1]) === before);
  const box = document.querySelector(".lines input");
  box.click();
  fire(all[0], "mousemove", 0.2, 0.5);
  say("switch", !text[0].textContent.includes(box.nextSibling.textContent.trim()) && text[1].textContent.includes(box.nextSibling.textContent.trim()));
}
function useTable() {
  const table = document.querySelector("table.sortable"), button = table.querySelectorAll("th button")[0];
  const column = () => Array.from(table.tBodies[0].rows).map(r => r.cells[0].textContent);
  const order = (a, b) => a.localeCompare(b, "en", {numeric: true}) < 0;
  button.click();
  const up = column();
  button.click();
  say("sort", order(up[0], up[up.length - 1]) && column()[0] === up[up.length - 1]);
}
function useMap() {
  const slider = document.getElementById("map-time"), state = () => document.getElementById("map-state").textContent;
  const move = t => { slider.value = t; slider.dispatchEvent(new Event("input")); };
  move(0);
  const before = state(), marked = document.querySelectorAll("#topology .hit").length;
  move((data().map.faults[0].from + data().bin_s));
  say("slider", !document.getElementById("map-slider").hidden && marked === 0 && state() !== before &&
    document.querySelectorAll("#topology .hit").length > 0 && state().includes(data().map.faults[0].words));
}
const data = () => JSON.parse(document.getElementById("data").textContent);
function followMark(selector) {
  const mark = document.querySelector(selector);
  mark.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, view: window}));
  const row = document.querySelector("tr:target");
  say("mark", row !== null && mark.getAttribute("href") === "#" + row.id);
}
async function accessibility() {
  if (!window.axe) return;
  document.querySelectorAll("details").forEach(d => { d.open = true; });
  const result = await axe.run(document, {resultTypes: ["violations"]});
  say("axe", result.violations.length === 0);
  for (const one of result.violations) found.push(one.id + " at " + one.nodes.slice(0, 3).map(n => n.target.join(" ")).join(" | "));
}
window.addEventListener("load", async () => {
  await wait(200);
  const page = document.body.dataset.page;
  await accessibility();
  await useCharts();
  useTable();
  if (page === "loss") useMap();
  if (page === "sweep") { followMark("a.mark"); followMark("td.heat a"); }
  if (page === "compare") say("changes", document.querySelectorAll("svg.bar").length > 10);
  say("requests", performance.getEntriesByType("resource").length === 0);
  say("errors", errors.length === 0);
  document.title = "found: " + found.join(", ") + " " + errors.join("; ");
});
END
python3 - "$folder" "$axe" <<'END'
import sys
folder, axe = sys.argv[1:]
head = "<script>const errors = []; addEventListener('error', e => errors.push(e.message)); console.error = (...x) => errors.push(x.join(' '));</script>"
axe = "<script>" + open(axe, encoding="utf-8").read() + "</script>" if axe else ""
check = axe + "<script>" + open(folder + "/check.js").read() + "</script>"
for name in "loss", "sweep", "compare":
    page = open(f"{folder}/{name}.html", encoding="utf-8").read()
    page = page.replace("<head>", "<head>" + head, 1).replace("<body>", f'<body data-page="{name}">', 1)
    open(f"{folder}/{name}-checked.html", "w", encoding="utf-8").write(page.replace("</body>", check + "</body>", 1))
END
look() { # PAGE LABEL [OPTION...]
    chromium --headless --no-sandbox --disable-gpu --window-size=1100,1400 --virtual-time-budget=20000 --dump-dom "${@:3}" \
        "file://$folder/$1-checked.html" 2>/dev/null | grep -o '<title>found:[^<]*' >"$folder/found" ||
        { echo "the script of page $1 did not finish" >&2; exit 1; }
    printf '%s: %s\n' "$2" "$(sed 's/<title>found: //' "$folder/found")"
    ! grep -q BAD "$folder/found"
}
for page in loss sweep compare; do
    look $page $page
    [[ -z $axe ]] || look $page "$page, dark" --blink-settings=preferredColorScheme=0
done
[[ -n $axe ]] || echo "axe-core is not installed: accessibility was not checked" >&2

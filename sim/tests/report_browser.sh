#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# report_browser.sh ISTHMUS: the HTML report of the region loss in headless Chromium. A copy of the page gets a script that moves
# the pointer over a chart, drags a zoom, switches a line off and sorts a table, and writes what it found into the title.
# Fails on an error of the console, a request, or a step without its effect.
set -euo pipefail
program=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v chromium >/dev/null || { echo "chromium is not installed" >&2; exit 77; }

"$program" run "$root/scenarios/20-region-loss.yaml" --replications 2 --quiet --output "$folder/r.db" || [[ $? == 1[02] ]]
"$program" report "$folder/r.db" --output "$folder/r.html" >/dev/null
cat >"$folder/check.js" <<'END'
window.addEventListener("load", () => setTimeout(() => {
  const found = [], say = (name, good) => found.push(name + (good ? " good" : " BAD"));
  const plots = Array.from(document.querySelectorAll(".live")), values = Array.from(document.querySelectorAll(".values"));
  const fire = (plot, type, x, y, extra) => {
    const canvas = plot.querySelectorAll("canvas")[1], box = canvas.getBoundingClientRect();
    const event = new MouseEvent(type, Object.assign({bubbles: true, clientX: box.left + x * box.width, clientY: box.top + y * box.height}, extra));
    (type === "mousemove" || type === "mousedown" ? canvas : document).dispatchEvent(event);
  };
  const labels = plot => Array.from(plot.querySelectorAll(".dygraph-axis-label-x")).map(e => e.textContent).join(" ");
  say("plots", plots.length >= 4 && document.querySelectorAll("figure svg").length === 0);
  fire(plots[0], "mousemove", 0.5, 0.5);
  const at = values.map(v => v.textContent.split(" ")[0]);
  say("cursor", at[0] !== "" && at.every(t => t === at[0]));
  const before = labels(plots[1]);
  fire(plots[0], "mousedown", 0.4, 0.5); fire(plots[0], "mousemove", 0.6, 0.5); document.dispatchEvent(new MouseEvent("mousemove", {bubbles: true,
    clientX: plots[0].getBoundingClientRect().left + 600, clientY: plots[0].getBoundingClientRect().top + 100}));
  fire(plots[0], "mouseup", 0.6, 0.5);
  say("zoom", labels(plots[1]) !== before);
  document.getElementById("zoom-out").click();
  setTimeout(() => {
    say("zoom-out", labels(plots[1]) === before);
    const box = document.querySelector(".lines input");
    box.click();
    fire(plots[0], "mousemove", 0.2, 0.5);
    say("switch", !values[0].textContent.includes(box.nextSibling.textContent.trim()) && values[1].textContent.includes(box.nextSibling.textContent.trim()));
    const table = document.querySelector("table.sortable"), button = table.querySelectorAll("th button")[0];
    const column = () => Array.from(table.tBodies[0].rows).map(r => r.cells[0].textContent);
    button.click();
    const up = column();
    button.click();
    say("sort", up[0] < up[up.length - 1] && column()[0] === up[up.length - 1]);
    say("requests", performance.getEntriesByType("resource").length === 0);
    say("errors", errors.length === 0);
    document.title = "found: " + found.join(", ") + " " + errors.join("; ");
  }, 800);
}, 200));
END
python3 - "$folder" <<'END'
import sys
folder = sys.argv[1]
page = open(folder + "/r.html", encoding="utf-8").read()
head = "<script>const errors = []; addEventListener('error', e => errors.push(e.message)); console.error = (...x) => errors.push(x.join(' '));</script>"
check = "<script>" + open(folder + "/check.js").read() + "</script>"
open(folder + "/checked.html", "w", encoding="utf-8").write(page.replace("<head>", "<head>" + head, 1).replace("</body>", check + "</body>", 1))
END
chromium --headless --no-sandbox --disable-gpu --window-size=1100,1400 --virtual-time-budget=6000 --dump-dom "file://$folder/checked.html" 2>/dev/null |
    grep -o '<title>found:[^<]*' >"$folder/found" || { echo "the page's script did not finish" >&2; exit 1; }
cat "$folder/found"
! grep -q BAD "$folder/found"

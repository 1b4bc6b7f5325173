// SPDX-License-Identifier: GPL-3.0-or-later
// Time lines with one cursor and one zoom over all, lines that can be switched off, tables that can be sorted. Without this
// script the page shows the drawings and tables that are in it.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const style = () => getComputedStyle(document.documentElement);
  const charts = [];
  for (const chart of data.charts) chart.t = chart.series[0].mean.map((value, i) => i * data.bin_s);
  let busy = false;

  function clock(seconds) {
    const s = Math.round(seconds), pad = n => String(n).padStart(2, "0");
    return (s >= 3600 ? Math.floor(s / 3600) + ":" + pad(Math.floor(s / 60) % 60) : String(Math.floor(s / 60))) + ":" + pad(s % 60);
  }
  function short(value) { return String(Number(value.toPrecision(3))); }
  function shown(value, unit) {
    if (value === null || Number.isNaN(value)) return "none";
    if (unit === "share") return short(value * 100) + " %";
    if (unit === "ns") return value >= 1e9 ? short(value / 1e9) + " s" : value >= 1e6 ? short(value / 1e6) + " ms" : short(value / 1e3) + " us";
    if (unit === "bytes") return value >= 1 << 20 ? short(value / (1 << 20)) + " MiB" : value >= 1024 ? short(value / 1024) + " KiB" : short(value) + " B";
    return Math.abs(value) >= 1e6 ? short(value / 1e6) + "M" : Math.abs(value) >= 1e4 ? short(value / 1e3) + "k" : short(value);
  }
  function rows(chart) {
    return chart.t.map((t, i) => [t].concat(chart.series.map(s =>
      s.mean[i] === null ? [null, null, null] : [s.low[i] === null ? s.mean[i] : s.low[i], s.mean[i], s.high[i] === null ? s.mean[i] : s.high[i]])));
  }
  // Ticks at whole seconds, minutes and hours.
  function ticks(from, to, pixels) {
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];
    const step = steps.find(s => (to - from) / s <= pixels / 70) || 86400, list = [];
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) list.push({v: t, label: clock(t)});
    return list;
  }
  function shade(canvas, area, graph) {
    canvas.fillStyle = style().getPropertyValue("--fault");
    for (const fault of data.faults) {
      const left = graph.toDomXCoord(fault[0]), right = graph.toDomXCoord(fault[1]);
      canvas.fillRect(left, area.y, right - left, area.h);
    }
  }
  function cursor(row, except) {
    if (busy) return;
    busy = true;
    for (const one of charts) {
      const i = row === null ? -1 : one.data.t.indexOf(row);
      if (one.graph !== except) { if (i < 0) one.graph.clearSelection(); else one.graph.setSelection(i); }
      one.values.textContent = i < 0 ? "" : clock(row) + "   " + one.data.series.map((s, k) => one.graph.visibility()[k] && s.mean[i] !== null ?
        s.name + " " + shown(s.mean[i], one.data.unit) + (s.low[i] === null ? "" : " [" + shown(s.low[i], one.data.unit) + ", " + shown(s.high[i], one.data.unit) + "]") : null)
        .filter(Boolean).join(" · ");
    }
    busy = false;
  }
  function zoom(graph, initial) {
    if (busy || initial) return;
    busy = true;
    const range = graph.xAxisRange();
    for (const one of charts) if (one.graph !== graph) one.graph.updateOptions({dateWindow: range});
    busy = false;
  }
  function start(figure, chart) {
    const place = document.createElement("div"), values = document.createElement("div"), lines = document.createElement("fieldset");
    const drawing = figure.querySelector("svg");
    place.className = "live"; values.className = "values"; lines.className = "lines";
    values.setAttribute("aria-live", "off");
    place.setAttribute("role", "img"); place.setAttribute("aria-label", drawing.getAttribute("aria-label"));
    const legend = document.createElement("legend"); legend.textContent = "Lines of " + chart.title; legend.style.position = "absolute"; legend.style.clip = "rect(0 0 0 0)";
    lines.append(legend);
    drawing.replaceWith(place, values, lines);
    const colours = chart.series.map((s, i) => style().getPropertyValue("--s" + i % 8).trim());
    const graph = new Dygraph(place, rows(chart), {
      customBars: true, labels: ["t"].concat(chart.series.map(s => s.name)), colors: colours, legend: "never", strokeWidth: 1.7,
      valueRange: [0, chart.unit === "share" && chart.max > 0.5 ? 1.02 : chart.max * 1.05], connectSeparatedPoints: false, fillAlpha: 0.18,
      gridLineColor: style().getPropertyValue("--rule").trim(), axisLineColor: style().getPropertyValue("--dim").trim(),
      axes: {x: {ticker: ticks, valueFormatter: clock}, y: {axisLabelFormatter: v => shown(v, chart.unit), axisLabelWidth: 64}},
      underlayCallback: shade, drawCallback: zoom,
      highlightCallback: (event, x) => cursor(x, graph), unhighlightCallback: () => cursor(null, graph)
    });
    chart.series.forEach((s, i) => {
      if (i >= 8) graph.updateOptions({series: {[s.name]: {strokePattern: i >= 16 ? [2, 3] : [7, 3]}}});
      const label = document.createElement("label"), box = document.createElement("input"), name = document.createElement("span");
      box.type = "checkbox"; box.checked = true;
      box.addEventListener("change", () => graph.setVisibility(i, box.checked));
      name.textContent = " " + s.name; name.style.color = "var(--s" + i % 8 + ")";
      name.style.borderBottom = "2px " + (i >= 16 ? "dotted" : i >= 8 ? "dashed" : "solid") + " var(--s" + i % 8 + ")"; // as the line
      label.append(box, name); lines.append(label);
    });
    charts.push({graph: graph, data: chart, values: values});
  }
  if (window.Dygraph) {
    for (const chart of data.charts) start(document.getElementById("chart-" + chart.id), chart);
    const reset = document.getElementById("zoom-out");
    if (reset) { reset.hidden = false; reset.addEventListener("click", () => charts.forEach(one => one.graph.resetZoom())); }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(one => one.graph.updateOptions({
      colors: one.data.series.map((s, i) => style().getPropertyValue("--s" + i % 8).trim()), gridLineColor: style().getPropertyValue("--rule").trim()})));
  }
  // The map at an instant: active faults, the primary, and the share of good requests of each region.
  function drawMap(map, t) {
    const active = map.faults.filter(f => f.from <= t && (f.to === null || f.to > t));
    const primary = map.primary.filter(p => p[0] <= t).map(p => p[1]).pop();
    const good = data.charts.find(chart => chart.id === "availability");
    const bin = Math.floor(t / data.bin_s + 1e-9), said = [];
    const byRegion = good && map.regions.some(name => good.series.some(s => s.name === name));
    document.querySelectorAll("#topology .link").forEach(line =>
      line.classList.toggle("hit", active.some(f => f.links.includes(Number(line.dataset.link)))));
    document.querySelectorAll("#topology .region").forEach(circle => {
      const r = Number(circle.dataset.region), line = good && good.series.find(s => s.name === map.regions[r]);
      const share = line && line.mean[bin] !== undefined && line.mean[bin] !== null ? shown(line.mean[bin], "share") + " good" : byRegion ? "no requests" : "";
      const state = [share, r === primary ? "primary" : ""].filter(Boolean).join(", ");
      circle.classList.toggle("hit", active.some(f => f.regions.includes(r)));
      circle.classList.toggle("primary", r === primary);
      document.querySelector('#topology [data-state="' + r + '"]').textContent = state;
      if (state) said.push(map.regions[r] + ": " + state);
    });
    document.getElementById("map-now").textContent = clock(t);
    document.getElementById("map-state").textContent = (active.length ? active.map(f => f.words).join("; ") : "No fault is active") + ". " + (said.length > 0 && said.length <= 4 ? said.join("; ") + "." : "");
  }
  if (data.map) {
    const slider = document.getElementById("map-time"), draw = () => drawMap(data.map, Number(slider.value));
    document.getElementById("map-slider").hidden = false;
    slider.addEventListener("input", draw);
    draw();
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = table.tHead.rows[0].cells;
    Array.from(heads).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button"; button.textContent = head.textContent; head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending", body = table.tBodies[0];
        const key = row => { const cell = row.cells[column]; return cell.dataset.value === undefined ? cell.textContent : cell.dataset.value === "" ? Infinity : Number(cell.dataset.value); };
        Array.from(heads).forEach(h => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...Array.from(body.rows).sort((a, b) => {
          const x = key(a), y = key(b), order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", {numeric: true});
          return down ? -order : order;
        }));
      });
    });
  }
})();

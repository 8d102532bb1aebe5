"use strict";
// The page of a finished or running training run. Names of metrics come from anywhere: they are
// only ever written with textContent, never as markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const run = JSON.parse(byId("run").textContent);
  const GIB = 2 ** 30;

  function numbers(text, Kind) {
    const bytes = Uint8Array.from(atob(text), (mark) => mark.charCodeAt(0));
    return Array.from(new Kind(bytes.buffer));
  }

  function unpack(packed) {
    const values = numbers(packed.values, packed.type === "f8" ? Float64Array : Float32Array);
    const epochs = Array.isArray(packed.epochs)
      ? Array.from({ length: packed.epochs[1] }, (_, place) => packed.epochs[0] + place)
      : numbers(packed.epochs, Int32Array);
    return { kind: packed.kind, name: packed.name, epochs, values };
  }

  // Which chart a curve belongs to: metrics by their path, readings by their unit.
  function groupOf(curve) {
    if (curve.kind === "seconds") return { title: "Seconds per epoch", scale: 1 };
    if (curve.kind === "metric") {
      const dot = curve.name.lastIndexOf(".");
      return { title: dot > 0 ? curve.name.slice(0, dot) : "Metrics", scale: 1 };
    }
    if (curve.name.endsWith("_percent")) return { title: "Load, percent", scale: 1, floor: 0 };
    if (/^ram_|_memory_(used|total)$/.test(curve.name)) return { title: "Memory, GB", scale: 1 / GIB, floor: 0 };
    if (curve.name.endsWith("_power")) return { title: "Power, watts", scale: 1, floor: 0 };
    if (curve.name.endsWith("_temperature")) return { title: "Temperature, °C", scale: 1 };
    return { title: "Other readings", scale: 1 };
  }

  function grouped(curves) {
    const groups = new Map();
    for (const curve of curves) {
      const group = groupOf(curve);
      const key = (curve.kind === "metric" ? "m:" : "r:") + group.title;
      if (!groups.has(key)) groups.set(key, { ...group, curves: [] });
      groups.get(key).curves.push(curve);
    }
    return [...groups.values()];
  }

  // Exponential smoothing over the points that are there, free of the start's bias: sparse stays sparse.
  function smoothed(values, weight) {
    let mean = 0;
    let total = 0;
    return values.map((value) => {
      if (!Number.isFinite(value)) return value;
      mean = weight * mean + (1 - weight) * value;
      total = weight * total + (1 - weight);
      return mean / total;
    });
  }

  // uPlot joins over undefined (nothing logged at this epoch) and breaks the line at null (not a finite number).
  function aligned(group, settings) {
    const epochs = [...new Set(group.curves.flatMap((curve) => curve.epochs))].sort((a, b) => a - b);
    const place = new Map(epochs.map((epoch, index) => [epoch, index]));
    const rows = group.curves.map((curve) => {
      const row = new Array(epochs.length).fill(undefined);
      smoothed(curve.values, settings.smoothing).forEach((value, index) => {
        const usable = Number.isFinite(value) && (!settings.log || value > 0);
        row[place.get(curve.epochs[index])] = usable ? value * group.scale : null;
      });
      return row;
    });
    return [epochs, ...rows];
  }

  function colour(index, dark) {
    return `hsl(${Math.round(215 + index * 137.5) % 360} 70% ${dark ? 65 : 38}%)`;
  }

  function format(value) {
    if (value === null || value === undefined) return "";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
    return value.toFixed(size < 100 ? 4 : 2);
  }

  function isDark() {
    return document.documentElement.dataset.theme === "dark";
  }

  function axis(label) {
    const style = getComputedStyle(document.documentElement);
    const line = { stroke: style.getPropertyValue("--line").trim(), width: 1 };
    return { label, stroke: style.getPropertyValue("--ink").trim(), grid: line, ticks: line };
  }

  let charts = [];
  function draw() {
    charts.forEach((chart) => chart.destroy());
    charts = [];
    byId("charts").replaceChildren();
    const settings = { smoothing: Number(byId("smoothing").value), log: byId("log").checked };
    const wanted = byId("find").value.trim().toLowerCase();
    const shown = curves.filter((curve) => curve.name.toLowerCase().includes(wanted));
    for (const group of grouped(shown)) charts.push(drawGroup(group, settings));
  }

  function drawGroup(group, settings) {
    const section = document.createElement("section");
    section.className = "chart";
    const heading = document.createElement("h2");
    heading.textContent = group.title;
    const holder = document.createElement("div");
    holder.setAttribute("role", "img");
    holder.setAttribute("aria-label", `${group.title}: ${group.curves.map((curve) => curve.name).join(", ")}, over epochs`);
    section.append(heading, holder);
    byId("charts").append(section);
    const lines = group.curves.map((curve, index) => ({
      label: curve.name,
      stroke: colour(index, isDark()),
      width: 1.5,
      value: (_, value) => format(value),
    }));
    const range = group.floor === 0 && !settings.log ? { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] } : {};
    const options = {
      width: Math.max(280, section.clientWidth - 26),
      height: 280,
      scales: { x: { time: false }, y: { distr: settings.log ? 3 : 1, ...range } },
      axes: [axis("epoch"), { ...axis(), size: 70 }],
      series: [{ label: "epoch" }, ...lines],
      cursor: { sync: { key: "epochs" } },
    };
    return new uPlot(options, aligned(group, settings), holder);
  }

  function cell(row, text, tag = "td") {
    const element = document.createElement(tag);
    element.textContent = text;
    if (tag === "th") element.scope = row.parentNode.nodeName === "THEAD" ? "col" : "row";
    row.append(element);
  }

  function extreme(curve, better) {
    let best = -1;
    curve.values.forEach((value, place) => {
      if (Number.isFinite(value) && (best < 0 || better(value, curve.values[best]))) best = place;
    });
    return best < 0 ? "" : `${format(curve.values[best])} (epoch ${curve.epochs[best]})`;
  }

  function summarise() {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const title of ["Name", "Last", "Lowest", "Highest", "Points", "Not finite"]) cell(head, title, "th");
    const body = table.createTBody();
    for (const curve of curves.filter((one) => one.kind === "metric")) {
      const row = body.insertRow();
      const odd = curve.values.filter((value) => !Number.isFinite(value)).length;
      const last = curve.values[curve.values.length - 1];
      cell(row, curve.name, "th");
      cell(row, Number.isFinite(last) ? format(last) : String(last));
      cell(row, extreme(curve, (one, other) => one < other));
      cell(row, extreme(curve, (one, other) => one > other));
      cell(row, String(curve.values.length));
      cell(row, odd ? String(odd) : "");
    }
    byId("summary").replaceChildren(table);
  }

  function state() {
    const seconds = all.find((curve) => curve.kind === "seconds");
    const done = seconds.epochs.length ? seconds.epochs[seconds.epochs.length - 1] : 0;
    const spent = seconds.values.reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0);
    const going = link === "none" ? "running when this was written" : link;
    const verb = done >= run.total ? "complete" : run.finished ? "stopped" : going;
    return `${verb}: epoch ${done} of ${run.total}, ${spent.toFixed(1)} s of training`;
  }

  // A served page goes on: numbered events bring what comes after the data that it was sent with.
  let link = "none";

  function listen() {
    link = "running";
    const source = new EventSource(`events?run=${run.live.run}&after=${run.live.after}`);
    source.onopen = () => reached("running");
    source.onerror = () => reached("running, but this page has lost touch with it and is trying again");
    source.onmessage = (message) => {
      reached("running");
      take(JSON.parse(message.data));
    };
    source.addEventListener("anew", () => location.reload());
    source.addEventListener("ended", () => source.close());
  }

  function reached(how) {
    if (link === how) return;
    link = how;
    byId("state").textContent = state();
  }

  const WORDS = { NaN, Infinity, "-Infinity": -Infinity };
  function take(event) {
    if (event.event === "finish") run.finished = true;
    if (event.event === "epoch") {
      run.total = event.total;
      run.finished = false;
      add("seconds", "seconds", event.epoch, event.seconds);
      for (const [name, value] of Object.entries(event.metrics)) add("metric", name, event.epoch, value);
      for (const [name, value] of Object.entries(event.resources)) add("resource", name, event.epoch, value);
    }
    soon();
  }

  // An epoch that is run again replaces itself and what came after it.
  function add(kind, name, epoch, value) {
    let curve = all.find((one) => one.kind === kind && one.name === name);
    if (!curve) {
      curve = { kind, name, epochs: [], values: [] };
      all.push(curve);
      curves = ordered();
    }
    while (curve.epochs.length && curve.epochs[curve.epochs.length - 1] >= epoch) {
      curve.epochs.pop();
      curve.values.pop();
    }
    curve.epochs.push(epoch);
    curve.values.push(typeof value === "string" ? WORDS[value] : value);
  }

  let drawing = 0;
  function soon() {
    if (drawing) return;
    drawing = setTimeout(() => {
      drawing = 0;
      byId("state").textContent = state();
      summarise();
      draw();
    }, 250);
  }

  function ordered() {
    return ["metric", "resource", "seconds"].flatMap((kind) => all.filter((curve) => curve.kind === kind));
  }

  const all = run.curves.map(unpack);
  let curves = ordered();
  const preferred = matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = preferred.matches ? "dark" : "light";
  byId("state").textContent = state();
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    draw();
  });
  for (const id of ["smoothing", "log", "find"]) byId(id).addEventListener("input", draw);
  let resizing = 0;
  addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(draw, 150);
  });
  summarise();
  draw();
  if (run.live) listen();
})();

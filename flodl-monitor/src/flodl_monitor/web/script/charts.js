// A chart per group. Drawn only while it can be seen, at most four times a second; what it held is given new data.
const POINTS = 2000; // of a curve; fewer where a chart has fewer pixels to show its lows and highs in
const charts = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const chart = entry.target.chart;
    chart.visible = entry.isIntersecting;
    if (chart.visible && chart.dirty) drawChart(chart);
  }
}, { rootMargin: "200px" });

// Make the charts that are wanted, in their order, and let go of the others.
function arrange() {
  const wanted = groups();
  const keys = new Set(wanted.map((group) => group.key));
  for (const [key, chart] of charts) if (!keys.has(key)) dispose(key, chart);
  let machine = false;
  wanted.forEach((group) => {
    let chart = charts.get(group.key);
    const names = group.curves.map((curve) => curve.name).join("\n");
    if (!chart) charts.set(group.key, (chart = newChart(group)));
    if (chart.names !== names) {
      chart.names = names;
      chart.group = group;
      relabel(chart);
    }
    chart.dirty = true;
    machine ||= !group.metrics;
    byId(group.metrics ? "charts" : "machine").append(chart.section);
  });
  byId("machine-section").hidden = !machine;
  byId("scope").hidden = !view.scope;
  const none = wanted.some((group) => group.metrics) ? "" : ": no metrics";
  byId("scope").replaceChildren(make("span", `Only ${view.scope}${none}`), button("Show all", () => focusOn("")));
}

function button(text, action) {
  const made = make("button", text);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

function dispose(key, chart) {
  seen.unobserve(chart.section);
  chart.plot?.destroy();
  chart.section.remove();
  charts.delete(key);
}

function newChart(group) {
  const section = make("section", undefined, "chart");
  const chart = { group, section, visible: false, dirty: true, plot: null, names: "" };
  chart.legend = make("div", undefined, "legend");
  chart.holder = make("div", undefined, "plot");
  chart.holder.setAttribute("role", "img");
  chart.note = make("p", "", "note");
  section.append(make("h3", group.title), chart.legend, chart.holder, chart.note);
  section.chart = chart;
  chart.holder.addEventListener("dblclick", () => zoom(null));
  seen.observe(section);
  return chart;
}

// A name is a button that shows or hides its curve; beside it the value under the crosshair, or the last.
function relabel(chart) {
  const { group } = chart;
  chart.holder.setAttribute("aria-label", `${group.title}: ${group.curves.map((one) => one.name).join(", ")}, over epochs`);
  chart.values = [];
  chart.legend.replaceChildren(...group.curves.map((curve, index) => {
    const key = keyOf(curve.kind, curve.name);
    const made = button("", () => toggle([key]));
    made.title = curve.name;
    made.dataset.key = key;
    const swatch = make("i");
    chart.values.push(make("b"));
    made.append(swatch, make("span", shortOf(curve, group)), chart.values[index]);
    return made;
  }));
  chart.look = "";
  chart.pool = null;
  chart.plot?.destroy();
  chart.plot = null;
}

// What the chart's heading has said already is left out.
function shortOf(curve, group) {
  if (curve.kind === "resource") return curve.name.replace(/_(percent|power|temperature)$/, "").replaceAll("_", " ");
  return group.path && curve.name.startsWith(`${group.title}.`) ? curve.name.slice(group.title.length + 1) : curve.name;
}

function paintLegend(chart) {
  const look = [isDark(), ...chart.group.curves.map((curve) => view.hidden.has(keyOf(curve.kind, curve.name)))].join();
  if (chart.look === look) return;
  chart.look = look;
  [...chart.legend.children].forEach((made, index) => {
    made.setAttribute("aria-pressed", String(!view.hidden.has(made.dataset.key)));
    made.firstChild.style.background = colour(index);
  });
}

function dataOf(chart) {
  const { group, plot } = chart;
  const limit = Math.min(POINTS, Math.max(500, 2 * devicePixelRatio * (plot?.width ?? 500)));
  const parts = group.curves.map(partOf);
  const width = Math.max(...parts.map((part) => widthOf(part, limit)));
  const key = JSON.stringify([width, view.smoothing, view.range, undone, parts.map((part) => [part.start, part.end > 0])]);
  const epochs = pooled(parts, width, chart.pool?.key === key ? goOn(parts, width, chart.pool) : []);
  chart.pool = { key, parts, epochs };
  const column = (part, values) => part.shown.map((place) => {
    if (place < 0) return undefined;
    return Number.isFinite(values[place]) && (!view.log || values[place] > 0) ? values[place] * group.scale : null;
  });
  const ghosts = view.smoothing ? parts.map((part) => column(part, part.curve.values)) : [];
  return [epochs.slice(), ...ghosts, ...parts.map((part) => column(part, part.values))];
}

// What is to be seen of a curve.
function partOf(curve) {
  const { epochs } = curve;
  const [start, end] = view.hidden.has(keyOf(curve.kind, curve.name)) ? [0, 0] : around(epochs, view.range);
  const values = view.smoothing && end ? smoothed(curve.values, view.smoothing) : curve.values;
  return { curve, epochs, values, start, end, place: start, shown: [] };
}

// One list of epochs for all curves, stretch by stretch: what is worth showing of each stands at the same few epochs,
// less than a pixel from its own; a stretch of one epoch is that epoch. Of each part `shown` tells the place that stands
// there, or -1. uPlot joins over undefined (nothing there) and breaks the line at null (not a finite number).
function pooled(parts, width, all) {
  for (let first; (first = firstOf(parts)) < Infinity; ) {
    const after = afterOf(first, width);
    let longest = parts[0];
    let last = first;
    for (let index = 0; index < parts.length; index++) { // this is run for every pixel: plain loops are quickest
      const part = parts[index];
      const found = (part.found = notable(part, after));
      const end = found.length ? part.epochs[found[found.length - 1]] : first;
      if (end > last) last = end;
      if (found.length > longest.found.length) longest = part;
    }
    const most = longest.found.length - 1;
    for (let slot = 0; slot < most; slot++) all.push(slot ? longest.epochs[longest.found[slot]] : first);
    all.push(last);
    for (let index = 0; index < parts.length; index++) {
      const { found, shown } = parts[index];
      for (let slot = 0; slot < most; slot++) shown.push(slot < found.length - 1 ? found[slot] : -1);
      shown.push(found.length ? found[found.length - 1] : -1);
    }
  }
  return all;
}

// What was pooled before stays, but for the stretch that each curve has grown in since.
function goOn(parts, width, { parts: before, epochs }) {
  const ends = before.filter((part) => part.end > 0).map((part) => part.epochs[part.end - 1]);
  const from = afterOf(Math.min(...ends), width) - width;
  epochs.length = ends.length ? placeOf(epochs, from) : 0;
  parts.forEach((part, index) => {
    part.shown = before[index].shown;
    part.shown.length = epochs.length;
    part.place = Math.min(part.end, Math.max(part.start, placeOf(part.epochs, from)));
  });
  return epochs;
}

function firstOf(parts) {
  let first = Infinity;
  for (let index = 0; index < parts.length; index++) {
    const { epochs, place, end } = parts[index];
    if (place < end && epochs[place] < first) first = epochs[place];
  }
  return first;
}

function drawChart(chart) {
  chart.dirty = false;
  const data = dataOf(chart);
  const shape = `${view.log} ${view.smoothing > 0} ${isDark()} ${data.length}`;
  if (chart.plot && chart.shape === shape) chart.plot.setData(data);
  else {
    chart.plot?.destroy();
    chart.shape = shape;
    chart.plot = new uPlot(optionsOf(chart, data[0]), data, chart.holder);
  }
  paintLegend(chart);
  readOut(chart, null);
}

function axis() {
  const line = { stroke: themed("--line"), width: 1 };
  return { stroke: themed("--faint"), grid: line, ticks: { show: false }, font: "12px system-ui, sans-serif" };
}

function optionsOf(chart, epochs) {
  const { group } = chart;
  const lines = group.curves.map((_, index) => ({ stroke: colour(index), width: 2, dash: dash(index), points: { size: 5, fill: colour(index) } }));
  const ghosts = view.smoothing ? lines.map((line) => ({ ...line, width: 1, alpha: 0.28, points: { show: false } })) : [];
  const floor = group.floor === 0 && !view.log ? { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] } : {};
  const steps = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();
  return {
    width: Math.max(240, chart.holder.clientWidth),
    height: 230,
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, low, high) => view.range ?? (low === high ? [low - 1, high + 1] : [low, high]) },
      y: { distr: view.log ? 3 : 1, ...floor },
    },
    axes: [{ ...axis(), incrs: steps, size: 32 }, { ...axis(), size: 62, values: (_, ticks) => ticks.map(tick) }],
    series: [{}, ...ghosts, ...lines],
    cursor: {
      sync: { key: "epochs", setSeries: false },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => null },
      points: { size: 7 },
    },
    hooks: {
      draw: [(plot) => drawMarks(plot, chart)],
      setCursor: [(plot) => readOut(chart, plot.cursor.idx === null ? null : plot.data[0][plot.cursor.idx], plot)],
      setSelect: [(plot) => select(plot)],
    },
  };
}

function tick(value) {
  if (value === null) return "";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(0) : String(Number(value.toPrecision(6)));
}

// The values at an epoch, or the last; of a long run, where a curve has no point there, what is drawn a pixel beside it.
function readOut(chart, epoch, plot) {
  const { scale } = chart.group;
  chart.group.curves.forEach((curve, index) => {
    const value = epoch === null || epoch === undefined ? lastOf(curve.values) : at(curve, epoch);
    const shown = value === undefined && plot ? plot.data[1 + index][plot.cursor.idx] : Number.isFinite(value) ? value * scale : value;
    const rough = curve.kind === "resource" && Number.isFinite(shown);
    write(chart.values[index], rough ? shown.toFixed(1) : format(shown));
  });
  const close = plot && epoch !== null && chart.group.metrics
    ? marks.filter((mark) => Math.abs(plot.valToPos(mark.epoch, "x") - plot.cursor.left) < 8) : [];
  const near = close.find((mark) => !mark.saved) ?? close.find((mark) => mark.epoch === epoch);
  const said = near ? `epoch ${near.epoch}: ${near.what}${near.why ? ` because ${near.why}` : ""}` : "";
  write(chart.note, said || (plot && epoch ? `epoch ${epoch}` : ""));
}

// A dashed line where something was done; at the foot a notch for a checkpoint, a cross where a value was no number.
function drawMarks(plot, chart) {
  if (!chart.group.metrics) return;
  const { left, top, width, height } = plot.bbox;
  const { ctx } = plot;
  const unit = devicePixelRatio;
  const across = (epoch) => plot.valToPos(epoch, "x", true);
  const inside = (x) => x >= left && x <= left + width;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = themed("--mark");
  ctx.lineWidth = unit;
  let notch = -Infinity;
  for (const { epoch, saved } of marks.slice(-400)) {
    const x = across(epoch);
    if (!inside(x)) continue;
    if (saved) {
      if (x - notch >= 5 * unit) ctx.fillRect((notch = x) - 1.5 * unit, top + height - 5 * unit, 3 * unit, 5 * unit);
      continue;
    }
    ctx.setLineDash([3 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - 4 * unit, top);
    ctx.lineTo(x + 4 * unit, top);
    ctx.lineTo(x, top + 7 * unit);
    ctx.fill();
  }
  ctx.setLineDash([]);
  ctx.strokeStyle = themed("--alarm");
  ctx.lineWidth = 1.5 * unit;
  for (const curve of chart.group.curves) {
    const odd = [];
    for (let place = curve.values.length - 1; place >= 0 && odd.length < 200; place--) {
      if (!Number.isFinite(curve.values[place])) odd.push(curve.epochs[place]);
    }
    for (const x of odd.map(across).filter(inside)) {
      const size = 3 * unit;
      const y = top + height - 6 * unit;
      ctx.beginPath();
      ctx.moveTo(x - size, y - size);
      ctx.lineTo(x + size, y + size);
      ctx.moveTo(x + size, y - size);
      ctx.lineTo(x - size, y + size);
      ctx.stroke();
    }
  }
  ctx.restore();
}

function select(plot) {
  const { left, width } = plot.select;
  if (width < 4) return;
  const ends = [left, left + width].map((pixel) => Math.round(plot.posToVal(pixel, "x")));
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  if (ends[0] < ends[1]) zoom(ends);
}

function zoom(range) {
  view.range = range;
  byId("whole").hidden = !range;
  [byId("from").value, byId("to").value] = range ?? ["", ""];
  redraw();
}

function redraw() {
  for (const chart of charts.values()) {
    if (chart.visible) drawChart(chart);
    else chart.dirty = true;
  }
}

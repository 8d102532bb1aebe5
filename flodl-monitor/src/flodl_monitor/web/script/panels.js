// What stands beside the curves: figures, tables, the model, settings. Nothing here grows with the run.
const ROWS = 20;
const COLUMNS = 12;
const LINES = 200;
let page = 0;

function timeLeft() {
  const { epochs, values } = curves.get("seconds:seconds");
  const left = run.total - (lastOf(epochs) ?? 0);
  const recent = values.slice(-9).filter(Number.isFinite).sort((a, b) => a - b);
  return left > 0 && recent.length ? left * recent[recent.length >> 1] : null;
}

function state() {
  const done = lastOf(curves.get("seconds:seconds").epochs) ?? 0;
  const verb = done >= run.total && run.total ? "complete" : run.finished ? "stopped" : run.live ? "running" : "running when this was written";
  const bare = run.finished && !run.total && !done; // curves without a run
  byId("progress").hidden = byId("epochs-section").hidden = bare;
  byId("state").hidden = bare;
  write(byId("state"), `${verb}: epoch ${done} of ${run.total}, ${duration(run.spent)} of training`);
  document.documentElement.dataset.state = verb.split(" ")[0];
  byId("progress").max = Math.max(1, run.total);
  byId("progress").value = done;
  const title = run.live && !run.finished && run.total ? `${Math.floor((100 * done) / run.total)}% ${run.title}` : run.title;
  if (document.title !== title) document.title = title; // the browser's own window is slow to change
  const left = verb.startsWith("running") ? timeLeft() : null;
  const main = known("metric").sort((a, b) => a.name.split(".").length - b.name.split(".").length).slice(0, 5);
  const figures = [
    ...(bare ? [] : [["Epoch", `${done} of ${run.total}`], ["Training", duration(run.spent)]]),
    ...(left === null ? [] : [["Time left", duration(left)]]),
    ...main.map((curve) => [curve.name, format(lastOf(curve.values))]),
  ];
  tiles(figures);
}

function tiles(figures) {
  const names = figures.map(([name]) => name).join("\n");
  if (byId("tiles").names !== names) {
    byId("tiles").names = names;
    byId("tiles").replaceChildren(...figures.map(([name]) => {
      const tile = make("div");
      tile.title = name;
      tile.append(make("dt", name), make("dd"));
      return tile;
    }));
  }
  figures.forEach(([, value], index) => write(byId("tiles").children[index].lastChild, value));
}

// Places of the lowest and the highest value, and how many are no number: in one pass, of all that is logged.
function extremes({ values }) {
  let [lowest, highest, odd] = [-1, -1, 0];
  for (let place = 0; place < values.length; place++) {
    const value = values[place];
    if (!Number.isFinite(value)) odd++;
    else {
      if (lowest < 0 || value < values[lowest]) lowest = place;
      if (highest < 0 || value > values[highest]) highest = place;
    }
  }
  return [lowest, highest, odd];
}

function tables() {
  const shown = known("metric").filter(inView);
  const rows = shown.slice(0, LINES).map((curve) => {
    const [lowest, highest, odd] = extremes(curve);
    const ends = [lowest, highest].map((place) => (place < 0 ? "" : `${format(curve.values[place])} (epoch ${curve.epochs[place]})`));
    return [curve.name, format(lastOf(curve.values)), ...ends, String(curve.values.length), odd ? String(odd) : ""];
  });
  const more = shown.length > LINES ? `and ${shown.length - LINES} more: find them by name` : "";
  const heads = ["Name", "Last", "Lowest", "Highest", "Points", "Not finite"];
  tabulate(byId("summary"), heads, rows, more);
  epochTable(shown.slice(0, COLUMNS));
  byId("happened-section").hidden = !marks.length;
  const events = told().slice(-LINES).reverse();
  const reasons = events.some((mark) => mark.why);
  const happened = events.map((mark) => [String(mark.epoch), mark.what, ...(reasons ? [mark.why] : [])]);
  tabulate(byId("happened"), ["Epoch", "What", ...(reasons ? ["Why"] : [])], happened);
}

function epochTable(columns) {
  const { epochs, values } = curves.get("seconds:seconds");
  page = Math.max(0, Math.min(page, Math.ceil(epochs.length / ROWS) - 1));
  const end = epochs.length - page * ROWS;
  const rows = [];
  for (let place = end - 1; place >= Math.max(0, end - ROWS); place--) {
    rows.push([String(epochs[place]), format(values[place]), ...columns.map((curve) => format(at(curve, epochs[place])))]);
  }
  tabulate(byId("epochs"), ["Epoch", "Seconds", ...columns.map((curve) => curve.name)], rows);
  byId("newer").disabled = page === 0;
  byId("older").disabled = end <= ROWS;
  write(byId("place"), epochs.length ? `${Math.max(1, end - ROWS + 1)} to ${end} of ${epochs.length}` : "");
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = new Set(["svg", "g", "rect", "circle", "path", "text", "title"]);
const ATTRIBUTES = new Set(["class", "text-anchor", "stroke-linejoin", "viewBox", "d", "fill", "fill-opacity", "x", "y",
  "width", "height", "rx", "cx", "cy", "r", "data-path", "aria-label"]);

// Python let only shapes and words into the data; here nothing else is made of it either.
function built([tag, attributes, children]) {
  if (!SHAPES.has(tag)) return document.createTextNode("");
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (ATTRIBUTES.has(name)) element.setAttribute(name, value);
  element.append(...children.map((child) => (typeof child === "string" ? child : built(child))));
  return element;
}

function describe() {
  const { about } = run;
  byId("model-section").hidden = !about?.drawing && !about?.parts.length;
  byId("facts-section").hidden = !about || !Object.keys({ ...about.settings, ...about.environment }).length;
  if (!about) return;
  byId("model-heading").textContent = about.title ? `Model: ${about.title}` : "Model";
  if (about.drawing) {
    const drawing = built(about.drawing);
    drawing.setAttribute("role", "img");
    if (!drawing.hasAttribute("aria-label")) drawing.setAttribute("aria-label", `Drawing of ${about.title || "the model"}`);
    byId("drawing").replaceChildren(drawing);
  } else byId("drawing").replaceChildren();
  byId("heat").hidden = !byId("drawing").querySelector("[class*='heat-']");
  const parts = about.parts.map(([path, count, frozen]) => [path, count.toLocaleString("en"), frozen ? "frozen" : "trained"]);
  byId("parts").replaceChildren(...(parts.length ? [table(["Part", "Parameters", "State"], parts)] : []));
  for (const cell of byId("parts").querySelectorAll("tbody th")) {
    const path = cell.textContent;
    cell.replaceChildren(button(path, () => focusOn(view.scope === path ? "" : path)));
  }
  const lists = [["Settings", about.settings], ["Environment", about.environment]].filter(([, all]) => Object.keys(all).length);
  byId("facts").replaceChildren(...lists.map(([title, all]) => {
    const box = make("div");
    const list = make("dl");
    for (const [name, value] of Object.entries(all)) list.append(make("dt", name), make("dd", value));
    box.append(make("h3", title), list);
    return box;
  }));
  paintDrawing();
}

function paintDrawing() {
  for (const element of byId("drawing").querySelectorAll("g[data-path]")) {
    element.classList.toggle("chosen", view.scope !== "" && element.dataset.path === view.scope);
  }
}

// Every curve as the page has it, seven digits, an epoch a row.
function asCsv() {
  const shown = [...known("seconds"), ...known("metric"), ...known("resource")];
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const number = (value) => (value === undefined ? "" : String(Number(value.toPrecision(7))));
  const epochs = [...new Set(shown.flatMap((curve) => curve.epochs))].sort((a, b) => a - b);
  const rows = epochs.map((epoch) => [epoch, ...shown.map((curve) => number(at(curve, epoch)))].join(","));
  return [["epoch", ...shown.map((curve) => quoted(curve.name))].join(","), ...rows, ""].join("\n");
}

function saveCsv() {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([asCsv()], { type: "text/csv" }));
  link.download = `${run.title.replace(/[^\w.-]+/g, "_").slice(0, 80) || "run"}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// What is to be seen: scope, hidden curves, smoothing, scale, range. And the groups that share a chart.
const view = { scope: "", hidden: new Set(), find: "", smoothing: 0, log: false, range: null };
const GIB = 2 ** 30;
const within = (name, path) => path === "" || name === path || name.startsWith(`${path}.`);

function inView(curve) {
  if (curve.kind === "metric" && !within(curve.name, view.scope)) return false;
  return curve.name.toLowerCase().includes(view.find);
}

// Which chart a curve belongs to: metrics by their path, those without one by their last word (`loss`, `val_loss`),
// readings by their unit.
function groupOf(curve) {
  if (curve.kind === "seconds") return { title: "Seconds per epoch", scale: 1, floor: 0 };
  if (curve.kind === "metric") {
    const dot = curve.name.lastIndexOf(".");
    const word = curve.name.slice(curve.name.lastIndexOf("_") + 1);
    return { title: dot > 0 ? curve.name.slice(0, dot) : word || "(no name)", path: dot > 0, scale: 1 };
  }
  if (curve.name.endsWith("_percent")) return { title: "Load, percent", scale: 1, floor: 0 };
  if (/^ram_|_memory_(used|total)$/.test(curve.name)) return { title: "Memory, GB", scale: 1 / GIB, floor: 0 };
  if (curve.name.endsWith("_power")) return { title: "Power, watts", scale: 1, floor: 0 };
  if (curve.name.endsWith("_temperature")) return { title: "Temperature, °C", scale: 1 };
  return { title: "Other readings", scale: 1 };
}

function groups() {
  const found = new Map();
  for (const kind of ["metric", "resource", "seconds"]) {
    for (const curve of known(kind)) {
      if (!inView(curve)) continue;
      const group = groupOf(curve);
      const key = `${kind === "metric" ? "m" : "r"}${group.path ? "." : ""}:${group.title}`;
      if (!found.has(key)) found.set(key, { ...group, key, metrics: kind === "metric", curves: [] });
      found.get(key).curves.push(curve);
    }
  }
  return [...found.values()];
}

const PALETTE = {
  light: ["#2563c9", "#c2410c", "#15803d", "#9333c7", "#b91c50", "#0e7490", "#a16207", "#475569"],
  dark: ["#6ea8ff", "#ff9d5c", "#57d38c", "#c79bff", "#ff7fa8", "#4fd1e0", "#e6c04a", "#a8b5c7"],
};
const isDark = () => document.documentElement.dataset.theme === "dark";
const colour = (index) => PALETTE[isDark() ? "dark" : "light"][index % 8];
const dash = (index) => [[], [6, 4], [2, 3]][Math.floor(index / 8) % 3];

// A colour of the page's style, looked up once in each theme: to look makes the browser work out all styles anew.
const tones = new Map();
function themed(name) {
  const key = `${name} ${isDark()}`;
  if (!tones.has(key)) tones.set(key, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return tones.get(key);
}

function make(tag, text, kind) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
}

// Text that is there already is left alone, and so is what a reader has marked or scrolled to.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A table that stays what it is while its size does.
function tabulate(holder, heads, rows, more = "") {
  const shape = `${heads.length} ${rows.length} ${more}`;
  if (holder.shape !== shape) {
    holder.shape = shape;
    holder.replaceChildren(table(heads, rows), ...(more ? [make("p", more, "hint")] : []));
    holder.cells = [...holder.querySelectorAll("th, td")];
  } else [heads, ...rows].flat().forEach((text, index) => write(holder.cells[index], text));
}

function table(heads, rows) {
  const made = make("table");
  const head = made.createTHead().insertRow();
  for (const title of heads) {
    const cell = make("th", title);
    cell.scope = "col";
    head.append(cell);
  }
  const body = made.createTBody();
  for (const [first, ...rest] of rows) {
    const row = body.insertRow();
    const cell = make("th", first);
    cell.scope = "row";
    row.append(cell, ...rest.map((text) => make("td", text)));
  }
  return made;
}

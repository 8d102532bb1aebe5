// The run: every curve with its own epochs. Names come from anywhere: they are only ever written as text.
const byId = (id) => document.getElementById(id);
const run = JSON.parse(byId("run").textContent);
const curves = new Map();
const WORDS = { NaN, Infinity, "-Infinity": -Infinity };
const KEPT = 20000; // points of a curve that a page left open all day holds
const keyOf = (kind, name) => `${kind}:${name}`;
const known = (kind) => [...curves.values()].filter((curve) => curve.kind === kind);
const lastOf = (list) => list[list.length - 1];

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

// What arrives live is rounded as the page's own data is: whoever came early sees what a late one sees.
function seven(value) {
  if (typeof value === "string") return WORDS[value];
  const size = Math.abs(value);
  return size === 0 || (size >= 1.2e-38 && size <= 3.4e38) ? Math.fround(value) : value;
}

// First place whose epoch is not before this one.
function placeOf(epochs, epoch) {
  let low = 0;
  let high = epochs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (epochs[middle] < epoch) low = middle + 1;
    else high = middle;
  }
  return low;
}

// From the last place before these epochs to the first one after them.
function around(epochs, range) {
  return range ? [Math.max(0, placeOf(epochs, range[0]) - 1), Math.min(epochs.length, placeOf(epochs, range[1] + 1) + 1)] : [0, epochs.length];
}

function at(curve, epoch) {
  const place = placeOf(curve.epochs, epoch);
  return curve.epochs[place] === epoch ? curve.values[place] : undefined;
}

// Stretches of a power of two epochs, always at the same places: of each its lowest and highest point, and the
// first that is no number. A growing curve keeps its points until the width doubles, so it never flickers.
function widthOf({ epochs, start, end }, limit) {
  let width = 1;
  if (end - start <= limit) return width;
  while (2 * (Math.floor((epochs[end - 1] - epochs[start] + 1) / width) + 2) + 2 > limit) width *= 2;
  return width;
}

const afterOf = (epoch, width) => (Math.floor(epoch / width) + 1) * width;

// Goes on to the first place whose epoch is not before `after`; places worth keeping on the way, in order, and both ends.
function notable(part, after) {
  const { epochs, values, start, end } = part;
  const found = [];
  let lowest = -1, highest = -1, odd = -1, place = part.place;
  for (; place < end && epochs[place] < after; place++) {
    const value = values[place];
    if (!Number.isFinite(value)) odd = odd < 0 ? place : odd;
    else {
      if (lowest < 0 || value < values[lowest]) lowest = place;
      if (highest < 0 || value > values[highest]) highest = place;
    }
  }
  if (place === part.place) return found;
  if (lowest >= 0) found.push(Math.min(lowest, highest));
  if (lowest !== highest) found.push(Math.max(lowest, highest));
  if (odd >= 0) found.splice(found.filter((one) => one < odd).length, 0, odd);
  if (part.place === start && found[0] !== start) found.unshift(start);
  if (place === end && lastOf(found) !== end - 1) found.push(end - 1);
  part.place = place;
  return found;
}

// An epoch that is run again replaces itself and what came after it.
function add(kind, name, epoch, value) {
  let curve = curves.get(keyOf(kind, name));
  const fresh = !curve;
  if (fresh) {
    curve = { kind, name, epochs: [], values: [] };
    curves.set(keyOf(kind, name), curve);
  }
  cut(curve, epoch);
  curve.epochs.push(epoch);
  curve.values.push(seven(value));
  if (curve.epochs.length > KEPT) shrink(curve);
  return fresh;
}

let undone = 0; // how often points that were there have gone
function cut(curve, epoch) {
  if (curve.epochs.length && lastOf(curve.epochs) >= epoch) undone++;
  while (curve.epochs.length && lastOf(curve.epochs) >= epoch) {
    const gone = curve.values.pop();
    if (curve.kind === "seconds" && Number.isFinite(gone)) run.spent -= gone;
    curve.epochs.pop();
  }
}

function shrink(curve) {
  undone++;
  const part = { ...curve, start: 0, place: 0, end: curve.epochs.length };
  const width = widthOf(part, KEPT / 2);
  const places = [];
  while (part.place < part.end) places.push(...notable(part, afterOf(part.epochs[part.place], width)));
  curve.epochs = places.map((place) => curve.epochs[place]);
  curve.values = places.map((place) => curve.values[place]);
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

function marksOf() {
  const rules = run.fired.map((one) => ({ epoch: one.epoch, what: one.actions.join(", "), why: one.condition }));
  const others = run.marks.map(([epoch, text]) => ({ epoch, what: text, why: "", saved: text.startsWith("saved ") }));
  return [...rules, ...others].sort((one, other) => one.epoch - other.epoch);
}

// Of checkpoints only the newest, and the newest that was the best: of the others most are gone.
function told() {
  const saves = marks.filter((mark) => mark.saved);
  const best = saves.filter((mark) => mark.what.includes(", best "));
  return marks.filter((mark) => !mark.saved || mark === lastOf(saves) || mark === lastOf(best)).map((mark) =>
    (mark === lastOf(saves) && saves.length > 1 ? { ...mark, why: `the newest of ${saves.length}` } : mark));
}

function format(value) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return value.toFixed(size < 100 ? 4 : 2);
}

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${(minutes / 1440).toFixed(1)} days`;
}

for (const packed of run.curves) if (packed.kind !== "time") curves.set(keyOf(packed.kind, packed.name), unpack(packed));
delete run.curves;
run.fired ??= [];
run.marks ??= [];
let marks = marksOf();

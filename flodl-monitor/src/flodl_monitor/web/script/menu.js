// The tree of names: a click on a path shows its metrics alone, a tick shows or hides.
const MOST = 400; // entries; further curves are found by their name
let menuOf = "";

function treeOf(names) {
  const root = { path: "", name: "All metrics", children: new Map(), key: null };
  for (const name of names) {
    const steps = name.split(".");
    const place = steps.length > 8 ? [...steps.slice(0, 7), steps.slice(7).join(".")] : steps;
    let node = root;
    place.forEach((step, depth) => {
      const path = place.slice(0, depth + 1).join(".");
      if (!node.children.has(step)) node.children.set(step, { path, name: step, children: new Map(), key: null });
      node = node.children.get(step);
    });
    node.key = keyOf("metric", name);
  }
  return root;
}

function buildMenu() {
  const names = known("metric").map((curve) => curve.name);
  if (menuOf === names.join("\n") && byId("menu").firstChild) return;
  menuOf = names.join("\n");
  const list = make("ul");
  list.append(entry(treeOf(names.slice(0, MOST))));
  const rest = names.length > MOST ? [make("p", `and ${names.length - MOST} more: find them by name`, "hint")] : [];
  byId("menu").replaceChildren(list, ...rest);
  paintMenu();
}

function entry(node) {
  const item = make("li");
  const row = make("div", undefined, "entry");
  const tick = make("input");
  tick.type = "checkbox";
  tick.setAttribute("aria-label", `Show ${node.path || "all metrics"}`);
  tick.addEventListener("change", () => show(keysBelow(node), tick.checked));
  const open = button(node.name || "(no name)", () => focusOn(view.scope === node.path ? "" : node.path));
  open.className = node.children.size ? "path" : "leaf";
  open.title = node.path;
  row.append(tick, open);
  row.tick = tick;
  row.open = open;
  row.node = node;
  item.append(row);
  if (node.children.size) {
    const inner = make("ul");
    const [leaves, paths] = [false, true].map((path) => [...node.children.values()].filter((one) => one.children.size > 0 === path));
    inner.append(...[...leaves, ...paths].map(entry));
    item.append(inner);
  }
  return item;
}

function keysBelow(node) {
  return [...(node.key ? [node.key] : []), ...[...node.children.values()].flatMap(keysBelow)];
}

function paintMenu() {
  for (const row of byId("menu").querySelectorAll(".entry")) {
    const keys = keysBelow(row.node);
    const gone = keys.filter((key) => view.hidden.has(key)).length;
    row.tick.checked = gone === 0;
    row.tick.indeterminate = gone > 0 && gone < keys.length; // a click on it shows all
    row.open.setAttribute("aria-pressed", String(view.scope === row.node.path));
  }
}

function show(keys, shown) {
  for (const key of keys) {
    if (shown) view.hidden.delete(key);
    else view.hidden.add(key);
  }
  paintMenu();
  redraw();
}

function toggle(keys) {
  show(keys, keys.some((key) => view.hidden.has(key)));
}

function focusOn(path) {
  view.scope = path;
  paintMenu();
  paintDrawing();
  arrange();
  redraw();
  tables();
}

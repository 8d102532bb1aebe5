// From data to page.
const remembered = {
  get: () => {
    try { return localStorage.getItem("flodl-theme"); } catch { return null; }
  },
  set: (theme) => {
    try { localStorage.setItem("flodl-theme", theme); } catch { /* a page may be shown where nothing is remembered */ }
  },
};
const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.theme = ["dark", "light"].includes(remembered.get()) ? remembered.get() : preferred;

byId("controls").addEventListener("submit", (event) => event.preventDefault());
byId("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  remembered.set(document.documentElement.dataset.theme);
  redraw();
});
byId("save").addEventListener("click", saveCsv);
byId("smoothing").addEventListener("input", () => {
  view.smoothing = Number(byId("smoothing").value);
  redraw();
});
byId("log").addEventListener("input", () => {
  view.log = byId("log").checked;
  redraw();
});
byId("find").addEventListener("input", () => {
  view.find = byId("find").value.trim().toLowerCase();
  arrange();
  redraw();
  tables();
});
for (const id of ["from", "to"]) {
  byId(id).addEventListener("change", () => {
    const last = lastOf(curves.get("seconds:seconds").epochs) ?? 1;
    const ends = [byId("from").value === "" ? 1 : Number(byId("from").value), byId("to").value === "" ? last : Number(byId("to").value)];
    zoom(ends[0] < ends[1] ? ends : null);
  });
}
byId("whole").addEventListener("click", () => zoom(null));
for (const [id, step] of [["newer", -1], ["older", 1]]) {
  byId(id).addEventListener("click", () => {
    page += step;
    tables();
  });
}
byId("heat").addEventListener("click", () => {
  const cool = byId("drawing").classList.toggle("cool");
  byId("heat").setAttribute("aria-pressed", String(!cool));
});
byId("drawing").addEventListener("click", (event) => {
  const part = event.target.closest("g[data-path]");
  if (part) focusOn(view.scope === part.dataset.path ? "" : part.dataset.path);
});

let width = innerWidth;
let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    if (width === innerWidth) return;
    width = innerWidth;
    for (const chart of charts.values()) chart.shape = "";
    redraw();
  }, 150);
});
addEventListener("beforeprint", () => {
  for (const chart of charts.values()) if (chart.dirty) drawChart(chart);
});
document.addEventListener("visibilitychange", () => {
  if (run.live) listen();
  if (!document.hidden) soon();
});

state();
buildMenu();
arrange();
tables();
describe();
if (run.live) listen();

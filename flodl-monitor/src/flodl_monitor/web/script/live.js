// A served page goes on: numbered events bring what comes after the data that it was sent with.
let source = null;
let fired = [];
let drawing = 0;
let tabled = 0;

// A tab that nobody looks at lets go of its connection, of which a browser has six per server; it comes back to all.
function listen() {
  source?.close();
  source = null;
  if (document.hidden || run.live.ended) return;
  source = new EventSource(`events?run=${run.live.run}&after=${run.live.after}`);
  source.onopen = () => reached("");
  source.onerror = () => {
    reached("This page has lost touch with the run, and is trying again.");
    if (source?.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
  source.onmessage = (message) => {
    run.live.after = Number(message.lastEventId);
    take(JSON.parse(message.data));
  };
  source.addEventListener("anew", () => location.reload());
  source.addEventListener("ended", () => {
    run.live.ended = true;
    source.close();
    reached("The run is over; this page stays as it is.");
  });
}

function reached(how) {
  write(byId("link"), how);
}

function take(event) {
  if (event.event === "finish") run.finished = true;
  if (event.event === "about") {
    run.about = event;
    describe();
  }
  if (event.event === "mark") late(event);
  if (event.event === "rule") fired.push(event);
  if (event.event === "epoch") epoch(event);
  soon();
}

function epoch(event) {
  run.total = event.total;
  run.finished = false;
  for (const curve of curves.values()) cut(curve, event.epoch);
  let fresh = add("seconds", "seconds", event.epoch, event.seconds);
  run.spent += Number.isFinite(event.seconds) ? event.seconds : 0;
  for (const [name, value] of Object.entries(event.metrics)) fresh = add("metric", name, event.epoch, value) || fresh;
  for (const [name, value] of Object.entries(event.resources)) fresh = add("resource", name, event.epoch, value) || fresh;
  const before = (one) => (one.epoch ?? one[0]) < event.epoch;
  run.fired = [...run.fired.filter(before), ...fired].slice(-1000);
  run.marks = [...run.marks.filter(before), ...(event.marks ?? []).map((text) => [event.epoch, text])].slice(-1000);
  fired = [];
  marks = marksOf();
  if (fresh) rearrange = true;
}

// Said of an epoch that is over, a checkpoint say; twice is once.
function late({ epoch, text }) {
  if (!run.marks.some((mark) => mark[0] === epoch && mark[1] === text)) run.marks.push([epoch, text]);
  marks = marksOf();
}

let rearrange = false;
function soon() {
  drawing ||= setTimeout(refresh, 250);
}

function refresh() {
  drawing = 0;
  if (document.hidden) return;
  state();
  if (rearrange) {
    rearrange = false;
    buildMenu();
    arrange();
  }
  redraw();
  tabled ||= setTimeout(() => {
    tabled = 0;
    tables();
  }, 500);
}

// The page of the live inspector. It listens to the events of the server, keeps a small model of its state, and draws
// that. From top to bottom:
//
//   1. limits and small functions
//   2. events: from the server into the model
//   3. drawing: from the model onto the page, at most once for each frame
//   4. the time line
//   5. bytes: a message is split into its parts, and each byte made visible
//   6. one exchange in detail
//   7. the composer: sends any bytes, and shows what comes back
//   8. user input: buttons, keys, the filter
//
// What clients have sent is shown as text and never becomes markup: nodes are made one by one, and only textContent and
// append put text into them.
"use strict";

// ---- 1. limits and small functions

const MAX_EXCHANGES = 500;   // shown at most, the newest
const MAX_LANES = 200;       // connections drawn at most, of those with exchanges
const MAX_SILENT_LANES = 50; // and of those without
const MAX_HELD = 2000;       // events kept while paused; if there are more, the server is asked again
const MAX_BODY = 4096;       // bytes of a body shown
const MAX_SENT = 65536;      // bytes that the composer may send
const MAX_PAUSES = 10;       // and how often it may pause

const byId = id => document.getElementById(id);

// Makes an element: its name, its class, its attributes, what is in it.
function make(name, className, attributes, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Writes only what differs: the browser has less to do, and selections in the text stay.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Requests something from the inspector. Without credentials, browsers use a separate connection for it, so that the
// requests of this page do not mix with those that it shows.
function ask(what, options) {
  return fetch(`./${what}`, { credentials: "omit", ...options });
}

// A time in microseconds, for people.
function duration(microseconds) {
  const [value, unit] = microseconds < 1e3 ? [microseconds, "µs"]
    : microseconds < 1e6 ? [microseconds / 1e3, "ms"]
    : microseconds < 60e6 ? [microseconds / 1e6, "s"]
    : microseconds < 3600e6 ? [microseconds / 60e6, "min"] : [microseconds / 3600e6, "h"];
  const digits = unit === "µs" || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

// A number of bytes, for people.
function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

const statusClass = status => `s${Math.floor(status / 100)}`;

// ---- 2. events: from the server into the model

const model = {
  exchanges: [],           // the newest, oldest first
  underWay: new Map(),     // responses that are being sent, by "connection:number"
  connections: new Map(),  // by number
  internal: new Map(),     // connections that this very page uses, by number
  workers: 0,
  version: "",
  faults: [],
  longest: null,           // the longest turn of a connection so far
  lost: 0,
  refresh: null,           // the timer after which everything is requested again
  total: 0,                // exchanges seen since the last clearing
  clearedAt: -1,           // what ended before this was cleared away
  clock: 0,                // the server's time minus this page's, in microseconds
};

let source = null;         // the EventSource
let state = "connecting";  // or "live" or "gone"
let held = null;           // while paused: the events that wait
let heldCount = 0;
let pausedAt = 0;

const pageClock = () => performance.now() * 1000;
const serverNow = () => pageClock() + model.clock;
const keyOf = event => `${event.connection}:${event.number}`;

// Each kind of event, and what it does to the model.
const HANDLERS = {
  hello(event) {
    const isRestarted = event.now < serverNow() - 1e6;
    if (isRestarted) {
      model.clearedAt = -1;
      selected = null;
    }
    model.clock = event.now - pageClock();
    model.workers = event.workers;
    model.version = event.version;
    model.faults = event.faults ?? [];
    model.helloAt = event.now;
    model.longest = null;
    forgetEverything();
  },
  turn(event) {
    model.longest = event;
  },
  open(event) {
    const known = model.connections.get(event.connection);
    const connection = known ?? addConnection(event.connection, event.client, event.worker);
    connection.opened = event.at;
    connection.isOpen = true;
  },
  close(event) {
    model.internal.delete(event.connection);
    const connection = model.connections.get(event.connection);
    if (!connection) return;
    connection.isOpen = false;
    connection.closed = event.at;
    for (const under of model.underWay.values()) {
      if (under.connection === event.connection) dropUnderWay(under);
    }
    dropIfForgotten(connection);
  },
  // The requests of this page are not shown. But browsers may use their connection for requests of other pages as well,
  // and then it is shown.
  internal(event) {
    const connection = model.connections.get(event.connection);
    model.internal.set(event.connection, connection);
    if (model.internal.size > MAX_EXCHANGES) model.internal.delete(model.internal.keys().next().value);
    if (connection) dropIfForgotten(connection);
  },
  progress(event) {
    const under = model.underWay.get(keyOf(event));
    const connection = model.connections.get(event.connection);
    if (under) {
      Object.assign(under, event);
    } else if (connection) {
      connection.requests = Math.max(connection.requests, event.number);
      model.underWay.set(keyOf(event), { ...event, row: null, bar: null });
    }
  },
  exchange(event) {
    const under = model.underWay.get(keyOf(event));
    if (under) dropUnderWay(under);
    if (event.ended <= model.clearedAt) return;
    let connection = model.connections.get(event.connection) ?? model.internal.get(event.connection);
    if (connection) {
      model.connections.set(event.connection, connection);
    } else {
      // An exchange from before this page listened comes without its connection, if that is closed.
      connection = addConnection(event.connection, event.client, event.worker);
      connection.isOpen = false;
    }
    if (connection.closed === null && event.ended > model.helloAt) connection.isOpen = true;
    connection.requests = Math.max(connection.requests, event.number);
    // The next request began before this response was complete: it was pipelined.
    const previous = connection.exchanges.at(-1);
    const overlaps = previous && event.began < previous.ended;
    const exchange = { ...event, level: overlaps ? (previous.level + 1) % 4 : 0, row: null, bar: null };
    if (overlaps) connection.pipelined = true;
    connection.exchanges.push(exchange);
    model.exchanges.push(exchange);
    model.total += 1;
    if (model.exchanges.length > MAX_EXCHANGES) dropExchange(model.exchanges.shift());
  },
  lost(event) {
    model.lost += event.events;
    // Opened and closed connections may be among the lost events. To be certain of the state, request everything again,
    // when there are fewer events.
    clearTimeout(model.refresh);
    model.refresh = setTimeout(() => {
      model.refresh = null;
      connect();
    }, 3000);
  },
};

function addConnection(number, client, worker) {
  const connection = {
    number, client, worker, opened: null, closed: null, isOpen: true,
    requests: 0, pipelined: false, exchanges: [], lane: null,
  };
  model.connections.set(number, connection);
  return connection;
}

function dropConnection(connection) {
  if (!connection) return;
  connection.lane?.node.remove();
  model.connections.delete(connection.number);
}

function dropIfForgotten(connection) {
  const isOver = !connection.isOpen || model.internal.has(connection.number);
  if (isOver && connection.exchanges.length === 0) dropConnection(connection);
}

function dropExchange(exchange) {
  exchange.row?.node.remove();
  exchange.bar?.node.remove();
  const connection = model.connections.get(exchange.connection);
  if (!connection) return;
  // It is the oldest, and so the first of its connection, or nearly.
  const index = connection.exchanges.indexOf(exchange);
  if (index >= 0) connection.exchanges.splice(index, 1);
  dropIfForgotten(connection);
}

function dropUnderWay(under) {
  under.row?.node.remove();
  under.bar?.node.remove();
  model.underWay.delete(keyOf(under));
}

function forgetEverything() {
  for (const connection of [...model.connections.values()]) dropConnection(connection);
  for (const exchange of model.exchanges) exchange.row?.node.remove();
  for (const under of [...model.underWay.values()]) dropUnderWay(under);
  model.exchanges = [];
  model.internal.clear();
  model.total = 0;
}

// One event has come. While the page is paused, it is kept for later; if there are too many, they are only counted.
function receive(kind, event) {
  if (kind === "hello") composer.newestId = 0;
  if (kind === "exchange") composer.notice(event);
  // A turn is no event of an exchange: it only says which was the longest.
  if (held && kind !== "turn") {
    heldCount += 1;
    if (kind === "hello") held.length = 0;
    held.push([kind, event]);
    if (held.length > MAX_HELD) held.splice(0);
  } else {
    HANDLERS[kind](event);
  }
  redraw();
}

// Opens the stream of events. If it breaks, the browser tries again by itself, unless the response was not a stream;
// then this page does.
function connect() {
  source?.close();
  const opened = source = new EventSource("./events");
  const listen = message => {
    // The browser reports an open stream by an event with the same name as ours, without data.
    if (opened !== source || typeof message.data !== "string") return;
    state = "live";
    receive(message.type, JSON.parse(message.data));
  };
  for (const kind of Object.keys(HANDLERS)) opened.addEventListener(kind, listen);
  opened.addEventListener("error", () => {
    if (opened !== source) return;
    state = "gone";
    if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === source && connect(), 2000);
    redraw();
  });
  redraw();
}

function pause(isPaused) {
  if (isPaused === Boolean(held)) return;
  if (isPaused) {
    held = [];
    heldCount = 0;
    pausedAt = serverNow();
  } else {
    const events = held;
    held = null;
    // If there was no room for all of them, only the server knows the state.
    if (events.length < heldCount && events[0]?.[0] !== "hello") connect();
    else for (const [kind, event] of events) HANDLERS[kind](event);
  }
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  redraw();
}

function clear() {
  model.clearedAt = serverNow();
  for (const exchange of model.exchanges.splice(0)) dropExchange(exchange);
  model.total = 0;
  model.lost = 0;
  if (held) {
    const kept = held.filter(([kind]) => kind !== "exchange" && kind !== "progress");
    heldCount -= held.length - kept.length;
    held = kept;
  }
  redraw();
}

// ---- 3. drawing: from the model onto the page, at most once for each frame

let isDue = false;
let selected = null; // the id of the exchange that is open

// However many events come, the page is drawn once for each frame of the screen.
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    drawState();
    drawRows();
    drawTimeLineSoon();
  });
}

function drawState() {
  const node = byId("state");
  node.className = state;
  const live = `Live · glasshttp ${model.version} · ${plural(model.workers, "worker")}`;
  setText(node, state === "gone" ? "Connection lost, trying again" : state !== "live" ? "Connecting to the server"
    : held ? `Paused · ${plural(heldCount, "event")} waiting` : live);
  drawLongest();
  document.title = `${state === "gone" ? "(lost) " : held ? "(paused) " : ""}Inspector · glasshttp`;
  setText(byId("pause"), held ? "Resume" : "Pause");

  byId("gone").hidden = state !== "gone";
  const faults = byId("faults");
  faults.hidden = model.faults.length === 0;
  setText(faults, `Faults are switched on: ${model.faults.join(", ")}. This server misbehaves on purpose.`);
  const lost = byId("lost");
  lost.hidden = model.lost === 0;
  setText(lost, `Too much at once for this page: it missed ${plural(model.lost, "event")}. `
    + (model.refresh ? "In a moment it asks anew how things stand." : "It has asked anew how things stand."));
}

// So long have all other connections of one worker waited, and for what.
function drawLongest() {
  const node = byId("longest");
  const longest = model.longest;
  node.hidden = !longest;
  if (!longest) return;
  const about = longest.target ? `${longest.method} ${longest.target}` : `connection ${longest.connection}`;
  const shown = about.length > 40 ? `${about.slice(0, 40)}…` : about;
  setText(node, `Longest turn ${(longest.took / 1000).toFixed(2)} ms: ${shown}`);
  node.title = `So long have all other connections of worker ${longest.worker} waited for ${about}.`;
}

// Whether an exchange passes the filter: all words must be in "GET /target 200 OK".
const filter = { words: [], classes: new Set(["2", "3", "4", "5"]) };

function isShown(exchange) {
  const code = String(exchange.status);
  // 1xx has no button: it is not a final response.
  if ("2345".includes(code[0]) && !filter.classes.has(code[0])) return false;
  if (filter.words.length === 0) return true;
  const text = `${exchange.method} ${exchange.target} ${code} ${exchange.phrase ?? ""}`.toLowerCase();
  return filter.words.every(word => text.includes(word));
}

const isFiltering = () => filter.words.length > 0 || filter.classes.size < 4;

function makeRow(exchange) {
  const cell = name => make("td", `c-${name}`, { role: "cell" });
  const names = ["status", "method", "target", "bytes", "time", "connection", "when"];
  const cells = Object.fromEntries(names.map(name => [name, cell(name)]));
  const node = make("tr", "", { role: "row" }, ...Object.values(cells));
  cells.method.textContent = printable(exchange.method) || "–";
  cells.connection.textContent = `#${exchange.connection}, ${ordinal(exchange.number)}`;
  return { node, cells };
}

const ordinal = number => {
  const tens = number % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : ["th", "st", "nd", "rd"][number % 10] ?? "th";
  return `${number}${ending}`;
};

function makeExchangeRow(exchange) {
  const row = makeRow(exchange);
  const { node, cells } = row;
  node.classList.add(statusClass(exchange.status));
  node.classList.toggle("broken", !exchange.complete);
  node.dataset.id = exchange.id;
  const target = printable(exchange.target) || "(no target)";
  row.button = make("button", "", {
    type: "button", tabindex: "-1", title: target,
    "aria-label": `${cells.method.textContent} ${target}: ${exchange.status} ${exchange.phrase}`,
  }, target);
  cells.target.append(row.button);
  cells.status.textContent = exchange.status;
  cells.status.title = exchange.phrase;
  cells.bytes.textContent = exchange.complete ? size(exchange.sent) : `${size(exchange.sent)} ✗`;
  cells.bytes.title = exchange.complete ? `${exchange.sent} bytes of body`
    : `${exchange.sent} of ${exchange.length} bytes: the connection ended too early`;
  cells.time.textContent = duration(exchange.ended - exchange.began);
  cells.when.textContent = clockTime(exchange.ended);
  return row;
}

// A time of the server as a clock shows it.
function clockTime(microseconds) {
  const at = new Date(Date.now() + (microseconds - serverNow()) / 1000);
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });
}

function drawUnderWay(under) {
  if (!under.row) {
    under.row = makeRow(under);
    const { node, cells } = under.row;
    node.classList.add(statusClass(under.status));
    cells.status.textContent = under.status;
    under.row.bar = make("progress", "", { "aria-label": `Sending ${printable(under.target)}` });
    cells.target.append(make("div", "", {}, make("span", "", {}, printable(under.target)), under.row.bar));
    cells.when.textContent = "under way";
    byId("under-way").prepend(node);
  }
  const { node, cells, bar } = under.row;
  bar.max = Math.max(under.length, 1);
  bar.value = under.sent;
  setText(cells.bytes, `${size(under.sent)}`);
  cells.bytes.title = `of ${size(under.length)}`;
  setText(cells.time, `${Math.floor(100 * under.sent / Math.max(under.length, 1))} %`);
  node.hidden = !isShown(under);
}

function drawRows() {
  // New ones are at the end of the list. Those above them in the table are known already.
  const fresh = [];
  for (let index = model.exchanges.length - 1; index >= 0 && !model.exchanges[index].row; index -= 1) {
    const exchange = model.exchanges[index];
    exchange.row = makeExchangeRow(exchange);
    exchange.row.node.hidden = !isShown(exchange);
    if (exchange.id === selected) select(exchange);
    fresh.push(exchange.row.node);
  }
  byId("rows").prepend(...fresh);
  for (const under of model.underWay.values()) drawUnderWay(under);
  keepOneTabStop();

  const shown = isFiltering() ? model.exchanges.filter(isShown).length : model.exchanges.length;
  const count = byId("count");
  setText(count, shown < model.total ? `${shown} of ${plural(model.total, "exchange")} shown` : plural(shown, "exchange"));
  const empty = byId("no-exchanges");
  empty.hidden = shown > 0 || model.underWay.size > 0;
  setText(empty, model.exchanges.length > 0 ? "No exchange passes the filter." : "No exchange yet.");
}

// The tab key stops once in the table, at the row where one was last; arrow keys do the rest.
let tabStop = null;
function keepOneTabStop(wanted) {
  let next = wanted ?? tabStop;
  if (!next?.isConnected || next.closest("tr").hidden) next = visibleRows()[0]?.querySelector("button");
  if (next === tabStop) return;
  tabStop?.setAttribute("tabindex", "-1");
  next?.setAttribute("tabindex", "0");
  tabStop = next;
}

const visibleRows = () => [...byId("rows").rows].filter(row => !row.hidden);

// ---- 4. the time line
//
// All lanes share one axis. On the squeezed scale, a gap between two moments is as wide as the logarithm of its length.
// So an exchange of a third of a millisecond and the half minute of silence behind it both fit, in the right order, and
// what overlaps in time overlaps in the picture. The other scales are linear.

const scale = { span: null }; // seconds across the window; null: squeezed

function gapWidth(microseconds) {
  if (scale.span === null) return 6 * Math.log2(1 + microseconds / 40);
  return microseconds * visibleTrackWidth() / (scale.span * 1e6);
}

function visibleTrackWidth() {
  const label = byId("axis").previousElementSibling;
  return Math.max(byId("lanes").clientWidth - label.offsetWidth, 100);
}

let lineIsDue = false;
let lineNotBefore = 0;

// Ten times a second is plenty for the picture, however fast the events come; and on a slow machine
// it must leave time for the rest.
function drawTimeLineSoon() {
  if (lineIsDue) return;
  lineIsDue = true;
  setTimeout(() => requestAnimationFrame(() => {
    lineIsDue = false;
    const began = performance.now();
    drawTimeLine();
    const took = performance.now() - began;
    lineNotBefore = began + Math.max(100, 8 * took);
  }), Math.max(0, lineNotBefore - performance.now()));
}

// The connections that get a lane: those with exchanges first, then those that are merely open.
function lanesToDraw() {
  const busy = [], silent = [];
  for (const connection of model.connections.values()) {
    if (connection.exchanges.length > 0) {
      if (!isFiltering() || connection.exchanges.some(isShown)) busy.push(connection);
    } else if (!isFiltering()) {
      silent.push(connection);
    }
  }
  const newestFirst = (a, b) => b.number - a.number;
  busy.sort(newestFirst).splice(MAX_LANES);
  const left = silent.sort(newestFirst).splice(MAX_SILENT_LANES).length;
  return { lanes: [...busy, ...silent].sort(newestFirst), left };
}

function drawTimeLine() {
  const { lanes, left } = lanesToDraw();
  const box = byId("lanes");
  const now = held ? pausedAt : serverNow();
  const spans = [];
  for (const lane of lanes) spans.push(...lane.exchanges);
  for (const under of model.underWay.values()) spans.push({ ...under, arrived: under.began, decided: under.began, ended: now });
  const axis = makeAxis(lanes, spans, now);

  box.hidden = lanes.length === 0;
  byId("no-connections").hidden = lanes.length > 0;
  const seen = visibleTrackWidth();
  const width = Math.max(axis.width, seen);
  box.style.setProperty("--width", `${width}px`);
  // Bars are made for what is visible, and a little more on either side.
  const start = followsNewest ? width - seen : box.scrollLeft;
  view = { from: start - seen, to: start + 2 * seen };
  drawAxis(axis);
  drawLanes(lanes, axis, now, left);
  drawWorkers();
  if (followsNewest) box.scrollLeft = box.scrollWidth;
  drawnWidth = box.clientWidth;
  drawnLeft = box.scrollLeft;
}

// The picture stays at its newest end, unless the user has scrolled away from there. When the box itself is resized,
// the browser reports a scroll, too.
let followsNewest = true;
let drawnWidth = 0;
let drawnLeft = 0;
let view = { from: 0, to: 0 };
function onLanesScrolled() {
  const box = byId("lanes");
  if (box.clientWidth !== drawnWidth || box.scrollLeft === drawnLeft) return;
  followsNewest = box.scrollLeft + box.clientWidth > box.scrollWidth - 40;
  drawTimeLineSoon();
}

// Finds the place of each moment at which something happened.
function makeAxis(lanes, spans, now) {
  // On a linear scale, ten windows of the past are kept, or the picture would be far too wide.
  const earliest = scale.span === null ? -Infinity : now - 10 * scale.span * 1e6;
  const moments = new Set([now]);
  const add = moment => moment !== null && moment >= earliest && moments.add(Math.min(moment, now));
  for (const { began, arrived, decided, ended } of spans) [began, arrived, decided, ended].forEach(add);
  for (const { opened, closed } of lanes) [opened, closed].forEach(add);
  const sorted = [...moments].sort((a, b) => a - b);
  const stops = [];
  let place = 8, before = sorted[0];
  for (const moment of sorted) {
    place += gapWidth(moment - before);
    stops.push({ moment, place });
    before = moment;
  }
  // The newest is at the right end, even if there is room behind it.
  const shift = Math.max(0, visibleTrackWidth() - place - 12);
  const places = new Map();
  for (const stop of stops) places.set(stop.moment, stop.place += shift);
  // What is older than the picture is at its left edge.
  const at = moment => places.get(Math.min(moment, now)) ?? 0;
  return { width: place + shift + 12, earliest, stops, at };
}

// Above the lanes stands how long each busy stretch took, and how long each silence between them.
const axisLabels = [];
function drawAxis({ stops }) {
  const QUIET = 45; // a gap that is so many pixels wide gets a figure of its own
  const labels = [];
  let from = stops[0];
  stops.forEach((stop, index) => {
    const next = stops[index + 1];
    if (next && next.place - stop.place < QUIET) return;
    if (stop !== from) labels.push({ from, to: stop, kind: "busy" });
    if (next) labels.push({ from: stop, to: next, kind: "idle" });
    from = next;
  });
  labels.forEach(({ from, to, kind }, index) => {
    const width = to.place - from.place;
    const label = axisLabels[index] ??= byId("axis").appendChild(make("span"));
    label.className = kind;
    label.style.left = `${from.place}px`;
    label.style.width = `${width}px`;
    setText(label, width >= QUIET ? duration(to.moment - from.moment) : "");
  });
  for (const label of axisLabels.splice(labels.length)) label.remove();
}

function makeLane(connection) {
  const title = make("b", "", {}, `#${connection.number}`);
  const lane = {
    label: make("div", "label"), about: make("span"),
    life: make("div", "life"), track: make("div", "track", { "aria-hidden": "true" }),
  };
  lane.state = document.createTextNode("");
  lane.label.append(title, lane.state, lane.about);
  lane.track.append(lane.life);
  lane.node = make("li", "lane", {}, lane.label, lane.track);
  lane.node.dataset.connection = connection.number;
  return lane;
}

function drawLanes(lanes, axis, now, left) {
  const list = byId("lane-list");
  const nodes = new Set();
  let place = list.firstElementChild;
  for (const connection of lanes) {
    const lane = connection.lane ??= makeLane(connection);
    nodes.add(lane.node);
    if (lane.node === place) place = place.nextElementSibling;
    else list.insertBefore(lane.node, place);
    drawLane(connection, lane, axis, now);
  }
  for (const node of [...list.children]) if (!nodes.has(node)) node.remove();
  if (left > 0) {
    list.append(make("li", "empty", {}, `and ${plural(left, "more connection")}, silent, without a lane`));
  }
}

function drawLane(connection, lane, axis, now) {
  const { exchanges, isOpen, requests } = connection;
  const under = [...model.underWay.values()].filter(under => under.connection === connection.number);
  const from = connection.opened ?? exchanges[0]?.began ?? now;
  const to = isOpen ? now : connection.closed ?? exchanges.at(-1)?.ended ?? now;
  lane.node.classList.toggle("closed", !isOpen);
  lane.node.classList.toggle("silent", isOpen && requests === 0);
  const age = connection.opened === null ? "" : ` ${duration(Math.max(0, Math.round((to - from) / 1e5) * 1e5))}`;
  const asked = requests === 0 ? "no request yet" : plural(requests, "request");
  const shared = model.internal.has(connection.number) ? " · shared" : "";
  const manner = connection.pipelined ? " · pipelined" : requests > 1 ? " · kept alive" : "";
  lane.state.data = `${isOpen ? ` open${age}` : ` closed${age && ` after${age}`}`} · ${asked}`;
  lane.about.title = shared && "The browser uses it for this page, too; those requests are not shown";
  setText(lane.about, `${connection.client} · worker ${connection.worker}${manner}${shared}`);
  const levels = exchanges.reduce((most, exchange) => Math.max(most, exchange.level), 0);
  lane.track.style.setProperty("--rows", levels + 1);
  lane.life.style.left = `${axis.at(from)}px`;
  lane.life.style.width = `${axis.at(to) - axis.at(from)}px`;
  for (const exchange of exchanges) drawBar(exchange, lane, axis);
  for (const each of under) {
    each.bar ??= { node: lane.track.appendChild(make("div", `exchange-bar open ${statusClass(each.status)}`)) };
    placeBar(each.bar, axis.at(each.began), axis.at(now));
    each.bar.node.title = `${printable(each.method)} ${printable(each.target)}: ${size(each.sent)} of ${size(each.length)}`;
  }
}

function drawBar(exchange, lane, axis) {
  const left = axis.at(exchange.began), right = axis.at(exchange.ended);
  exchange.place = left;
  if (right < view.from || left > view.to || exchange.ended < axis.earliest) {
    exchange.bar?.node.remove();
    exchange.bar = null;
    return;
  }
  exchange.bar ??= makeBar(exchange, lane);
  exchange.bar.node.classList.toggle("filtered", !isShown(exchange));
  if (!placeBar(exchange.bar, left, right)) return;
  const share = moment => `${100 * (axis.at(moment) - left) / Math.max(right - left, 1)}%`;
  exchange.bar.node.style.setProperty("--wait", share(exchange.arrived));
  exchange.bar.node.style.setProperty("--decided", share(exchange.decided));
}

function makeBar(exchange, lane) {
  const node = make("div", `exchange-bar ${statusClass(exchange.status)}`);
  node.classList.toggle("broken", !exchange.complete);
  node.classList.toggle("selected", exchange.id === selected);
  node.dataset.id = exchange.id;
  node.title = `${printable(exchange.method)} ${printable(exchange.target)}: ${exchange.status}, `
    + duration(exchange.ended - exchange.began);
  node.style.setProperty("--row", exchange.level);
  lane.track.append(node);
  return { node };
}

// Moves a bar, if it is not there already: says whether it was moved.
function placeBar(bar, left, right) {
  if (bar.left === left && bar.right === right) return false;
  bar.left = left;
  bar.right = right;
  bar.node.style.left = `${left}px`;
  bar.node.style.width = `${right - left}px`;
  return true;
}

// Which worker owns which connections.
function drawWorkers() {
  const list = byId("workers");
  const owned = Array.from({ length: model.workers }, () => []);
  for (const connection of model.connections.values()) {
    if (connection.isOpen) owned[connection.worker]?.push(connection.number);
  }
  while (list.children.length > owned.length) list.lastChild.remove();
  owned.forEach((numbers, worker) => {
    const MOST = 12;
    const shown = numbers.slice(-MOST);
    const key = `${worker}: ${numbers.length}, ${shown.join()}`;
    const item = list.children[worker] ?? list.appendChild(make("li"));
    if (item.dataset.key === key) return;
    item.dataset.key = key;
    const chips = shown.map(number =>
      make("button", "", { type: "button", "data-connection": number, title: "Show its lane" }, `#${number}`));
    const more = numbers.length - shown.length;
    item.replaceChildren(`worker ${worker}: `, ...chips,
      numbers.length === 0 ? "no connection" : more > 0 ? `and ${more.toLocaleString("en")} more` : "");
  });
}

// ---- 5. bytes: a message is split into its parts, and each byte made visible
//
// A byte string is a string in which each character is one byte.

// Printable runs, line ends, a well-formed UTF-8 sequence, and any other byte alone.
const RUNS = new RegExp([
  "[\\x20-\\x5b\\x5d-\\x7e]+", "\\r\\n", "(?:[\\xc2-\\xdf][\\x80-\\xbf]", "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
  "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}", "\\xed[\\x80-\\x9f][\\x80-\\xbf]", "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
  "[\\xf1-\\xf3][\\x80-\\xbf]{3}", "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2})", "[^]",
].join("|"), "g");

const toArray = bytes => Uint8Array.from(bytes, character => character.charCodeAt(0));
const fromArray = array => Array.from(array, byte => String.fromCharCode(byte)).join("");
const decodeUtf8 = bytes => new TextDecoder().decode(toArray(bytes));

// One byte in the notation of the composer.
function escapeByte(byte) {
  const short = { "\r": "\\r", "\n": "\\n", "\0": "\\0", "\\": "\\\\" }[byte];
  return short ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

// Whether each character is visible and does not change how others are shown, as U+202E does.
const isPlain = text => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

// A byte string as one line of text.
function printable(bytes) {
  return bytes.replace(RUNS, run => {
    if (run === "\\" || /^[\x20-\x7e]+$/.test(run)) return run;
    const text = decodeUtf8(run);
    return run > "\x7f" && isPlain(text) && !text.includes("\ufffd") ? text : Array.from(run, escapeByte).join("");
  });
}

// Appends bytes to a node, all of them visible. `marks` says where the sender pauses: `at` is how
// many bytes came before, and `pauses` are offsets.
function appendBytes(node, bytes, className, marks) {
  if (marks?.pauses.length > 0) {
    const [next] = marks.pauses;
    if (next < marks.at + bytes.length) {
      const before = next - marks.at;
      appendBytes(node, bytes.slice(0, before), className, { at: 0, pauses: [] });
      marks.pauses.shift();
      marks.at = next;
      node.append(make("span", "pause", {}, "pause"));
      return appendBytes(node, bytes.slice(before), className, marks);
    }
  }
  if (marks) marks.at += bytes.length;
  const target = className ? make("span", className) : node;
  for (const [run] of bytes.matchAll(RUNS)) {
    if (run === "\r\n" || run === "\r" || run === "\n") {
      if (run[0] === "\r") target.append(make("i", "end cr", { title: "carriage return" }, "␍"));
      if (run.endsWith("\n")) target.append(make("i", "end lf", { title: "line feed" }, "␊"));
      // In a body the line continues below, as in the text itself.
      if (run.endsWith("\n") && className === "body-text") target.append("\n");
    } else {
      const text = printable(run);
      const isEscape = text !== run && text.startsWith("\\");
      target.append(isEscape ? make("span", "escape", {}, text) : text);
    }
  }
  if (target !== node) node.append(target);
}

// Splits a byte string into lines, each with its line end.
function nextLine(bytes, at) {
  const feed = bytes.indexOf("\n", at);
  const stop = feed < 0 ? bytes.length : feed + 1;
  const line = bytes.slice(at, stop);
  const end = line.endsWith("\r\n") ? "\r\n" : line.endsWith("\n") ? "\n" : "";
  return { text: line.slice(0, line.length - end.length), end, stop };
}

// The pieces of a first line or of a field: pairs of a class and bytes.
function splitRequestLine(text) {
  const first = text.indexOf(" "), last = text.lastIndexOf(" ");
  if (first < 0 || first === last) return [["odd", text]];
  return [["method", text.slice(0, first)], ["", " "], ["target", text.slice(first + 1, last)], ["", " "],
    ["version", text.slice(last + 1)]];
}

function splitStatusLine(text) {
  const [, version, code, phrase] = /^(\S+) (\d{3})(.*)$/s.exec(text) ?? [];
  if (!version) return [["odd", text]];
  return [["version", version], ["", " "], ["status-code", code], ["phrase", phrase]];
}

function splitField(text) {
  const colon = text.indexOf(":");
  if (colon < 0) return [["odd", text]];
  return [["field-name", text.slice(0, colon)], ["", text.slice(colon)]];
}

// Reads one message: its parts in order, and where it ends. `kind` is "request" or "response";
// `method` is that of the request, which decides whether a response has a body.
function readMessage(bytes, start, kind, method) {
  const parts = [];
  const fields = new Map();
  let at = start, first = null, hasBlankLine = false;
  while (at < bytes.length && !hasBlankLine) {
    const { text, end, stop } = nextLine(bytes, at);
    at = stop;
    if (text === "" && end !== "") {
      // Before a request, an empty line may be left over from the one before.
      if (first !== null) hasBlankLine = true;
      parts.push({ name: first === null ? "empty line" : "blank line", pieces: [], end });
    } else if (first === null) {
      first = text;
      const pieces = kind === "request" ? splitRequestLine(text) : splitStatusLine(text);
      parts.push({ name: kind === "request" ? "request line" : "status line", pieces, end });
    } else {
      const pieces = splitField(text);
      if (pieces.length === 2) fields.set(pieces[0][1].toLowerCase(), pieces[1][1].slice(1).trim());
      parts.push({ name: "field", pieces, end });
    }
  }
  const status = kind === "response" ? Number(/^\S+ (\d{3})/.exec(first ?? "")?.[1] ?? 0) : 0;
  const message = { parts, stop: at, method: first?.split(" ")[0] ?? "", status, hasBlankLine };
  if (!hasBlankLine) return message;
  const isBodiless = kind === "response" && (method === "HEAD" || status < 200 || status === 204 || status === 304);
  if (isBodiless) return message;
  if (/chunked/i.test(fields.get("transfer-encoding") ?? "")) {
    message.stop = readChunks(bytes, at, parts);
  } else {
    const length = fields.get("content-length");
    const rest = bytes.length - at;
    const count = /^\d+$/.test(length ?? "") ? Math.min(Number(length), rest) : kind === "response" ? rest : 0;
    if (count > 0) parts.push({ name: "body", pieces: [["body-text", bytes.slice(at, at + count)]], end: "" });
    message.stop = at + count;
  }
  return message;
}

function readChunks(bytes, start, parts) {
  let at = start;
  while (at < bytes.length) {
    const line = nextLine(bytes, at);
    const length = parseInt(line.text, 16);
    parts.push({ name: length === 0 ? "last chunk" : "chunk size", pieces: [["chunk-size", line.text]], end: line.end });
    at = line.stop;
    if (!(length > 0)) break;
    const rest = nextLine(bytes, Math.min(at + length, bytes.length));
    parts.push({ name: "chunk", pieces: [["body-text", bytes.slice(at, at + length)]], end: "" });
    if (rest.stop > at + length) parts.push({ name: "its end", pieces: rest.text ? [["odd", rest.text]] : [], end: rest.end });
    at = rest.stop;
  }
  while (at < bytes.length) {
    const { text, end, stop } = nextLine(bytes, at);
    parts.push({ name: text ? "trailer field" : "blank line", pieces: text ? splitField(text) : [], end });
    at = stop;
    if (!text) break;
  }
  return at;
}

// Splits bytes into the messages that follow one another in them.
function readMessages(bytes, kind, methods = []) {
  const messages = [];
  let at = 0;
  while (at < bytes.length) {
    const method = methods[messages.filter(message => message.status >= 200 || kind === "request").length];
    const message = readMessage(bytes, at, kind, method);
    messages.push(message);
    if (message.stop <= at || !message.hasBlankLine) break;
    at = message.stop;
  }
  return messages;
}

// What the pieces of a first line are called, each in its own colour.
function nameOf(name) {
  const names = { "request line": ["method", "target", "version"], "status line": ["version", "status-code", "phrase"] }[name];
  if (!names) return make("dt", "", {}, name);
  const words = names.flatMap(each => [" ", make("span", each, {}, each.replace("-code", ""))]);
  return make("dt", "", {}, name, make("small", "", {}, ...words));
}

// Shows parts in a list: their names beside their bytes.
function showParts(list, parts, marks) {
  let previous = "";
  for (const { name, pieces, end } of parts) {
    const value = make("dd");
    for (const [className, bytes] of pieces) {
      if (className === "body-text") appendBody(value, bytes, marks);
      else appendBytes(value, bytes, className, marks);
    }
    appendBytes(value, end, "", marks);
    const label = name === previous ? make("dt", "", {}, make("span", "unseen", {}, name)) : nameOf(name);
    list.append(make("div", "", {}, label, value));
    previous = name;
  }
}

// A body: its beginning, as text, or as numbers if it is no text. `length` is that of the whole body.
function appendBody(node, bytes, marks, length = bytes.length) {
  const isBinary = bytes.includes("\0") && !marks;
  const shown = bytes.slice(0, isBinary ? 128 : MAX_BODY);
  node.classList.add("body");
  if (isBinary) {
    node.classList.add("hex");
    for (let at = 0; at < shown.length; at += 8) {
      const row = shown.slice(at, at + 8);
      const numbers = Array.from(row, byte => byte.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
      node.append(make("span", "escape", {}, at.toString(16).padStart(4, "0")), `  ${numbers.padEnd(24)} `,
        make("span", "body-text", {}, row.replace(/[^\x20-\x7e]/g, "·")), "\n");
    }
  } else {
    appendBytes(node, shown, "body-text", marks);
  }
  if (marks) marks.at += bytes.length - shown.length;
  const left = length - shown.length;
  if (left > 0) node.append(make("span", "escape", {}, `\n… and ${plural(left, "byte")} more`));
}

// ---- 6. one exchange in detail

const sources = new Map(); // the files of the server's source that were requested

function select(exchange) {
  for (const node of document.querySelectorAll(".selected")) node.classList.remove("selected");
  exchange?.row?.node.classList.add("selected");
  exchange?.bar?.node.classList.add("selected");
}

async function openExchange(id, takesFocus) {
  selected = id;
  const known = model.exchanges.find(exchange => exchange.id === id);
  select(known);
  if (known) keepOneTabStop(known.row?.button);
  const content = byId("exchange-content");
  let story;
  try {
    const response = await ask(`exchange/${id}`);
    if (response.status === 404) throw new Error("The server keeps the newest exchanges only; this one has left its memory.");
    if (!response.ok) throw new Error(`The server answers ${response.status}.`);
    story = await response.json();
  } catch (error) {
    if (selected !== id) return;
    showPanel("exchange", takesFocus);
    byId("exchange-title").textContent = `Exchange ${id}`;
    content.replaceChildren(make("p", "problem", { role: "alert" }, error instanceof TypeError
      ? "The server does not answer." : error.message));
    return;
  }
  if (selected !== id) return; // meanwhile another was opened
  byId("exchange-title").replaceChildren(`${printable(story.method) || "–"} ${printable(story.target)} `,
    make("span", `status ${statusClass(story.status)}`, {}, `${story.status} ${story.phrase}`));
  content.replaceChildren(...exchangeParts(story));
  showPanel("exchange", takesFocus);
  content.scrollTop = 0;
  showBar(known);
}

// Scrolls to the row and the bar of an exchange.
function showBar(exchange) {
  if (!exchange) return;
  exchange.row?.node.scrollIntoView({ block: "nearest" });
  const box = byId("lanes"), lane = model.connections.get(exchange.connection)?.lane?.node;
  if (!lane?.isConnected || exchange.place === undefined) return;
  const seen = visibleTrackWidth();
  if (exchange.place < box.scrollLeft || exchange.place > box.scrollLeft + seen - 20) {
    followsNewest = false;
    box.scrollLeft = exchange.place - seen / 2;
  }
  const head = byId("axis").offsetHeight;
  const top = lane.offsetTop - head, bottom = lane.offsetTop + lane.offsetHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  drawTimeLineSoon();
}

function exchangeParts(story) {
  const end = story.complete ? "" : ` The connection ended when ${size(story.sent)} of ${size(story.length)} were sent.`;
  const about = make("p", "note", {}, `The ${ordinal(story.number)} request on connection ${story.connection}, `
    + `from ${story.forwarded ? `${story.forwarded} by the proxy ${story.client}` : story.client}, answered by worker ${story.worker}.${end}`);

  const request = make("dl", "bytes");
  const [message] = readMessages(story.request, "request");
  if (message) showParts(request, message.parts);
  if (message && message.stop < story.request.length) {
    showParts(request, [{ name: "behind it", pieces: [["body-text", story.request.slice(message.stop)]], end: "" }]);
  }
  if (!message) request.append(make("div", "", {}, make("dt", "", {}, "nothing"), make("dd", "", {}, "no byte came")));
  const again = make("button", "", { type: "button" }, "Change it and send it again");
  again.addEventListener("click", () => composer.fill(story.request));

  const response = make("dl", "bytes");
  const [head] = readMessages(story.response, "response", ["HEAD"]);
  if (head) showParts(response, head.parts);
  const value = make("dd");
  if (story.body) appendBody(value, story.body, null, Math.max(story.sent, story.body.length));
  else value.append(make("span", "escape", {}, story.length > 0 ? `${plural(story.length, "byte")}, not kept here` : "none"));
  response.append(make("div", "", {}, make("dt", "", {}, "body"), value));

  return [about, timeBar(story), make("h3", "", {}, "The request"), request, again,
    make("h3", "", {}, "What was decided, and why"), stepList(story), make("h3", "", {}, "The response"), response];
}

// Where the time went: one bar, and its figures.
function timeBar(story) {
  const whole = make("div", `whole ${statusClass(story.status)}`, { "aria-hidden": "true" });
  const figures = make("p", `figures ${statusClass(story.status)}`);
  const phases = [
    ["wait", "waiting for bytes", story.arrived - story.began],
    ["decide", "deciding", story.decided - story.arrived],
    ["send", "sending", story.ended - story.decided],
  ];
  for (const [className, name, time] of phases) {
    const part = make("span", className);
    part.style.setProperty("flex", `${Math.max(time, 0)} 0 0`);
    whole.append(part);
    figures.append(make("span", `key key-${className}`, {}, `${name} `, make("b", "", {}, duration(time))));
  }
  figures.append(make("span", "", {}, "together ", make("b", "", {}, duration(story.ended - story.began))));
  return make("div", "", {}, whole, figures);
}

function stepList(story) {
  const list = make("ol", "steps");
  for (const step of story.steps) {
    const where = make("p", "where");
    if (step.rfc) {
      where.append(step.url ? make("a", "rfc", { href: step.url, target: "_blank", rel: "noopener noreferrer" }, step.rfc) : step.rfc);
    }
    const place = make("button", "place", { type: "button", "aria-expanded": "false" }, `${step.file}:${step.line}`);
    where.append(place, make("span", "", { title: "since the request's first byte" }, `+${duration(Math.max(0, step.at - story.began))}`));
    const item = make("li", "", {}, make("p", "", {}, make("strong", "", {}, step.name), ` ${step.text}`), where);
    place.addEventListener("click", () => toggleSource(step, item, place));
    list.append(item);
  }
  return story.steps.length > 0 ? list : make("p", "note", {}, "No step was recorded.");
}

// Opens the source in place below a step, at its line; or closes it again.
async function toggleSource(step, item, button) {
  const open = item.querySelector(".source, .problem");
  button.setAttribute("aria-expanded", String(!open));
  if (open) return open.remove();
  try {
    if (!sources.has(step.file)) {
      const response = await ask(`source/${step.file}`);
      if (!response.ok) throw new Error(`The server answers ${response.status} for ${step.file}.`);
      sources.set(step.file, await response.text());
    }
  } catch (error) {
    return item.append(make("p", "problem", { role: "alert" }, error instanceof TypeError ? "The server does not answer." : error.message));
  }
  const box = make("div", "source", { tabindex: "0", role: "region", "aria-label": `${step.file}, line ${step.line}` });
  let here = null;
  sources.get(step.file).replace(/\n$/, "").split("\n").forEach((text, index) => {
    const code = make("code", /^\s*\/\//.test(text) ? "comment" : "", {}, text);
    const line = make("div", "", {}, make("span", "", {}, String(index + 1)), code);
    if (index + 1 === step.line) {
      line.className = "here";
      line.setAttribute("aria-current", "true");
      here = line;
    }
    box.append(line);
  });
  item.append(box);
  if (here) box.scrollTop = here.offsetTop - box.clientHeight / 3;
}

// One panel is open at a time.
function showPanel(id, takesFocus) {
  for (const panel of document.querySelectorAll(".panel")) panel.hidden = panel.id !== id;
  byId("composer-button").setAttribute("aria-expanded", String(id === "composer"));
  if (id !== "exchange") {
    // Scroll back to the newest, if an older one was open.
    if (selected !== null) byId("lanes").scrollTop = 0;
    followsNewest = true;
    selected = null;
    select(null);
  }
  if (takesFocus) byId(id)?.focus();
  redraw();
}

function closePanel() {
  const wasComposer = !byId("composer").hidden;
  const row = byId("rows").querySelector("tr.selected button");
  showPanel(null);
  if (wasComposer) byId("composer-button").focus();
  else (row ?? tabStop)?.focus();
}

// ---- 7. the composer: sends any bytes, and shows what comes back

// The text in the box as bytes, and the offsets at which the sender pauses.
function encode(text, lineEnd) {
  const pauses = [];
  let bytes = "";
  const token = /\\x([0-9a-fA-F]{2})|\\([rn0\\p])|(\\.?)|(\n)|([^\\\n]+)/gsy;
  for (const [whole, hex, short, unknown, end, plain] of text.matchAll(token)) {
    if (hex) bytes += String.fromCharCode(parseInt(hex, 16));
    else if (short === "p") pauses.push(bytes.length);
    else if (short) bytes += { r: "\r", n: "\n", 0: "\0", "\\": "\\" }[short];
    else if (unknown) return { error: `${whole.trim() || "\\"} is no escape; a backslash is written \\\\.` };
    else if (end) bytes += lineEnd;
    else bytes += fromArray(new TextEncoder().encode(plain));
  }
  if (bytes.length > MAX_SENT) return { error: `These are ${plural(bytes.length, "byte")}; ${plural(MAX_SENT, "byte")} may be sent.` };
  if (pauses.length > MAX_PAUSES) return { error: `These are ${plural(pauses.length, "pause")}; ${MAX_PAUSES} may be.` };
  return { bytes, pauses };
}

// The other way round: bytes as they would be written in the box.
function decode(bytes) {
  return bytes.replace(/\r\n|\\|[^\x20-\x7e]/g, found => found === "\r\n" ? "\n" : escapeByte(found));
}

const host = location.host;
// Where the site begins: what is served is below it.
const start = new URL("..", location.href).pathname;
const EXAMPLES = [
  ["A good request", `GET ${start} HTTP/1.1\nHost: ${host}\n\n`,
    "A request line, one field, a blank line. The connection stays open for the next request."],
  ["Without Host", `GET ${start} HTTP/1.1\nAccept: */*\n\n`,
    "HTTP/1.1 asks for a Host field: one server may answer for many names."],
  ["Bare LF", `GET ${start} HTTP/1.1\nHost: ${host}\n\n`,
    "Lines that end in LF alone. Two readers that disagree on where a line ends can be played off against each other.", true],
  ["HTTP/1.0", `GET ${start} HTTP/1.0\n\n`,
    "The elder version needs no Host, and the connection is closed after the answer."],
  ["Two at once", `GET ${start} HTTP/1.1\nHost: ${host}\n\nGET ${start}no/such/page HTTP/1.1\nHost: ${host}\nConnection: close\n\n`,
    "Pipelining: the second request is sent without waiting for the first answer. Answers come in order."],
  ["A range", `GET ${start} HTTP/1.1\nHost: ${host}\nRange: bytes=0-99\n\n`, "The first hundred bytes, with 206 and Content-Range."],
  ["A chunked body", `POST ${start} HTTP/1.1\nHost: ${host}\nTransfer-Encoding: chunked\n\n5\nHello\n0\n\n`,
    "A body whose length nobody knew beforehand: each chunk says how long it is, in hexadecimal. Files take no POST; the body has to be read all the same."],
  ["Dot segments", `GET ${start}../../etc/passwd HTTP/1.1\nHost: ${host}\n\n`, "A target that would climb out of the folder."],
  ["In pieces", `GET ${start} HT\\pTP/1.1\nHo\\pst: ${host}\n\\p\n`,
    "TCP carries a stream of bytes, and a head may come in any pieces. The time line shows the waiting."],
  ["Two lengths", `POST ${start} HTTP/1.1\nHost: ${host}\nContent-Length: 5\nContent-Length: 6\n\nHello!`,
    "Where does this request end? On any doubt about that: 400, and close."],
];

const composer = {
  sent: null,      // what was sent last, and has no links to its exchanges yet
  isBusy: false,
  newestId: 0,     // of all exchanges that this page knows

  // Writes bytes into the box and shows it.
  fill(bytes) {
    byId("bare").checked = false;
    byId("raw").value = decode(bytes);
    this.choose(null);
    this.preview();
    showPanel("composer");
    byId("raw").focus();
  },

  choose(chosen) {
    for (const button of byId("examples").children) button.setAttribute("aria-pressed", String(button === chosen));
    byId("example-note").textContent = "";
  },

  encode() {
    return encode(byId("raw").value, byId("bare").checked ? "\n" : "\r\n");
  },

  preview() {
    const { bytes, pauses, error } = this.encode();
    const problem = byId("raw-error");
    problem.hidden = !error;
    problem.textContent = error ?? "";
    byId("send").disabled = Boolean(error) || bytes === "" || this.isBusy;
    if (error) {
      byId("preview-title").textContent = "What will be sent";
      byId("preview").replaceChildren();
      return;
    }
    byId("preview-title").textContent = `What will be sent: ${plural(bytes.length, "byte")}`
      + (pauses.length > 0 ? ` with ${plural(pauses.length, "pause")}` : "");
    const marks = { at: 0, pauses: [...pauses] };
    byId("preview").replaceChildren(...showMessages(readMessages(bytes, "request"), "Request", marks));
  },

  async send() {
    const { bytes, pauses, error } = this.encode();
    if (error || this.isBusy) return;
    this.isBusy = true;
    this.preview();
    const sent = this.sent = { bytes, since: this.newestId, looking: Promise.resolve(), connection: null, seen: [], linked: new Set() };
    sent.links = make("p", "explained");
    sent.links.append("Waiting for the server to tell about it.");
    byId("send-state").textContent = "Sending";
    byId("answer").replaceChildren();
    try {
      const query = pauses.length > 0 ? `?pauses=${pauses.join()}` : "";
      const response = await ask(`send${query}`, { method: "POST", body: toArray(bytes) });
      if (!response.ok) throw new Error(`The server refuses to send this: ${response.status} ${response.statusText}`);
      this.show(await response.json(), bytes, sent);
    } catch (error) {
      byId("answer").replaceChildren(make("p", "problem", { role: "alert" }, error instanceof TypeError
        ? "The server does not answer." : error.message));
    }
    byId("send-state").textContent = "";
    this.isBusy = false;
    this.preview();
  },

  show(answer, bytes, sent) {
    const methods = readMessages(bytes, "request").map(message => message.method);
    const messages = readMessages(answer.received, "response", methods);
    const end = answer.closed ? "Then the server closed the connection."
      : "The connection was still open when nothing more came.";
    const came = answer.received === "" ? "Nothing came back."
      : `${plural(answer.received.length, "byte")} came back in ${answer.milliseconds.toFixed(1)} ms${answer.cut ? ", and more that is not shown" : ""}.`;
    const nodes = [make("h3", "", {}, "What came back"), make("p", "", {}, `${came} ${end}`)];
    if (answer.error) nodes.push(make("p", "problem", { role: "alert" }, answer.error));
    nodes.push(sent.links, ...showMessages(messages, "Response"));
    byId("answer").replaceChildren(...nodes);
    byId("answer").scrollIntoView({ block: "start" });
  },

  // An exchange has ended. If it is the one whose bytes were sent here, it gets a link.
  notice(event) {
    this.newestId = Math.max(this.newestId, event.id);
    const sent = this.sent;
    if (!sent || event.id <= sent.since) return;
    if (sent.connection === event.connection) return this.link(sent, event);
    sent.seen.push(event);
    sent.seen.splice(0, sent.seen.length - 50);
    if (sent.connection === null) sent.looking = sent.looking.then(() => this.compare(sent, event));
  },

  // Whether these were the bytes is known only from the whole exchange.
  async compare(sent, event) {
    if (sent.connection !== null || sent !== this.sent) return;
    const response = await ask(`exchange/${event.id}`).catch(() => null);
    if (!response?.ok) return;
    const { request } = await response.json();
    if (request === "" || !sent.bytes.includes(request)) return;
    sent.connection = event.connection;
    for (const each of sent.seen) if (each.connection === event.connection) this.link(sent, each);
  },

  link(sent, event) {
    if (sent.linked.has(event.id)) return;
    if (sent.linked.size === 0) sent.links.replaceChildren("Why it came out so:");
    sent.linked.add(event.id);
    const button = make("button", `explain ${statusClass(event.status)}`, { type: "button" },
      `${ordinal(event.number)} request: ${event.status} ${event.phrase}, explained`);
    button.addEventListener("click", () => openExchange(event.id, true));
    sent.links.append(button);
  },
};

// Shows messages one below the other, with a heading for each if there are several.
function showMessages(messages, word, marks) {
  const list = make("dl", "bytes");
  messages.forEach((message, index) => {
    if (messages.length > 1) list.append(make("div", "message", {}, make("dt", "", {}, `${word} ${index + 1}`)));
    showParts(list, message.parts, marks);
  });
  if (messages.length === 0) return [];
  if (marks?.pauses.length > 0) {
    list.append(make("div", "", {}, make("dt", "", {}, "at the end"), make("dd", "", {}, make("span", "pause", {}, "pause"))));
  }
  return [list];
}

// ---- 8. user input: buttons, keys, the filter

function applyFilter() {
  for (const exchange of model.exchanges) if (exchange.row) exchange.row.node.hidden = !isShown(exchange);
  redraw();
}

function moveTo(step) {
  const rows = visibleRows();
  const current = rows.findIndex(row => row.contains(document.activeElement));
  const fallback = rows.findIndex(row => row.classList.contains("selected"));
  const from = current >= 0 ? current : fallback;
  const row = rows[from < 0 ? 0 : Math.min(Math.max(from + step, 0), rows.length - 1)];
  if (!row) return;
  const button = row.querySelector("button");
  keepOneTabStop(button);
  button.focus();
  if (!byId("exchange").hidden) openExchange(Number(row.dataset.id));
}

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  if (event.key === "Escape") {
    if (document.querySelector(".panel:not([hidden])")) closePanel();
    return;
  }
  // Where arrow keys have a meaning already, they keep it.
  const isTaken = event.target.closest("input, textarea, select, .source, #lanes");
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || isTaken || !byId("composer").hidden) return;
  event.preventDefault();
  moveTo(step);
}

function begin() {
  document.addEventListener("keydown", onKey);
  byId("main").addEventListener("click", event => {
    const exchange = event.target.closest("[data-id]");
    if (exchange) openExchange(Number(exchange.dataset.id), event.detail === 0);
    if (event.target.closest("[data-close]")) closePanel();
    const chip = event.target.closest("#workers [data-connection]");
    const lane = chip && model.connections.get(Number(chip.dataset.connection))?.lane;
    if (lane) {
      lane.node.scrollIntoView({ block: "nearest" });
      for (const found of document.querySelectorAll(".found")) found.classList.remove("found");
      lane.node.classList.add("found");
    }
  });

  byId("filter").addEventListener("input", event => {
    filter.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    applyFilter();
  });
  for (const button of document.querySelectorAll("[data-class]")) {
    button.addEventListener("click", () => {
      const isOn = !filter.classes.delete(button.dataset.class);
      if (isOn) filter.classes.add(button.dataset.class);
      button.setAttribute("aria-pressed", String(isOn));
      applyFilter();
    });
  }
  byId("pause").addEventListener("click", () => pause(!held));
  byId("clear").addEventListener("click", clear);
  byId("scale").addEventListener("change", event => {
    scale.span = event.target.value === "squeezed" ? null : Number(event.target.value);
    byId("scale-note").hidden = scale.span !== null;
    redraw();
  });

  byId("composer-button").addEventListener("click", () => {
    if (!byId("composer").hidden) return closePanel();
    showPanel("composer");
    byId("raw").focus();
  });
  for (const [label, text, note, isBare] of EXAMPLES) {
    const button = make("button", "", { type: "button", "aria-pressed": "false" }, label);
    button.addEventListener("click", () => {
      byId("raw").value = text;
      byId("bare").checked = Boolean(isBare);
      composer.choose(button);
      byId("example-note").textContent = note;
      composer.preview();
    });
    byId("examples").append(button);
  }
  byId("examples").firstChild.click();
  byId("raw").addEventListener("input", () => {
    composer.choose(null);
    composer.preview();
  });
  byId("bare").addEventListener("change", () => composer.preview());
  byId("send").addEventListener("click", () => composer.send());

  // Ages grow while nothing happens.
  setInterval(() => model.connections.size > 0 && state === "live" && !held && drawTimeLineSoon(), 500);
  byId("lanes").addEventListener("scroll", onLanesScrolled, { passive: true });
  addEventListener("resize", redraw);
  connect();
}

begin();

// The time line: a lane for each connection, and in it a bar for each of its exchanges.

import { drawAxis, makeAxis, visibleTrackWidth } from "./axis.js";
import { drawBar, placeBar } from "./bars.js";
import { printable } from "./bytes.js";
import { arrange, byId, make, setText } from "./dom.js";
import { model, serverNow } from "./model.js";
import { isFiltering, isShown } from "./shown.js";
import { stream } from "./stream.js";
import { duration, plural, size, statusClass } from "./text.js";
import { drawWorkers } from "./workers.js";

const MAX_LANES = 200;       // connections drawn at most, of those with exchanges
const MAX_SILENT_LANES = 50; // and of those without

// The picture stays at its newest end, unless the user has scrolled away from there. When the box itself is resized,
// the browser reports a scroll, too.
let followsNewest = true;
let drawnWidth = 0;
let drawnLeft = 0;
let view = { from: 0, to: 0 };

let lineIsDue = false;
let lineNotBefore = 0;

// Ten times a second is plenty for the picture, however fast the events come; and on a slow machine
// it must leave time for the rest.
export function drawTimeLineSoon() {
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

// Folded lanes take no room, and are not drawn. A browser remembers it, if it may.
const REMEMBERED = "glasshttp lanes";

export function fold(isFolded) {
  byId("connections").classList.toggle("folded", isFolded);
  byId("fold").setAttribute("aria-expanded", String(!isFolded));
  setText(byId("fold"), isFolded ? "Show the lanes" : "Hide the lanes");
  try {
    localStorage.setItem(REMEMBERED, isFolded ? "folded" : "");
  } catch {
    // Storage is switched off: then it is for this time alone.
  }
  drawTimeLineSoon();
}

export const isFolded = () => byId("connections").classList.contains("folded");

export function foldAsBefore() {
  try {
    if (localStorage.getItem(REMEMBERED) === "folded") fold(true);
  } catch {
    // As above.
  }
}

function drawTimeLine() {
  if (isFolded()) return;
  const { lanes, left } = lanesToDraw();
  const box = byId("lanes");
  const now = stream.held ? stream.pausedAt : serverNow();
  const spans = [];
  for (const lane of lanes) spans.push(...lane.exchanges);
  for (const under of model.underWay.values()) spans.push({ ...under, arrived: under.began, decided: under.began, ended: now });
  const axis = makeAxis(lanes, spans, now);

  box.hidden = lanes.length === 0;
  byId("no-connections").hidden = lanes.length > 0 || isFiltering();
  const seen = visibleTrackWidth();
  const width = Math.max(axis.width, seen);
  box.style.setProperty("--width", `${width}px`);
  // Bars are made for what is visible, and a little more on either side.
  const start = followsNewest ? width - seen : box.scrollLeft;
  view = { from: start - seen / 2, to: start + 1.5 * seen };
  drawAxis(axis);
  drawLanes(lanes, axis, now, left);
  drawWorkers();
  if (followsNewest) box.scrollLeft = box.scrollWidth;
  drawnWidth = box.clientWidth;
  drawnLeft = box.scrollLeft;
}

export function onLanesScrolled() {
  const box = byId("lanes");
  if (box.clientWidth !== drawnWidth || box.scrollLeft === drawnLeft) return;
  followsNewest = box.scrollLeft + box.clientWidth > box.scrollWidth - 40;
  drawTimeLineSoon();
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
  for (const connection of lanes) {
    const lane = connection.lane ??= makeLane(connection);
    nodes.add(lane.node);
    drawLane(connection, lane, axis, now);
  }
  arrange(list, nodes);
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
  for (const exchange of exchanges) drawBar(exchange, lane, axis, view);
  for (const each of under) {
    each.bar ??= { node: lane.track.appendChild(make("div", `exchange-bar open ${statusClass(each.status)}`)) };
    placeBar(each.bar, axis.at(each.began), axis.at(now));
    each.bar.node.title = `${printable(each.method)} ${printable(each.target)}: ${size(each.sent)} of ${size(each.length)}`;
  }
}

// Scrolls to the bar of an exchange.
export function showBar(exchange) {
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

// Scrolls back to the newest, if an older one was shown.
export function showNewest() {
  byId("lanes").scrollTop = 0;
  followsNewest = true;
}

// The view by page: a group for each page that was loaded, with the times of all that it fetched, and what would make it
// lighter. It stands in place of the table while it is switched on.

import { printable } from "./bytes.js";
import { arrange, byId, make } from "./dom.js";
import { adviceOf, factsOf, loadsOf, spanOf } from "./loads.js";
import { model } from "./model.js";
import { clockTime, shortType } from "./rows.js";
import { withCode } from "./sentence.js";
import { isShown, shown } from "./shown.js";
import { table } from "./table.js";
import { duration, plural, size, statusClass } from "./text.js";

const MAX_LOADS = 100; // groups drawn, the newest
const MAX_ROWS = 300;  // and rows in each
const REST = 500;      // milliseconds between two drawings

const groups = new Map(); // what is drawn, by the id of the load
let notBefore = 0, isWaiting = false;

export function showByPage(isOn) {
  table.isHidden = isOn;
  byId("by-page").setAttribute("aria-pressed", String(isOn));
  byId("exchanges").hidden = isOn;
  byId("loads").hidden = !isOn;
  notBefore = 0;
}

// To find the pages, all exchanges are gone through; twice a second is enough.
export function drawLoads() {
  if (!table.isHidden || isWaiting) return;
  const rest = notBefore - performance.now();
  if (rest > 0) {
    isWaiting = true;
    return void setTimeout(() => {
      isWaiting = false;
      requestAnimationFrame(drawLoads);
    }, rest);
  }
  notBefore = performance.now() + REST;
  const loads = loadsOf(model.exchanges);
  const ofPages = loads.reduce((count, load) => count + load.exchanges.length, 0);
  const drawn = loads.filter(load => load.exchanges.some(isShown)).slice(-MAX_LOADS);
  drawGroups(drawn);
  const others = model.exchanges.length - ofPages;
  byId("no-loads").textContent = [
    loads.length === 0 ? "No page was loaded in a browser." : drawn.length === 0 ? "No page passes the filter." : "",
    others > 0 ? `${plural(others, "exchange")} ${others === 1 ? "belongs" : "belong"} to no page: no browser said what it was for.` : "",
    loads.length > MAX_LOADS ? `The newest ${MAX_LOADS} of ${loads.length.toLocaleString("en")} pages are here.` : "",
  ].filter(Boolean).join(" ");
}

function drawGroups(loads) {
  const list = byId("load-list");
  const ids = new Set(loads.map(load => load.id));
  for (const [id, group] of groups) {
    if (ids.has(id)) continue;
    group.node.remove();
    groups.delete(id);
  }
  const nodes = loads.toReversed().map(load => {
    const group = groups.get(load.id) ?? makeGroup(load, groups.size === 0);
    groups.set(load.id, group);
    group.load = load;
    fill(group);
    return group.node;
  });
  arrange(list, nodes);
}

function makeGroup(load, isOpen) {
  const summary = make("summary"), inside = make("div", "load-inside");
  const node = make("details", "load", {}, summary, inside);
  node.open = isOpen;
  const group = { node, summary, inside, load, drawn: "" };
  node.addEventListener("toggle", () => fill(group));
  return group;
}

// Writes a group anew if something of it is new.
function fill(group) {
  const { load, node, summary, inside } = group;
  const rows = load.exchanges.filter(isShown);
  const key = [load.exchanges.length, load.ended, rows.length, node.open, model.selected, shown.version].join();
  if (key === group.drawn) return;
  group.drawn = key;
  const facts = factsOf(load);
  summary.replaceChildren(make("span", "load-title", {}, printable(load.title)), " ", make("span", "load-facts", {}, factsLine(load, facts)));
  if (!node.open) return inside.replaceChildren();
  const focused = inside.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const advice = adviceOf(facts);
  const lines = advice.length > 0 ? advice : ["Nothing here would make this page lighter."];
  inside.replaceChildren(make("ul", "advice", {}, ...lines.map(line => make("li", "", {}, ...withCode(line)))), waterfall(load, rows));
  if (focused) inside.querySelector(`[data-id="${focused}"]`)?.focus();
}

function factsLine(load, { count, sent, time, unchanged, remembered, compressed, blocked }) {
  return [
    load.own ? "" : "a page of elsewhere", clockTime(load.began), plural(count, "request"), size(sent), duration(time),
    unchanged.length > 0 ? `${unchanged.length} × 304` : "",
    remembered.length > 0 ? `${remembered.length} not asked for: from the browser's memory` : "",
    compressed.length > 0 ? `${compressed.length} compressed` : "",
    blocked.length > 0 ? `${blocked.length} blocked by the browser` : "",
  ].filter(Boolean).join(" · ");
}

function waterfall(load, rows) {
  const span = spanOf(load);
  const names = ["Status", "Target", "Type", "Sent", "Coding", "When"];
  const head = make("tr", "", {}, ...names.map(name => make("th", `w-${name.toLowerCase()}`, { scope: "col" }, name)));
  const lines = rows.slice(0, MAX_ROWS).map(exchange => rowOf(exchange, span));
  const made = make("table", "waterfall", {}, make("thead", "", {}, head), make("tbody", "", {}, ...lines));
  const left = rows.length - lines.length;
  return left > 0 ? make("div", "", {}, made, make("p", "note", {}, `and ${left.toLocaleString("en")} more`)) : made;
}

function rowOf(exchange, span) {
  const target = `${exchange.method === "GET" ? "" : `${printable(exchange.method)} `}${printable(exchange.target)}`;
  const open = make("button", "open", { type: "button", "data-id": exchange.id, title: target }, target);
  const cell = (name, ...content) => make("td", `w-${name}`, {}, ...content);
  const node = make("tr", statusClass(exchange.status), {},
    cell("status", `${exchange.status}${exchange.blocked ? " ⊘" : ""}`), cell("target", open), cell("type", shortType(exchange.type)),
    cell("sent", exchange.status === 304 ? "copy used" : size(exchange.sent)), cell("coding", exchange.coding ?? ""),
    cell("when", ...barOf(exchange, span)));
  node.classList.toggle("selected", exchange.id === model.selected);
  node.classList.toggle("blocked", exchange.blocked === true);
  return node;
}

// When it came, and how long it took: a bar, and the same in words.
function barOf({ began, arrived, decided, ended, status }, { from, to }) {
  const words = `after ${duration(Math.max(0, began - from))}, took ${duration(ended - began)}`;
  if (began > to) return [make("span", "later", {}, words)];
  const share = moment => 100 * (Math.min(moment, to) - from) / (to - from);
  const bar = make("div", `exchange-bar ${statusClass(status)}`);
  bar.style.left = `${share(began)}%`;
  bar.style.width = `${share(ended) - share(began)}%`;
  const part = moment => `${100 * (moment - began) / Math.max(ended - began, 1)}%`;
  bar.style.setProperty("--wait", part(arrived));
  bar.style.setProperty("--decided", part(decided));
  return [make("div", "fall", { title: words, "aria-hidden": "true" }, bar), make("span", "unseen", {}, words)];
}

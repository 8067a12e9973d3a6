// The table of exchanges. It may have ten thousand rows, and only those are made that are seen, and some on either side:
//
//   <tr class="spacer">     as high as all the rows above
//   <tr data-id="117"> ..   those that are seen
//   <tr class="spacer">     as high as all the rows below
//
// All rows are equally high. In a wide window the table scrolls in its box, else the whole page does.

import { arrange, byId, make, setText } from "./dom.js";
import { oncePerFrame } from "./frame.js";
import { model } from "./model.js";
import { drawUnderWay, makeExchangeRow } from "./rows.js";
import { isFiltering, isShown, order, rowOf, shown, shownAt, updateShown } from "./shown.js";
import { plural } from "./text.js";

const AROUND = 12; // rows made above and below what is seen

const made = new Map();  // the rows that are in the page, by the id of their exchange
let rowHeight = 27;      // measured at the first row
let isMeasuring = false;
let current = null;      // the id of the exchange at which the keyboard is

const spacer = () => make("tr", "spacer", { "aria-hidden": "true" }, make("td"));
const above = spacer(), below = spacer();

export const table = { isHidden: false };

export function drawRows() {
  const anchor = anchorOf();
  updateShown();
  for (const under of model.underWay.values()) {
    drawUnderWay(under, byId("under-way"));
    under.row.node.hidden = !isShown(under);
  }
  drawCount();
  if (table.isHidden) return;
  drawWindow();
  if (anchor) keepInPlace(anchor);
}

function drawCount() {
  const count = shown.list.length;
  setText(byId("count"), count < model.total ? `${count.toLocaleString("en")} of ${plural(model.total, "exchange")} shown`
    : plural(count, "exchange"));
  const empty = byId("no-exchanges");
  empty.hidden = count > 0 || model.underWay.size > 0;
  setText(empty, model.exchanges.length > 0 && isFiltering() ? "No exchange passes the filter." : "No exchange yet.");
}

// Where the table is seen: the top and the bottom of its box, or of the window.
function sight() {
  const box = byId("exchanges");
  if (getComputedStyle(box).overflowY === "visible") return { box: document.scrollingElement, top: 0, bottom: innerHeight };
  const { top, bottom } = box.getBoundingClientRect();
  return { box, top, bottom };
}

export const onScrolled = oncePerFrame(() => table.isHidden || drawWindow());

// Makes the rows that are seen, and removes those that no longer are.
export function drawWindow() {
  const body = byId("rows");
  if (!above.isConnected) body.append(above, below);
  const { top, bottom } = sight();
  const start = body.getBoundingClientRect().top;
  const count = shown.list.length;
  const most = Math.max(0, count - 1);
  const first = Math.min(Math.max(0, Math.floor((top - start) / rowHeight) - AROUND), most);
  const last = Math.min(count, Math.max(first + AROUND, Math.ceil((bottom - start) / rowHeight) + AROUND));
  const wanted = new Set();
  for (let row = first; row < last; row += 1) wanted.add(shownAt(row).id);
  for (const [id, row] of made) {
    if (wanted.has(id)) continue;
    row.node.remove();
    made.delete(id);
  }
  const nodes = [];
  for (let row = first; row < last; row += 1) {
    const { node } = rowFor(shownAt(row));
    node.setAttribute("aria-rowindex", row + 2);
    nodes.push(node);
  }
  arrange(body, nodes, above.nextElementSibling);
  above.style.height = `${first * rowHeight}px`;
  below.style.height = `${(count - last) * rowHeight}px`;
  byId("table").setAttribute("aria-rowcount", count + 1);
  measure(wanted);
  keepOneTabStop();
}

function rowFor(exchange) {
  const known = made.get(exchange.id);
  // The row of a preflight names its request, when that has come.
  if (known && known.request === exchange.request) return known;
  known?.node.remove();
  const row = { ...makeExchangeRow(exchange), request: exchange.request };
  row.node.classList.toggle("selected", exchange.id === model.selected);
  made.set(exchange.id, row);
  return row;
}

// The height of a row depends on the letters and on the width of the window.
function measure(ids) {
  const [id] = ids;
  const height = made.get(id)?.node.getBoundingClientRect().height;
  if (!height || Math.abs(height - rowHeight) < .01 || isMeasuring) return;
  rowHeight = height;
  isMeasuring = true;
  drawWindow();
  isMeasuring = false;
}

// What came since is above the newest row. Whoever has scrolled away from there, or is in a row with the keyboard, stays
// at the same exchanges: this is the row that must not move, and where it is.
function anchorOf() {
  const { top } = sight();
  const focused = document.activeElement?.closest("#rows tr[data-id]");
  const isAtTop = byId("rows").getBoundingClientRect().top >= top;
  if (isAtTop && !focused) return null;
  const rows = [...byId("rows").children];
  const row = focused ?? rows.find(node => node.dataset.id && node.getBoundingClientRect().bottom > top);
  return row && { id: Number(row.dataset.id), place: row.getBoundingClientRect().top };
}

function keepInPlace({ id, place }) {
  const row = rowOf(id);
  if (row < 0) return;
  const moved = byId("rows").getBoundingClientRect().top + row * rowHeight - place;
  if (Math.abs(moved) < 1) return;
  sight().box.scrollBy(0, moved);
  drawWindow();
}

// A new filter or a new order: everything is drawn anew, from the top.
export function drawAnew() {
  shown.isStale = true;
  current = null;
  for (const cell of document.querySelectorAll("th[data-sort]")) {
    const isIt = cell.dataset.sort === order.key;
    if (isIt) cell.setAttribute("aria-sort", order.isDescending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
}

// The tab key stops once in the table, at the row where one was last; arrow keys do the rest.
function keepOneTabStop() {
  const stop = made.get(current) ?? made.get(Number(above.nextSibling.dataset.id));
  for (const row of made.values()) row.button.setAttribute("tabindex", row === stop ? "0" : "-1");
}

export function markSelected() {
  if (model.selected !== null) current = model.selected;
  for (const [id, row] of made) row.node.classList.toggle("selected", id === model.selected);
  keepOneTabStop();
}

// Scrolls to a row, if it is not seen.
export function reveal(id) {
  const row = rowOf(id);
  if (row < 0 || table.isHidden) return;
  const { box, top, bottom } = sight();
  const head = byId("table").tHead.offsetHeight;
  const place = byId("rows").getBoundingClientRect().top + row * rowHeight;
  if (place < top + head) box.scrollBy(0, place - top - head);
  else if (place + rowHeight > bottom) box.scrollBy(0, place + rowHeight - bottom);
  drawWindow();
}

// Goes so many rows down or up, with the keyboard: gives the exchange there.
export function moveBy(step) {
  const from = rowOf(current);
  const last = shown.list.length - 1;
  if (last < 0) return null;
  const row = from < 0 && Number.isFinite(step) ? 0 : Math.min(Math.max(from + step, 0), last);
  current = shownAt(row).id;
  reveal(current);
  focusCurrent();
  return current;
}

// Gives the keyboard back to the row where it was.
export function focusCurrent() {
  keepOneTabStop();
  const row = made.get(current) ?? made.get(Number(above.nextSibling?.dataset.id));
  row?.button.focus({ preventScroll: true });
}

// The table of exchanges, the newest first, and above them the responses that are being sent.

import { byId, make, setText } from "./dom.js";
import { printable } from "./bytes.js";
import { model, serverNow } from "./model.js";
import { isFiltering, isShown } from "./shown.js";
import { duration, ordinal, plural, size, statusClass } from "./text.js";

function makeRow(exchange) {
  const cell = name => make("td", `c-${name}`, { role: "cell" });
  const names = ["status", "method", "target", "bytes", "time", "connection", "when"];
  const cells = Object.fromEntries(names.map(name => [name, cell(name)]));
  const node = make("tr", "", { role: "row" }, ...Object.values(cells));
  cells.method.textContent = printable(exchange.method) || "–";
  cells.connection.textContent = `#${exchange.connection}, ${ordinal(exchange.number)}`;
  return { node, cells };
}

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

export function drawRows() {
  // New ones are at the end of the list. Those above them in the table are known already.
  const fresh = [];
  for (let index = model.exchanges.length - 1; index >= 0 && !model.exchanges[index].row; index -= 1) {
    const exchange = model.exchanges[index];
    exchange.row = makeExchangeRow(exchange);
    exchange.row.node.hidden = !isShown(exchange);
    exchange.row.node.classList.toggle("selected", exchange.id === model.selected);
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
export const currentStop = () => tabStop;
export function keepOneTabStop(wanted) {
  let next = wanted ?? tabStop;
  if (!next?.isConnected || next.closest("tr").hidden) next = visibleRows()[0]?.querySelector("button");
  if (next === tabStop) return;
  tabStop?.setAttribute("tabindex", "-1");
  next?.setAttribute("tabindex", "0");
  tabStop = next;
}

export const visibleRows = () => [...byId("rows").rows].filter(row => !row.hidden);

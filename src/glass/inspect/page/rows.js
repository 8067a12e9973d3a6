// One row of the table: what is in its cells.

import { printable } from "./bytes.js";
import { make, setText } from "./dom.js";
import { findExchange, serverNow } from "./model.js";
import { duration, ordinal, size, statusClass } from "./text.js";

export const COLUMNS = ["status", "method", "target", "type", "received", "bytes", "time", "connection", "when"];

export function makeRow(exchange) {
  const cells = Object.fromEntries(COLUMNS.map(name => [name, make("td", `c-${name}`, { role: "cell" })]));
  const node = make("tr", statusClass(exchange.status), { role: "row" }, ...Object.values(cells));
  cells.status.textContent = exchange.status;
  cells.method.textContent = printable(exchange.method) || "–";
  cells.connection.textContent = `#${exchange.connection}, ${ordinal(exchange.number)}`;
  return { node, cells };
}

// The kind of what was sent: "text/html; charset=utf-8" is html.
export function shortType(type) {
  const [name] = (type ?? "").split(";");
  return name.split("/").pop().replace(/^(vnd\.|x-)/, "").trim();
}

export function makeExchangeRow(exchange) {
  const row = makeRow(exchange);
  const { node, cells } = row;
  node.classList.toggle("broken", !exchange.complete);
  node.classList.toggle("blocked", exchange.blocked === true);
  node.dataset.id = exchange.id;
  const target = printable(exchange.target) || "(no target)";
  const marks = marksOf(exchange);
  row.button = make("button", "open", {
    type: "button", tabindex: "-1", title: target,
    "aria-label": [`${cells.method.textContent} ${target}: ${exchange.status} ${exchange.phrase}`,
      ...marks.map(mark => mark.textContent)].join(", "),
  }, target);
  cells.target.append(make("div", "", {}, row.button, ...marks));
  cells.status.title = exchange.phrase;
  cells.type.textContent = shortType(exchange.type);
  cells.type.title = exchange.type ?? "";
  cells.received.textContent = exchange.received ? size(exchange.received) : "";
  cells.received.title = exchange.received ? `${exchange.received} bytes of body came` : "";
  cells.bytes.textContent = exchange.complete ? size(exchange.sent) : `${size(exchange.sent)} ✗`;
  cells.bytes.title = exchange.complete ? `${exchange.sent} bytes of body were sent`
    : `${exchange.sent} of ${exchange.length} bytes: the connection ended too early`;
  cells.time.textContent = duration(exchange.ended - exchange.began);
  cells.when.textContent = clockTime(exchange.ended);
  return row;
}

// What is said of an exchange in its row: that the browser refuses it, or that it is a preflight or has one. The words
// that lead elsewhere are buttons.
function marksOf(exchange) {
  const marks = [];
  const lead = (id, words) => make("button", "mark", { type: "button", tabindex: "-1", "data-id": id }, words);
  if (exchange.blocked) marks.push(make("span", "mark alarm", { title: "The browser refuses this answer to the page that asked" }, "blocked"));
  if (exchange.preflight) {
    const request = findExchange(exchange.request);
    marks.push(request ? lead(request.id, `preflight of ${printable(request.method)}`) : make("span", "mark", {}, "preflight"));
  }
  if (exchange.about !== undefined) marks.push(lead(exchange.about, "its preflight"));
  return marks;
}

// A time of the server as a clock shows it.
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });
export const clockTime = microseconds => clock.format(Date.now() + (microseconds - serverNow()) / 1000);

// A response that is being sent.
export function drawUnderWay(under, place) {
  if (!under.row) {
    under.row = makeRow(under);
    const { cells } = under.row;
    under.row.bar = make("progress", "", { "aria-label": `Sending ${printable(under.target)}` });
    cells.target.append(make("div", "", {}, make("span", "", {}, printable(under.target)), under.row.bar));
    cells.when.textContent = "under way";
    place.prepend(under.row.node);
  }
  const { cells, bar } = under.row;
  bar.max = Math.max(under.length, 1);
  bar.value = under.sent;
  setText(cells.bytes, `${size(under.sent)}`);
  cells.bytes.title = `of ${size(under.length)}`;
  setText(cells.time, `${Math.floor(100 * under.sent / Math.max(under.length, 1))} %`);
}

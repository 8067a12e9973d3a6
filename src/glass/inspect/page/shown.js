// Which exchanges are shown, and in which order: those that pass the filter, sorted by a column. With ten thousand of
// them, what came since is added to the list, and only a new filter or order makes it anew.

import { matches, parse } from "./filter.js";
import { model } from "./model.js";

export const filter = { parsed: parse(""), classes: new Set(["2", "3", "4", "5"]) };
export const order = { key: "when", isDescending: true };

export const shown = {
  list: [],      // from the bottom row to the top row: the newest come at its end, where to add is cheap
  lastId: 0,     // of what has been looked at
  dropped: 0,    // how many the model had dropped then
  era: 0,        // and its era
  isStale: true, // the filter or the order is a new one
  version: 0,    // how often the list was made anew
};

// By what a column is sorted.
const COLUMNS = {
  status: exchange => exchange.status,
  method: exchange => exchange.method,
  target: exchange => exchange.target.toLowerCase(),
  type: exchange => exchange.type ?? "",
  received: exchange => exchange.received ?? 0,
  bytes: exchange => exchange.sent,
  time: exchange => exchange.ended - exchange.began,
  connection: exchange => exchange.connection,
  when: exchange => exchange.id,
};

// The rows whose order is that of the first column which they differ in: the one chosen, then that of their end.
export function compareBy(key, isDescending) {
  const get = COLUMNS[key];
  const turn = isDescending ? -1 : 1;
  return (a, b) => {
    const x = get(a), y = get(b);
    return x === y ? b.id - a.id : x < y ? -turn : turn;
  };
}

export function isShown(exchange) {
  const code = String(exchange.status)[0];
  // 1xx has no button: it is not a final response.
  if ("2345".includes(code) && !filter.classes.has(code)) return false;
  return filter.parsed.tests.length === 0 || matches(filter.parsed, exchange);
}

export const isFiltering = () => filter.parsed.tests.length > 0 || filter.classes.size < 4;

const isByTime = () => order.key === "when";

// Brings the list up to date.
export function updateShown() {
  const isNew = shown.isStale || shown.era !== model.era;
  if (isNew) {
    shown.version += 1;
    shown.list = [];
    shown.lastId = 0;
  } else if (shown.dropped !== model.dropped) {
    shown.list = shown.list.filter(exchange => !exchange.isDropped);
  }
  shown.dropped = model.dropped;
  const fresh = [];
  for (let index = model.exchanges.length - 1; index >= 0; index -= 1) {
    const exchange = model.exchanges[index];
    if (exchange.id <= shown.lastId) break;
    if (isShown(exchange)) fresh.push(exchange);
  }
  fresh.reverse();
  shown.isStale = false;
  shown.era = model.era;
  shown.lastId = model.exchanges.at(-1)?.id ?? 0;
  if (fresh.length === 0) return;
  if (isByTime() && order.isDescending) return void shown.list.push(...fresh);
  if (isByTime() && isNew) return void (shown.list = fresh.reverse());
  const topFirst = compareBy(order.key, order.isDescending);
  if (!isNew && fresh.length < 100) return fresh.forEach(exchange => insert(exchange, topFirst));
  shown.list = [...shown.list, ...fresh].sort((a, b) => topFirst(b, a));
}

// Puts an exchange into its place.
function insert(exchange, topFirst) {
  let low = 0, high = shown.list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (topFirst(shown.list[middle], exchange) > 0) low = middle + 1;
    else high = middle;
  }
  shown.list.splice(low, 0, exchange);
}

// The exchange in a row, counted from the top.
export const shownAt = row => shown.list[shown.list.length - 1 - row];

// The row of an exchange, or -1.
export function rowOf(id) {
  const at = shown.list.findLastIndex(exchange => exchange.id === id);
  return at < 0 ? -1 : shown.list.length - 1 - at;
}

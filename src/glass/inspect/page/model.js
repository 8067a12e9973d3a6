// What the page knows of the server, and what each event does to it. Nothing is drawn here.

import { textOf } from "./filter.js";

const MAX_EXCHANGES = 10000; // kept at most, the newest; the server keeps no more
const MAX_RECENT = 300;      // and of these so many have a bar in the time line

export const model = {
  exchanges: [],           // the newest, oldest first, and so in the order of their ids
  recent: [],              // those of them that are in the time line
  dropped: 0,              // how many have left
  era: 0,                  // how often everything was forgotten, to be told anew
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
  selected: null,          // the id of the exchange that is open
};

const pageClock = () => performance.now() * 1000;
export const serverNow = () => pageClock() + model.clock;
const keyOf = event => `${event.connection}:${event.number}`;

// Each kind of event, and what it does to the model.
export const HANDLERS = {
  hello(event) {
    const isRestarted = event.now < serverNow() - 1e6;
    if (isRestarted) {
      model.clearedAt = -1;
      model.selected = null;
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
    const exchange = { ...event, level: overlaps ? (previous.level + 1) % 4 : 0, bar: null };
    if (overlaps) connection.pipelined = true;
    connection.exchanges.push(exchange);
    // A preflight knows its request, which comes later.
    const preflight = findExchange(event.about);
    if (preflight) preflight.request = event.id;
    textOf(exchange);
    model.exchanges.push(exchange);
    model.recent.push(exchange);
    model.total += 1;
    if (model.recent.length > MAX_RECENT) dropBar(model.recent.shift());
    if (model.exchanges.length > MAX_EXCHANGES) dropExchange(model.exchanges.shift());
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

// The exchange with this id, if it is known.
export function findExchange(id) {
  let low = 0, high = model.exchanges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (model.exchanges[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return model.exchanges[low]?.id === id ? model.exchanges[low] : undefined;
}

function dropExchange(exchange) {
  exchange.isDropped = true;
  model.dropped += 1;
}

// An exchange leaves the time line.
function dropBar(exchange) {
  exchange.bar?.node.remove();
  exchange.bar = null;
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

// Forgets the exchanges, and what is drawn of them.
export function forgetExchanges() {
  for (const exchange of model.recent.splice(0)) dropBar(exchange);
  for (const exchange of model.exchanges.splice(0)) dropExchange(exchange);
  model.total = 0;
}

function forgetEverything() {
  model.era += 1;
  for (const connection of [...model.connections.values()]) dropConnection(connection);
  forgetExchanges();
  for (const under of [...model.underWay.values()]) dropUnderWay(under);
  model.internal.clear();
}

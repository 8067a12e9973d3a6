// The stream of events from the server: opened, held back while the page is paused, and opened again when it breaks.

import { redraw } from "./frame.js";
import { HANDLERS, forgetExchanges, model, serverNow } from "./model.js";

const MAX_HELD = 20000; // events kept while paused; if there are more, the server is asked again

export const stream = {
  state: "connecting", // or "live" or "gone"
  held: null,          // while paused: the events that wait
  heldCount: 0,
  pausedAt: 0,
  listeners: [],       // who hears of each event as it comes, paused or not
};
let source = null;     // the EventSource

// Opened and closed connections may be among the lost events. To be certain of the state, everything is requested
// again, when there are fewer events.
function miss({ events }) {
  model.lost += events;
  clearTimeout(model.refresh);
  model.refresh = setTimeout(() => {
    model.refresh = null;
    connect();
  }, 3000);
}

const apply = (kind, event) => kind === "lost" ? miss(event) : HANDLERS[kind](event);

// One event has come. While the page is paused, it is kept for later; if there are too many, they are only counted.
function receive(kind, event) {
  for (const listener of stream.listeners) listener(kind, event);
  // A turn is no event of an exchange: it only says which was the longest.
  if (stream.held && kind !== "turn") {
    stream.heldCount += 1;
    if (kind === "hello") stream.held.length = 0;
    stream.held.push([kind, event]);
    if (stream.held.length > MAX_HELD) stream.held.splice(0);
  } else {
    apply(kind, event);
  }
  redraw();
}

// Opens the stream of events. If it breaks, the browser tries again by itself, unless the response was not a stream;
// then this page does.
export function connect() {
  source?.close();
  const opened = source = new EventSource("./events");
  const listen = message => {
    // The browser reports an open stream by an event with the same name as ours, without data.
    if (opened !== source || typeof message.data !== "string") return;
    stream.state = "live";
    receive(message.type, JSON.parse(message.data));
  };
  for (const kind of [...Object.keys(HANDLERS), "lost"]) opened.addEventListener(kind, listen);
  opened.addEventListener("error", () => {
    if (opened !== source) return;
    stream.state = "gone";
    if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === source && connect(), 2000);
    redraw();
  });
  redraw();
}

export function pause(isPaused) {
  if (isPaused === Boolean(stream.held)) return;
  if (isPaused) {
    stream.held = [];
    stream.heldCount = 0;
    stream.pausedAt = serverNow();
  } else {
    const events = stream.held;
    stream.held = null;
    // If there was no room for all of them, only the server knows the state.
    if (events.length < stream.heldCount && events[0]?.[0] !== "hello") connect();
    else for (const [kind, event] of events) apply(kind, event);
  }
  redraw();
}

export function clear() {
  model.clearedAt = serverNow();
  forgetExchanges();
  model.lost = 0;
  if (stream.held) {
    const kept = stream.held.filter(([kind]) => kind !== "exchange" && kind !== "progress");
    stream.heldCount -= stream.held.length - kept.length;
    stream.held = kept;
  }
  redraw();
}

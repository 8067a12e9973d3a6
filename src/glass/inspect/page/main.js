// The page of the live inspector. It listens to the events of the server, keeps a small model of its state, and draws
// that. A module imports only what stands above it here:
//
//   text, bytes, message, notation         pure functions: text out of numbers, bytes, and the parts of a message
//   dom, frame                             nodes of the page, and when it is drawn: at most once for each frame
//   model, stream                          what is known, and the events that change it
//   shown                                  which exchanges pass the filter
//   masthead, table                        drawing: the head of the page, and the rows
//   axis, bars, workers, lanes             the time line: a lane for each connection
//   panels, parts, steps                   what opens beside the table, and what is in it
//   examples, composer                     sends any bytes, and shows what comes back
//   detail                                 one exchange in detail
//   main                                   buttons, keys, the filter; here all begins

import { scale } from "./axis.js";
import { beginComposer, composer } from "./composer.js";
import { openExchange } from "./detail.js";
import { byId } from "./dom.js";
import { drawers, redraw } from "./frame.js";
import { drawTimeLineSoon, onLanesScrolled } from "./lanes.js";
import { drawState } from "./masthead.js";
import { model } from "./model.js";
import { closePanel, showPanel } from "./panels.js";
import { filter, isShown } from "./shown.js";
import { clear, connect, pause, stream } from "./stream.js";
import { drawRows, keepOneTabStop, visibleRows } from "./table.js";

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
  byId("pause").addEventListener("click", () => pause(!stream.held));
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
  beginComposer();

  // Ages grow while nothing happens.
  setInterval(() => model.connections.size > 0 && stream.state === "live" && !stream.held && drawTimeLineSoon(), 500);
  byId("lanes").addEventListener("scroll", onLanesScrolled, { passive: true });
  addEventListener("resize", redraw);
  connect();
}

drawers.push(drawState, drawRows, drawTimeLineSoon);
stream.listeners.push((kind, event) => composer.hear(kind, event));
begin();

// The page of the live inspector. It listens to the events of the server, keeps a small model of its state, and draws
// that. A module imports only what stands above it here:
//
//   text, bytes, message, notation         pure functions: text out of numbers, bytes, and the parts of a message
//   body, curl, har, compare, loads        pure functions, too: what can be made of an exchange, or of several
//   filter                                 the last of these: what is written in the filter, as a test of an exchange
//   dom, frame, copy, story                nodes, when they are drawn, and what the page asks the server for
//   model, stream                          what is known, and the events that change it
//   shown                                  which exchanges pass the filter, and in which order
//   masthead, rows, table, controls        drawing: the head of the page, and the rows that are seen
//   axis, bars, workers, lanes             the time line: a lane for each connection
//   panels, parts, steps, body_view        what opens beside the table, and what is in it
//   examples, composer                     sends any bytes, and shows what comes back
//   sentence, compare_view, actions        why it came out so; two exchanges side by side; copying
//   detail                                 one exchange in detail
//   loads_view, export                     the view by page; HAR
//   main                                   buttons, keys, the filter; here all begins

import { scale } from "./axis.js";
import { beginComposer, composer } from "./composer.js";
import { choice, choose } from "./compare_view.js";
import { openExchange } from "./detail.js";
import { byId } from "./dom.js";
import { beginFilter } from "./controls.js";
import { exportHar } from "./export.js";
import { drawers, redraw } from "./frame.js";
import { drawTimeLineSoon, fold, foldAsBefore, isFolded, onLanesScrolled } from "./lanes.js";
import { drawLoads, showByPage } from "./loads_view.js";
import { drawState } from "./masthead.js";
import { model } from "./model.js";
import { closePanel, showPanel } from "./panels.js";
import { clear, connect, pause, stream } from "./stream.js";
import { drawRows, moveBy, onScrolled, table } from "./table.js";

// A step with the arrow keys; if an exchange is open, the one in the row is opened in its place.
function moveTo(step) {
  const id = moveBy(step);
  if (id !== null && !byId("exchange").hidden) openExchange(id);
}

const STEPS = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  if (event.key === "Escape") {
    if (choice.first !== null) return choose(null);
    if (document.querySelector(".panel:not([hidden])")) closePanel();
    return;
  }
  const writes = event.target.closest("input, textarea, select");
  if (event.key === "/" && !writes) {
    event.preventDefault();
    byId("filter").select();
    return byId("filter").focus();
  }
  // Where a key has a meaning already, it keeps that.
  const isTaken = writes || event.target.closest(".source, #lanes") || !byId("composer").hidden || table.isHidden;
  const isArrow = event.key === "ArrowUp" || event.key === "ArrowDown";
  if (!(event.key in STEPS) || isTaken || !(isArrow || event.target.closest("#rows"))) return;
  event.preventDefault();
  moveTo(STEPS[event.key]);
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

  beginFilter();
  byId("pause").addEventListener("click", () => pause(!stream.held));
  byId("clear").addEventListener("click", clear);
  byId("scale").addEventListener("change", event => {
    scale.span = event.target.value === "squeezed" ? null : Number(event.target.value);
    byId("scale-note").hidden = scale.span !== null;
    redraw();
  });

  byId("by-page").addEventListener("click", () => {
    showByPage(!table.isHidden);
    redraw();
  });
  byId("fold").addEventListener("click", () => fold(!isFolded()));
  foldAsBefore();
  byId("export").addEventListener("click", exportHar);
  byId("choosing-cancel").addEventListener("click", () => choose(null));
  byId("composer-button").addEventListener("click", () => {
    if (!byId("composer").hidden) return closePanel();
    showPanel("composer");
    byId("raw").focus();
  });
  beginComposer();

  // Ages grow while nothing happens.
  setInterval(() => model.connections.size > 0 && stream.state === "live" && !stream.held && drawTimeLineSoon(), 500);
  for (const scrolled of [byId("exchanges"), document]) scrolled.addEventListener("scroll", onScrolled, { passive: true });
  byId("lanes").addEventListener("scroll", onLanesScrolled, { passive: true });
  addEventListener("resize", redraw);
  connect();
}

drawers.push(drawState, drawRows, drawLoads, drawTimeLineSoon);
stream.listeners.push((kind, event) => composer.hear(kind, event));
begin();

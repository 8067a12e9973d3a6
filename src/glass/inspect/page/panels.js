// The panels beside the table, of which one is open at a time.

import { byId } from "./dom.js";
import { redraw } from "./frame.js";
import { showNewest } from "./lanes.js";
import { model } from "./model.js";
import { currentStop } from "./table.js";

// Marks the row and the bar of the exchange that is open.
export function select(exchange) {
  for (const node of document.querySelectorAll(".selected")) node.classList.remove("selected");
  exchange?.row?.node.classList.add("selected");
  exchange?.bar?.node.classList.add("selected");
}

export function showPanel(id, takesFocus) {
  for (const panel of document.querySelectorAll(".panel")) panel.hidden = panel.id !== id;
  byId("composer-button").setAttribute("aria-expanded", String(id === "composer"));
  if (id !== "exchange") {
    if (model.selected !== null) showNewest();
    model.selected = null;
    select(null);
  }
  if (takesFocus) byId(id)?.focus();
  redraw();
}

export function closePanel() {
  const wasComposer = !byId("composer").hidden;
  const row = byId("rows").querySelector("tr.selected button");
  showPanel(null);
  if (wasComposer) byId("composer-button").focus();
  else (row ?? currentStop())?.focus();
}

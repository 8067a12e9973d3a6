// The panels beside the table, of which one is open at a time.

import { byId } from "./dom.js";
import { redraw } from "./frame.js";
import { showNewest } from "./lanes.js";
import { model } from "./model.js";
import { focusCurrent, markSelected, table } from "./table.js";

// Marks the row and the bar of the exchange that is open.
export function select(exchange) {
  for (const node of document.querySelectorAll(".exchange-bar.selected")) node.classList.remove("selected");
  exchange?.bar?.node.classList.add("selected");
  markSelected();
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
  const opened = model.selected;
  const wasComposer = !byId("composer").hidden;
  showPanel(null);
  if (wasComposer) byId("composer-button").focus();
  else if (table.isHidden) document.querySelector(`#loads [data-id="${opened}"]`)?.focus();
  else focusCurrent();
}

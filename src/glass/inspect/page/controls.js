// What chooses the rows: the filter and its note, the buttons for classes of status, and the order.

import { byId, setText } from "./dom.js";
import { parse } from "./filter.js";
import { redraw } from "./frame.js";
import { filter, order } from "./shown.js";
import { drawAnew } from "./table.js";

// Text is sorted from a to z first; of numbers and times the largest and the newest come first.
const ASCENDING_FIRST = ["method", "target", "type", "connection"];

function apply() {
  drawAnew();
  redraw();
}

function sortBy(key, isDescending) {
  order.key = key;
  order.isDescending = isDescending;
  byId("order").value = `${key} ${isDescending ? "down" : "up"}`;
  apply();
}

export function beginFilter() {
  byId("filter").addEventListener("input", event => {
    filter.parsed = parse(event.target.value);
    const { problems } = filter.parsed;
    setText(byId("filter-problems"), problems.length > 0 ? `Not understood: ${problems.join("; ")}.` : "");
    apply();
  });
  for (const button of document.querySelectorAll("[data-class]")) {
    button.addEventListener("click", () => {
      const isOn = !filter.classes.delete(button.dataset.class);
      if (isOn) filter.classes.add(button.dataset.class);
      button.setAttribute("aria-pressed", String(isOn));
      apply();
    });
  }
  for (const cell of document.querySelectorAll("th[data-sort]")) {
    const key = cell.dataset.sort;
    cell.firstElementChild.addEventListener("click", () =>
      sortBy(key, order.key === key ? !order.isDescending : !ASCENDING_FIRST.includes(key)));
  }
  // On a phone there is no room for the heads of columns.
  byId("order").addEventListener("change", event => {
    const [key, direction] = event.target.value.split(" ");
    sortBy(key, direction === "down");
  });
}

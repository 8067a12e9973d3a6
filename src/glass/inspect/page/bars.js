// The bars in the lanes: one for each exchange, whose parts are waiting for bytes, deciding, and sending.

import { printable } from "./bytes.js";
import { make } from "./dom.js";
import { model } from "./model.js";
import { isShown } from "./shown.js";
import { duration, statusClass } from "./text.js";

export function drawBar(exchange, lane, axis, view) {
  const left = axis.at(exchange.began), right = axis.at(exchange.ended);
  exchange.place = left;
  if (right < view.from || left > view.to || exchange.ended < axis.earliest) {
    exchange.bar?.node.remove();
    exchange.bar = null;
    return;
  }
  exchange.bar ??= makeBar(exchange, lane);
  exchange.bar.node.classList.toggle("filtered", !isShown(exchange));
  if (!placeBar(exchange.bar, left, right)) return;
  const share = moment => `${100 * (axis.at(moment) - left) / Math.max(right - left, 1)}%`;
  exchange.bar.node.style.setProperty("--wait", share(exchange.arrived));
  exchange.bar.node.style.setProperty("--decided", share(exchange.decided));
}

function makeBar(exchange, lane) {
  const node = make("div", `exchange-bar ${statusClass(exchange.status)}`);
  node.classList.toggle("broken", !exchange.complete);
  node.classList.toggle("selected", exchange.id === model.selected);
  node.dataset.id = exchange.id;
  node.title = `${printable(exchange.method)} ${printable(exchange.target)}: ${exchange.status}, `
    + duration(exchange.ended - exchange.began);
  node.style.setProperty("--row", exchange.level);
  lane.track.append(node);
  return { node };
}

// Moves a bar, if it is not there already: says whether it was moved.
export function placeBar(bar, left, right) {
  if (bar.left === left && bar.right === right) return false;
  bar.left = left;
  bar.right = right;
  bar.node.style.left = `${left}px`;
  bar.node.style.width = `${right - left}px`;
  return true;
}

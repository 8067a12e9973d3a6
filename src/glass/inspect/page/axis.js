// The axis of time that all lanes share. On the squeezed scale, a gap between two moments is as wide as the logarithm of
// its length. So an exchange of a third of a millisecond and the half minute of silence behind it both fit, in the right
// order, and what overlaps in time overlaps in the picture. The other scales are linear.

import { byId, make, setText } from "./dom.js";
import { duration } from "./text.js";

export const scale = { span: null }; // seconds across the window; null: squeezed

function gapWidth(microseconds) {
  if (scale.span === null) return 6 * Math.log2(1 + microseconds / 40);
  return microseconds * visibleTrackWidth() / (scale.span * 1e6);
}

export function visibleTrackWidth() {
  const label = byId("axis").previousElementSibling;
  return Math.max(byId("lanes").clientWidth - label.offsetWidth, 100);
}

// Finds the place of each moment at which something happened.
export function makeAxis(lanes, spans, now) {
  // On a linear scale, ten windows of the past are kept, or the picture would be far too wide.
  const earliest = scale.span === null ? -Infinity : now - 10 * scale.span * 1e6;
  const moments = new Set([now]);
  const add = moment => moment !== null && moment >= earliest && moments.add(Math.min(moment, now));
  for (const { began, arrived, decided, ended } of spans) [began, arrived, decided, ended].forEach(add);
  for (const { opened, closed } of lanes) [opened, closed].forEach(add);
  const sorted = [...moments].sort((a, b) => a - b);
  const stops = [];
  let place = 8, before = sorted[0];
  for (const moment of sorted) {
    place += gapWidth(moment - before);
    stops.push({ moment, place });
    before = moment;
  }
  // The newest is at the right end, even if there is room behind it.
  const shift = Math.max(0, visibleTrackWidth() - place - 12);
  const places = new Map();
  for (const stop of stops) places.set(stop.moment, stop.place += shift);
  // What is older than the picture is at its left edge.
  const at = moment => places.get(Math.min(moment, now)) ?? 0;
  return { width: place + shift + 12, earliest, stops, at };
}

// Above the lanes stands how long each busy stretch took, and how long each silence between them.
const axisLabels = [];
export function drawAxis({ stops }) {
  const QUIET = 45; // a gap that is so many pixels wide gets a figure of its own
  const labels = [];
  let from = stops[0];
  stops.forEach((stop, index) => {
    const next = stops[index + 1];
    if (next && next.place - stop.place < QUIET) return;
    if (stop !== from) labels.push({ from, to: stop, kind: "busy" });
    if (next) labels.push({ from: stop, to: next, kind: "idle" });
    from = next;
  });
  labels.forEach(({ from, to, kind }, index) => {
    const width = to.place - from.place;
    const label = axisLabels[index] ??= byId("axis").appendChild(make("span"));
    label.className = kind;
    label.style.left = `${from.place}px`;
    label.style.width = `${width}px`;
    setText(label, width >= QUIET ? duration(to.moment - from.moment) : "");
  });
  for (const label of axisLabels.splice(labels.length)) label.remove();
}

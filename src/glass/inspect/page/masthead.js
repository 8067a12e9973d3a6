// The head of the page: whether it hears the server, and what it has missed.

import { byId, setText } from "./dom.js";
import { model } from "./model.js";
import { stream } from "./stream.js";
import { plural } from "./text.js";

export function drawState() {
  const node = byId("state");
  node.className = stream.state;
  const live = `Live · glasshttp ${model.version} · ${plural(model.workers, "worker")}`;
  setText(node, stream.state === "gone" ? "Connection lost, trying again" : stream.state !== "live" ? "Connecting to the server"
    : stream.held ? `Paused · ${plural(stream.heldCount, "event")} waiting` : live);
  drawLongest();
  document.title = `${stream.state === "gone" ? "(lost) " : stream.held ? "(paused) " : ""}Inspector · glasshttp`;
  byId("pause").setAttribute("aria-pressed", String(Boolean(stream.held)));
  setText(byId("pause"), stream.held ? "Resume" : "Pause");

  byId("gone").hidden = stream.state !== "gone";
  const faults = byId("faults");
  faults.hidden = model.faults.length === 0;
  setText(faults, `Faults are switched on: ${model.faults.join(", ")}. This server misbehaves on purpose.`);
  const lost = byId("lost");
  lost.hidden = model.lost === 0;
  setText(lost, `Too much at once for this page: it missed ${plural(model.lost, "event")}. `
    + (model.refresh ? "In a moment it asks anew how things stand." : "It has asked anew how things stand."));
}

// So long have all other connections of one worker waited, and for what.
function drawLongest() {
  const node = byId("longest");
  const longest = model.longest;
  node.hidden = !longest;
  if (!longest) return;
  const about = longest.target ? `${longest.method} ${longest.target}` : `connection ${longest.connection}`;
  const shown = about.length > 40 ? `${about.slice(0, 40)}…` : about;
  setText(node, `Longest turn ${(longest.took / 1000).toFixed(2)} ms: ${shown}`);
  node.title = `So long have all other connections of worker ${longest.worker} waited for ${about}.`;
}

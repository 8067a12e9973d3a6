// Saves what is shown as HAR: each exchange is asked for, a few at a time, since a page keeps no more than its summary.

import { say, save } from "./copy.js";
import { byId, setText } from "./dom.js";
import { harOf } from "./har.js";
import { loadsOf } from "./loads.js";
import { model, serverNow } from "./model.js";
import { shown } from "./shown.js";
import { storyOf } from "./story.js";
import { plural } from "./text.js";

const AT_ONCE = 4;
let running = null; // the export under way, if there is one

export async function exportHar() {
  if (running) return void (running.isStopped = true);
  const wanted = shown.list.toReversed();
  if (wanted.length === 0) return say("There is nothing to save: no exchange is shown.");
  const button = byId("export"), label = button.textContent;
  const run = running = { isStopped: false };
  const found = [];
  const queue = wanted.values();
  let lost = 0;
  const work = async () => {
    for (const exchange of queue) {
      if (run.isStopped) return;
      // What the server no longer has is known by its summary.
      const story = await storyOf(exchange.id).catch(() => { lost += 1; });
      found.push(story ?? exchange);
      if (found.length % 20 === 0) setText(button, `Stop: ${found.length.toLocaleString("en")} of ${wanted.length.toLocaleString("en")} are there`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  running = null;
  setText(button, label);
  if (run.isStopped) return say("Nothing was saved.");
  save("glasshttp.har", "application/json", JSON.stringify(har(found), null, 1));
  say(`Saved as glasshttp.har: ${plural(found.length, "exchange")}${lost > 0 ? `, of which the server no longer has ${lost} in full` : ""}.`);
}

function har(exchanges) {
  const now = Date.now(), clock = serverNow();
  const loads = loadsOf(model.exchanges);
  const pageOf = new Map(loads.flatMap(load => load.exchanges.map(each => [each.id, load.id])));
  const used = new Set(exchanges.map(each => pageOf.get(each.id)));
  return harOf(exchanges, {
    origin: location.origin, version: model.version, at: moment => now + (moment - clock) / 1000,
    pages: loads.filter(load => used.has(load.id)), pageOf: ({ id }) => pageOf.get(id) ?? null,
  });
}

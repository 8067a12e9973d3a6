// One exchange in detail: what happened and why, in one sentence; then its bytes, all that was decided, and where the
// time went.

import { actionsFor } from "./actions.js";
import { bodyView } from "./body_view.js";
import { printable } from "./bytes.js";
import { choice, choose, openComparison } from "./compare_view.js";
import { byId, make, problemOf } from "./dom.js";
import { showBar } from "./lanes.js";
import { fieldOf, readHead, readMessages } from "./message.js";
import { findExchange, model } from "./model.js";
import { select, showPanel } from "./panels.js";
import { appendBody, showParts } from "./parts.js";
import { sentenceOf } from "./sentence.js";
import { stepList } from "./steps.js";
import { storyOf } from "./story.js";
import { reveal } from "./table.js";
import { duration, ordinal, plural, size, statusClass } from "./text.js";

export async function openExchange(id, takesFocus) {
  // It may be the second of two that are to be compared.
  if (choice.first !== null && choice.first !== id) return openComparison(choice.first, id);
  choose(null);
  model.selected = id;
  const known = findExchange(id);
  select(known);
  const content = byId("exchange-content");
  let story;
  try {
    story = await storyOf(id);
  } catch (error) {
    if (model.selected !== id) return;
    showPanel("exchange", takesFocus);
    byId("exchange-title").textContent = `Exchange ${id}`;
    content.replaceChildren(problemOf(error));
    return;
  }
  if (model.selected !== id) return; // meanwhile another was opened
  byId("exchange-title").replaceChildren(`${printable(story.method) || "–"} ${printable(story.target)} `,
    make("span", `status ${statusClass(story.status)}`, {}, `${story.status} ${story.phrase}`));
  content.replaceChildren(...exchangeParts(story));
  showPanel("exchange", takesFocus);
  content.scrollTop = 0;
  reveal(id);
  if (known) showBar(known);
}

function exchangeParts(story) {
  const heading = text => make("h3", "", {}, text);
  if (isBare(story)) {
    const why = "Its bytes and decisions are no longer kept: later exchanges needed the memory.";
    return [...sentenceOf(story), aboutOf(story), timeBar(story), make("p", "note", {}, why)];
  }
  return [
    ...sentenceOf(story), actionsFor(story), aboutOf(story), timeBar(story),
    heading("The request"), requestOf(story), ...carried(story, heading),
    heading("What was decided, and why"), stepList(story),
    heading("The response"), responseOf(story),
  ];
}

// Whether the server has dropped what it had captured, and knows the summary alone.
const isBare = ({ captured, request, response, steps }) =>
  captured === false && request === "" && response === "" && steps.length === 0;

function aboutOf(story) {
  const end = story.complete ? "" : ` The connection ended when ${size(story.sent)} of ${size(story.length)} were sent.`;
  return make("p", "note", {}, `The ${ordinal(story.number)} request on connection ${story.connection}, `
    + `from ${story.forwarded ? `${story.forwarded} by the proxy ${story.client}` : story.client}, answered by worker ${story.worker}.${end}`);
}

function requestOf(story) {
  const request = make("dl", "bytes");
  const [message] = readMessages(story.request, "request");
  if (message) showParts(request, message.parts);
  if (message && message.stop < story.request.length) {
    showParts(request, [{ name: "behind it", pieces: [["body-text", story.request.slice(message.stop)]], end: "" }]);
  }
  if (!message) request.append(make("div", "", {}, make("dt", "", {}, "nothing"), make("dd", "", {}, "no byte came")));
  return request;
}

// What the request carried.
function carried({ request, requestBody, requestBodyCut, received }, heading) {
  if (requestBody) {
    return [heading("What the request carried"), ...bodyView(requestBody, fieldOf(readHead(request).fields, "content-type"), requestBodyCut)];
  }
  if (!received) return [];
  return [heading("What the request carried"), make("p", "note", {}, `${plural(received, "byte")}, of which none is kept.`)];
}

function responseOf(story) {
  const response = make("dl", "bytes");
  const [head] = readMessages(story.response, "response", ["HEAD"]);
  if (head) showParts(response, head.parts);
  const value = make("dd");
  if (story.body) appendBody(value, story.body, null, Math.max(story.sent, story.body.length));
  else value.append(make("span", "escape", {}, story.length > 0 ? `${plural(story.length, "byte")}, not kept here` : "none"));
  response.append(make("div", "", {}, make("dt", "", {}, "body"), value));
  return response;
}

// Where the time went: one bar, and its figures.
function timeBar(story) {
  const whole = make("div", `whole ${statusClass(story.status)}`, { "aria-hidden": "true" });
  const figures = make("p", `figures ${statusClass(story.status)}`);
  const phases = [
    ["wait", "waiting for bytes", story.arrived - story.began],
    ["decide", "deciding", story.decided - story.arrived],
    ["send", "sending", story.ended - story.decided],
  ];
  for (const [className, name, time] of phases) {
    const part = make("span", className);
    part.style.setProperty("flex", `${Math.max(time, 0)} 0 0`);
    whole.append(part);
    figures.append(make("span", `key key-${className}`, {}, `${name} `, make("b", "", {}, duration(time))));
  }
  figures.append(make("span", "", {}, "together ", make("b", "", {}, duration(story.ended - story.began))));
  return make("div", "", {}, whole, figures);
}

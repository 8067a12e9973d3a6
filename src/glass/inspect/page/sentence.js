// What happened in an exchange, and why: the server's sentence, the step that decided, and the preflight that belongs to
// it.

import { printable } from "./bytes.js";
import { make } from "./dom.js";
import { findExchange } from "./model.js";
import { goToStep } from "./steps.js";
import { statusClass } from "./text.js";

// `leads` says whether the steps are below it, to go to.
export function sentenceOf(story, leads = true) {
  const line = make("p", `sentence ${statusClass(story.status)}`);
  line.classList.toggle("blocked", story.blocked === true);
  if (story.blocked && !/^blocked/i.test(wordsOf(story))) line.append(make("span", "mark alarm", {}, "blocked by the browser"), " ");
  line.append(make("b", "", {}, String(story.status)), " ", ...withCode(wordsOf(story)), " ");
  if (leads && story.steps[story.deciding]) {
    const link = make("a", "", { href: `#step-${story.deciding + 1}` }, `Decided in step ${story.deciding + 1}`);
    link.addEventListener("click", event => {
      event.preventDefault();
      goToStep(story.deciding);
    });
    line.append(link);
  }
  const related = leads ? relations(story) : [];
  return related.length > 0 ? [line, make("p", "related", {}, ...related)] : [line];
}

// The sentence, without the status, which stands before it already.
export const wordsOf = ({ sentence, phrase, status }) =>
  sentence ? sentence.replace(new RegExp(`^${status}[:;,]?\\s*`), "") : phrase;

// What stands between backticks is written as code.
export const withCode = text => text.split("`").map((part, index) => index % 2 === 1 ? make("code", "", {}, part) : part);

// The preflight of a request, and the request that a preflight was for.
function relations(story) {
  const link = (exchange, words) => make("button", "", { type: "button", "data-id": exchange.id },
    `${words}: ${printable(exchange.method)} ${exchange.status}`);
  const nodes = [];
  if (story.about !== undefined) {
    nodes.push(link(findExchange(story.about) ?? { id: story.about, method: "OPTIONS", status: "" }, "Its preflight"));
  }
  if (story.preflight) {
    const request = findExchange(findExchange(story.id)?.request);
    nodes.push("This is a preflight: the browser asks whether the page may send the request at all.");
    nodes.push(request ? link(request, "The request") : "No such request has come.");
  }
  return nodes;
}

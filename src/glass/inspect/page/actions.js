// What can be done with an exchange: copied, saved, sent again.

import { asChunks } from "./body.js";
import { sameBefore } from "./compare.js";
import { choose, openComparison } from "./compare_view.js";
import { composer } from "./composer.js";
import { copy, copyBytes } from "./copy.js";
import { curlOf } from "./curl.js";
import { make } from "./dom.js";
import { fieldOf, readHead } from "./message.js";
import { model } from "./model.js";

export function actionsFor(story) {
  const button = (label, act) => {
    const made = make("button", "", { type: "button" }, label);
    made.addEventListener("click", act);
    return made;
  };
  const command = curlOf(story, location.origin);
  const before = sameBefore(model.exchanges, story);
  const cut = story.requestBodyCut ? "; of its body, the beginning alone is kept" : "";
  const curl = button("Copy as curl", () => copy(command, `the request as a curl command${cut}`));
  curl.disabled = command === null;
  if (command === null) curl.title = "curl could not send this; “Change it and send it again” can";
  return make("div", "actions", { role: "group", "aria-label": "What can be done with it" },
    ...before ? [button(`Compare with the one before: ${before.status}`, () => openComparison(before.id, story.id))] : [],
    button("Compare with another", () => choose(story)),
    button("Change it and send it again", () => composer.fill(asSent(story))),
    curl,
    button("Copy the request", () => copyBytes(story.request + (story.requestBody ?? ""), `the request${cut}`)),
    button("Copy the response", () => copyBytes(story.response + story.body, story.body.length < story.sent
      ? "the response, of whose body the beginning alone is kept" : "the response")),
    bytesOf(story, "request"), bytesOf(story, "response"));
}

// The bytes as a file, as far as they are kept.
const bytesOf = ({ id }, kind) =>
  make("a", "", { href: `exchange/${id}/${kind}`, download: `${kind}-${id}.http` }, `Save the ${kind}'s bytes`);

// The request as it came over the wire. What came in chunks is one chunk here.
function asSent({ request, requestBody = "" }) {
  const isChunked = /chunked/i.test(fieldOf(readHead(request).fields, "transfer-encoding"));
  return request + (isChunked ? asChunks(requestBody) : requestBody);
}

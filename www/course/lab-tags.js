// A recorded exchange may send the entity tag of a file back to the server (If-None-Match). The tag of that file is
// another on this machine: before the block is played first, the laboratory is asked for the file, and the tag of the
// book is replaced.

import { play } from "./lab-run.js";

const TAG = /"[^"\s]*"/g;
const CONDITIONAL = /^(if-[a-z-]+|range):/i;

// The request without its conditions, so that its answer shows the tag.
function unconditional(request) {
  const lines = request.split("\r\n").filter((line) => !CONDITIONAL.test(line));
  return lines.join("\r\n");
}

/** The tags of the book that are sent and that a recorded answer holds, each with the request that was answered so. */
export function tagsToReplace(conversations, requestOf) {
  const found = new Map();
  for (const exchange of conversations.flatMap(({ exchanges }) => exchanges)) {
    const [, tag] = /^ETag: (?:W\/)?("[^"\s]*")/im.exec(exchange.expected) ?? [];
    if (tag && !found.has(tag)) found.set(tag, unconditional(requestOf(exchange)));
  }
  const sent = new Set(conversations.flatMap(({ exchanges }) => exchanges.flatMap(({ lines }) =>
    lines.flatMap(({ text }) => text.match(TAG) ?? []))));
  return [...found].filter(([tag]) => sent.has(tag));
}

/** What stands for these tags here: a map from the book's to that of the file. */
export async function tagsHere(tags, engine, signal) {
  const answers = tags.map(() => "");
  const clients = tags.map(([, request]) => ({ after: 0, pieces: [{ bytes: request, wait: 0 }], end: false, quiet: 100 }));
  await play({ ...engine, clients }, ({ event, client, bytes }) => {
    if (event === "received") answers[client] += bytes;
  }, signal);
  return new Map(tags.flatMap(([tag], index) => {
    const [, here] = /^ETag: (?:W\/)?("[^"\s]*")/im.exec(answers[index]) ?? [];
    return here ? [[tag, here]] : [];
  }));
}

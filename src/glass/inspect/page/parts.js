// The parts of a message on the page: their names beside their bytes, each byte made visible.

import { make } from "./dom.js";
import { plural } from "./text.js";
import { RUNS, printable } from "./bytes.js";

const MAX_BODY = 4096; // bytes of a body shown

// Appends bytes to a node, all of them visible. `marks` says where the sender pauses: `at` is how
// many bytes came before, and `pauses` are offsets.
export function appendBytes(node, bytes, className, marks) {
  if (marks?.pauses.length > 0) {
    const [next] = marks.pauses;
    if (next < marks.at + bytes.length) {
      const before = next - marks.at;
      appendBytes(node, bytes.slice(0, before), className, { at: 0, pauses: [] });
      marks.pauses.shift();
      marks.at = next;
      node.append(make("span", "pause", {}, "pause"));
      return appendBytes(node, bytes.slice(before), className, marks);
    }
  }
  if (marks) marks.at += bytes.length;
  const target = className ? make("span", className) : node;
  for (const [run] of bytes.matchAll(RUNS)) {
    if (run === "\r\n" || run === "\r" || run === "\n") {
      if (run[0] === "\r") target.append(make("i", "end cr", { title: "carriage return" }, "␍"));
      if (run.endsWith("\n")) target.append(make("i", "end lf", { title: "line feed" }, "␊"));
      // In a body the line continues below, as in the text itself.
      if (run.endsWith("\n") && className === "body-text") target.append("\n");
    } else {
      const text = printable(run);
      const isEscape = text !== run && text.startsWith("\\");
      target.append(isEscape ? make("span", "escape", {}, text) : text);
    }
  }
  if (target !== node) node.append(target);
}

// What the pieces of a first line are called, each in its own colour.
function nameOf(name) {
  const names = { "request line": ["method", "target", "version"], "status line": ["version", "status-code", "phrase"] }[name];
  if (!names) return make("dt", "", {}, name);
  const words = names.flatMap(each => [" ", make("span", each, {}, each.replace("-code", ""))]);
  return make("dt", "", {}, name, make("small", "", {}, ...words));
}

// Shows parts in a list: their names beside their bytes.
export function showParts(list, parts, marks) {
  let previous = "";
  for (const { name, pieces, end } of parts) {
    const value = make("dd");
    for (const [className, bytes] of pieces) {
      if (className === "body-text") appendBody(value, bytes, marks);
      else appendBytes(value, bytes, className, marks);
    }
    appendBytes(value, end, "", marks);
    const label = name === previous ? make("dt", "", {}, make("span", "unseen", {}, name)) : nameOf(name);
    list.append(make("div", "", {}, label, value));
    previous = name;
  }
}

// A body: its beginning, as text, or as numbers if it is no text. `length` is that of the whole body.
export function appendBody(node, bytes, marks, length = bytes.length) {
  const isBinary = bytes.includes("\0") && !marks;
  const shown = bytes.slice(0, isBinary ? 128 : MAX_BODY);
  node.classList.add("body");
  if (isBinary) {
    node.classList.add("hex");
    for (let at = 0; at < shown.length; at += 8) {
      const row = shown.slice(at, at + 8);
      const numbers = Array.from(row, byte => byte.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
      node.append(make("span", "escape", {}, at.toString(16).padStart(4, "0")), `  ${numbers.padEnd(24)} `,
        make("span", "body-text", {}, row.replace(/[^\x20-\x7e]/g, "·")), "\n");
    }
  } else {
    appendBytes(node, shown, "body-text", marks);
  }
  if (marks) marks.at += bytes.length - shown.length;
  const left = length - shown.length;
  if (left > 0) node.append(make("span", "escape", {}, `\n… and ${plural(left, "byte")} more`));
}

// Shows messages one below the other, with a heading for each if there are several.
export function showMessages(messages, word, marks) {
  const list = make("dl", "bytes");
  messages.forEach((message, index) => {
    if (messages.length > 1) list.append(make("div", "message", {}, make("dt", "", {}, `${word} ${index + 1}`)));
    showParts(list, message.parts, marks);
  });
  if (messages.length === 0) return [];
  if (marks?.pauses.length > 0) {
    list.append(make("div", "", {}, make("dt", "", {}, "at the end"), make("dd", "", {}, make("span", "pause", {}, "pause"))));
  }
  return [list];
}

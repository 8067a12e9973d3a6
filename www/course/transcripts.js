// Transcripts: the two sides in two colours. A line that the page marks stays marked.

import { element } from "./dom.js";

const SIDES = { ">": "sent", "<": "got" };

// The lines of a transcript, and whether each is marked.
function linesOf(code) {
  const lines = [{ text: "", isMarked: false }];
  for (const node of code.childNodes) {
    const isMarked = node.nodeName === "MARK";
    for (const part of node.textContent.split(/(?<=\n)/)) {
      const last = lines.at(-1);
      last.text += part;
      last.isMarked ||= isMarked && part.trim() !== "";
      if (part.endsWith("\n")) lines.push({ text: "", isMarked: false });
    }
  }
  return lines.filter(({ text }) => text);
}

export function colourTranscripts() {
  for (const code of document.querySelectorAll(".transcript code")) {
    if (code.closest("figcaption")) continue;
    code.replaceChildren(...linesOf(code).map(({ text, isMarked }) => {
      const line = element("span", SIDES[text[0]] ?? "said", text);
      return isMarked ? element("mark", "", line) : line;
    }));
  }
}

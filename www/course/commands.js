// Several commands in one terminal: a long one wraps on a phone, and the next is to look like a new one.

import { element } from "./dom.js";

export function separateCommands() {
  for (const terminal of document.querySelectorAll("pre.terminal code")) {
    const lines = terminal.textContent.split(/(?<=\n)/);
    if (lines.length > 1) terminal.replaceChildren(...lines.map((line) => element("span", "command", line)));
  }
}

// Copies text, and says so.

import { asText } from "./body.js";
import { byId, make } from "./dom.js";
import { decode } from "./notation.js";

// Says something to everybody, those who see the page and those who hear it.
let forgets;
export function say(text) {
  clearTimeout(forgets);
  forgets = setTimeout(() => byId("said").replaceChildren(), 6000);
  byId("said").textContent = text;
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without permission, or on a page that is not on this machine: the older way.
    const box = make("textarea", "unseen", { "aria-hidden": "true" });
    const focused = document.activeElement;
    box.value = text;
    document.body.append(box);
    box.select();
    const isCopied = document.execCommand("copy");
    box.remove();
    focused?.focus();
    if (!isCopied) return say(`The browser does not let this page copy ${what}.`);
  }
  say(`Copied: ${what}.`);
}

// Copies bytes: as text, or in the notation of the composer if they are none.
export function copyBytes(bytes, what) {
  const text = asText(bytes);
  return text === null ? copy(decode(bytes), `${what}, with \\xNN for what is no text`) : copy(text, what);
}

// Offers a file that was made here.
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", "", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

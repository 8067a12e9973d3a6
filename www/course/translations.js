// What the server says, in the reader's language. It says it in English; decisions.zh.js has its sentences in Chinese.
// One that is not there stays English, and says so to whoever reads it aloud.

import { element, isChinese } from "./dom.js";

const catalogue = isChinese ? import("./decisions.zh.js").catch(() => null) : Promise.resolve(null);

// What stands between two ` of a sentence is code.
const withCode = (sentence) => sentence.split("`").map((part, index) => (index % 2 ? element("code", "", part) : part));

// Puts a sentence of the server into a node, in Chinese as soon as the catalogue is here.
export function inTheReadersLanguage(node, sentence) {
  node.append(...withCode(sentence));
  if (!isChinese) return node;
  node.lang = "en";
  catalogue.then((found) => {
    const translated = found?.translate?.(sentence);
    if (typeof translated !== "string" || !translated || translated === sentence) return;
    node.replaceChildren(...withCode(translated));
    node.removeAttribute("lang");
  });
  return node;
}

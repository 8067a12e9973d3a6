// What the server decided in an exchange: the decision that made the answer what it is first, then the others. Each in a
// sentence, with the section of the RFC, and with the lines of the source that decide, opened in place.

import { element, inLanguage, rfcLink, unseen } from "./dom.js";
import { ideasOf } from "./lab-ideas.js";
import { words } from "./lab-words.js";
import { sourceLink } from "./sources.js";
import { inTheReadersLanguage } from "./translations.js";

const colon = inLanguage({ en: ": ", zh: "：" });

// Without the indentation that all of them have.
function dedent(lines) {
  const indent = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)), 80);
  return lines.map((line) => line.slice(indent));
}

function codeLine(text, number, decides) {
  const code = element("code", "", text || " ");
  const node = element("li", number === decides ? "decides" : "",
    element("span", "number", String(number)), number === decides ? element("mark", "", code) : code);
  if (number === decides) node.append(unseen(` (${words.condition})`));
  return node;
}

// The lines that decide. What the course says of some of them is fetched when they are opened.
function sourceOf({ file, line, source }, isOpen, inspected) {
  const { from, decides, lines } = source;
  const details = element("details", "lab-source", element("summary", "", element("code", "", `${file}:${decides ?? from}`)));
  const code = element("ol", "code-lines", ...dedent(lines).map((text, index) => codeLine(text, from + index, decides)));
  code.role = "list";
  details.append(code);
  let isExplained = false;
  const explain = async () => {
    if (isExplained || !details.open) return;
    isExplained = true;
    const ideas = await ideasOf(file, lines);
    ideas.forEach((idea, index) => {
      if (!idea) return;
      code.children[index].append(element("span", "idea", ...idea()));
    });
  };
  details.addEventListener("toggle", explain);
  details.open = isOpen;
  explain();
  inspected.then((isInspected) => {
    if (!isInspected) return;
    details.append(element("p", "whole-file", sourceLink(file, decides ?? line, words.wholeFile)));
  });
  return details;
}

function step(told, isDeciding, inspected) {
  const { name, text, rfc, url, file, line, source } = told;
  const where = element("span", "where");
  const link = rfcLink(rfc, url);
  if (link) where.append(link);
  else if (rfc) where.append(rfc);
  if (!source?.lines?.length && file) {
    if (where.hasChildNodes()) where.append(" · ");
    where.append(element("code", "", line ? `${file}:${line}` : file));
  }
  const parts = [inTheReadersLanguage(element("strong"), name), colon, inTheReadersLanguage(element("span"), text), where];
  if (source?.lines?.length) parts.push(sourceOf(told, isDeciding, inspected));
  return parts;
}

/** The decisions of one exchange; `isOnly` if it is the only one of its connection. */
export function decisionsOf({ number, status, sentence, deciding, steps }, isOnly, inspected) {
  const title = isOnly ? words.why(number, status) : words.whyOf(number, status);
  const node = element("section", "lab-decisions", element("h3", "", title));
  if (sentence) node.append(inTheReadersLanguage(element("p", "sentence"), sentence));
  const first = steps[deciding];
  if (first) {
    node.append(element("div", "deciding", element("p", "label", words.decided), ...step(first, true, inspected)));
  }
  const rest = steps.filter((one) => one !== first);
  if (rest.length) {
    const list = element("ol", "decisions", ...steps.map((one, index) => {
      const item = element("li", "", ...step(one, false, inspected));
      item.value = index + 1;
      return item;
    }).filter((item, index) => steps[index] !== first));
    const title = first ? words.others(rest.length) : words.allOf(rest.length);
    const all = element("details", "all", element("summary", "", title), list);
    all.open = !first && rest.length <= 3;
    node.append(all);
  }
  return node;
}

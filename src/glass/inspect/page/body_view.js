// The body of a request on the page: read by its type, and below that byte for byte.

import { hexLines, readBody } from "./body.js";
import { isPlain } from "./bytes.js";
import { make } from "./dom.js";
import { plural } from "./text.js";

const NAMES = { json: "JSON", form: "a form", multipart: "several parts", text: "text", bytes: "no text" };

// What could change how others are shown, as U+202E does, is made visible.
const visible = text => text.replace(/[^\n\t\r]/gu, letter =>
  isPlain(letter) ? letter : `\\u{${letter.codePointAt(0).toString(16)}}`);

export function bodyView(bytes, type, isCut) {
  const read = readBody(bytes, type, isCut);
  const came = `${plural(bytes.length, "byte")}${type ? ` of ${type}` : ", without a Content-Type"}: ${NAMES[read.kind]}.`;
  const cut = isCut ? " More came than is kept; this is its beginning." : "";
  const nodes = [make("p", "note", {}, came + cut), contentView(read, bytes)];
  if (read.kind !== "bytes") {
    const all = make("details", "", {}, make("summary", "", {}, "Byte for byte"));
    all.addEventListener("toggle", () => all.children.length === 1 && all.append(hexView(bytes)));
    nodes.push(all);
  }
  return nodes;
}

function contentView(read, bytes) {
  if (read.kind === "bytes") return hexView(bytes);
  if (read.kind === "form") return formView(read);
  if (read.kind === "multipart") return partsView(read);
  return scrolled(make("pre", "carried", {}, visible(read.text)), "The body as text");
}

const hexView = bytes => scrolled(make("pre", "carried", {}, hexLines(bytes)), "The body as bytes");

// A box that scrolls can be scrolled by keys.
function scrolled(node, label) {
  node.setAttribute("tabindex", "0");
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", label);
  return node;
}

const more = left => left > 0 ? [make("p", "note", {}, `and ${plural(left, "more")}`.replace(/mores$/, "more"))] : [];

function formView({ pairs, left }) {
  const rows = pairs.map(([name, value]) =>
    make("tr", "", {}, make("th", "", { scope: "row" }, visible(name)), make("td", "", {}, visible(value))));
  const head = make("tr", "", {}, make("th", "", { scope: "col" }, "Name"), make("th", "", { scope: "col" }, "Value"));
  return make("div", "", {}, make("table", "pairs", {}, make("thead", "", {}, head), make("tbody", "", {}, ...rows)), ...more(left));
}

function partsView({ parts, left }) {
  const items = parts.map(({ name, file, type, bytes, body }) => {
    const title = make("p", "", {}, make("b", "", {}, name === null ? "without a name" : visible(name)),
      file === null ? "" : ` · file ${visible(file)}`, type ? ` · ${visible(type)}` : "", ` · ${plural(bytes.length, "byte")}`);
    const shown = body.kind === "bytes" ? hexView(bytes.slice(0, 1024)) : contentView(body, bytes);
    return make("li", "", {}, title, shown);
  });
  return make("div", "", {}, make("ol", "several", {}, ...items), ...more(left));
}

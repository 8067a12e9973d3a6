// Lines of the source that the course explains. The page source.html maps ideas to lines: a row for each idea, with
//
//   <tr id="map-cr-lf">
//     <td>A line ends in CR LF. … (<a href="/guide/http.html#happened">chapter 4</a>)</td>
//     <td><code class="line" data-file="src/http/request.rs">line.strip_suffix(b"\r").ok_or_else(|| {</code> …</td>
//   </tr>
//
// It is fetched once, when the first lines are opened. What it says becomes text, links and code, and nothing else.

import { element, isChinese } from "./dom.js";

const PAGE = isChinese ? "/zh/guide/source.html" : "/guide/source.html";
const plain = (text) => text.trim().replace(/\s+/g, " ");
const keyOf = (file, line) => `${file}\n${plain(line)}`;

let ideas = null;

const isShown = ({ nodeType }) => nodeType === Node.TEXT_NODE || nodeType === Node.ELEMENT_NODE;

function copyOf(node) {
  if (node.nodeName === "A") {
    const link = element("a", "", plain(node.textContent));
    link.href = new URL(node.getAttribute("href"), new URL(PAGE, location.href)).href;
    return link;
  }
  return node.nodeName === "CODE" ? element("code", "", node.textContent) : node.textContent;
}

// What an idea's row says of it: the cell without lines of code, with a link to the chapter that tells more.
function ideaOf(row) {
  const cell = [...row.cells].find((one) => !one.querySelector("code.line"));
  const parts = () => [...cell?.childNodes ?? []].filter(isShown).map(copyOf);
  if (cell?.querySelector("a[href]")) return parts;
  return () => {
    const link = element("a", "", plain(row.closest("section")?.querySelector("h2")?.textContent ?? row.id));
    link.href = `${PAGE}#${row.id}`;
    return [...parts(), " ", link];
  };
}

async function load() {
  const response = await fetch(PAGE);
  if (!response.ok) return new Map();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = [...page.querySelectorAll("tr[id] code.line[data-file]")];
  return new Map(found.map((line) => [keyOf(line.dataset.file, line.textContent), ideaOf(line.closest("tr"))]));
}

/** What the course says about each of these lines of a file: a function that makes its nodes, or undefined. */
export async function ideasOf(file, lines) {
  ideas ??= load().catch(() => new Map());
  const found = await ideas;
  return lines.map((line) => (plain(line).length > 1 ? found.get(keyOf(file, line)) : undefined));
}

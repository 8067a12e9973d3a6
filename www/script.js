// Shows the header fields of real responses. The page is complete without it.
"use strict";

// What the usual fields say, in a few words. Others are shown without a note.
const NOTES = {
  "accept-ranges": "You may ask for a part.",
  "cache-control": "How a copy may be kept; no-cache means: keep it, but ask before use.",
  "connection": "What becomes of the connection after this.",
  "content-length": "How many bytes the body has, or for HEAD, would have.",
  "content-range": "Which part this is, and of how much.",
  "content-type": "What kind of thing the body is.",
  "date": "When the response was made.",
  "etag": "A tag for this very version of the file.",
  "last-modified": "When the file last changed.",
  "server": "The program that answered.",
  "vary": "Which fields of the request had a say in the answer.",
  "x-content-type-options": "nosniff: do not guess at the type.",
};

// Each button: what it says, what it asks for.
const ASKS = [
  ["This page", () => ["GET", location.pathname, {}]],
  ["Only the head", () => ["HEAD", "/samples/hello.txt", {}]],
  ["Bytes 0 to 99", () => ["GET", location.pathname, { Range: "bytes=0-99" }]],
  ["Only if changed", async () => {
    const first = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
    const tag = first.headers.get("etag");
    return ["GET", location.pathname, tag ? { "If-None-Match": tag } : {}];
  }],
  ["A missing file", () => ["GET", "/no/such/page", {}]],
];

const live = document.getElementById("live");
const intro = document.getElementById("live-intro");
const table = document.createElement("table");
let latest = 0;

function element(name, text, ...children) {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...children);
  return made;
}

async function ask(button, prepare) {
  const turn = ++latest;
  for (const other of live.querySelectorAll("button")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  try {
    const [method, path, headers] = await prepare();
    const response = await fetch(path, { method, headers, cache: "no-store" });
    const size = (await response.arrayBuffer()).byteLength;
    if (turn === latest) show(method, path, headers, response, size);
  } catch (error) {
    if (turn !== latest) return;
    table.replaceChildren(element("caption", "No answer came. Is the server still running?"));
  }
}

function show(method, path, headers, response, size) {
  const extra = Object.entries(headers).map(([name, value]) => ` with ${name}: ${value}`).join("");
  const caption = element("caption", "Asked ");
  caption.append(
    element("code", `${method} ${path}`), `${extra}. Received `,
    element("code", `${response.status} ${response.statusText}`.trim()),
    size ? ` and a body of ${size} bytes.` : " and no body.");

  const rows = element("tbody", "");
  for (const [name, value] of response.headers) {
    const head = element("th", "", element("code", name));
    head.scope = "row";
    const cell = element("td", "", element("code", value));
    if (NOTES[name]) cell.append(element("small", NOTES[name]));
    rows.append(element("tr", "", head, cell));
  }
  table.replaceChildren(caption, rows);
}

function begin() {
  // The commands name the address that this page really came from.
  for (const origin of document.querySelectorAll(".origin")) origin.textContent = location.origin;

  intro.textContent = "These are the header fields of a response that has just come in. "
    + "Ask for something else and see them change. "
    + "(The browser gives field names in lower case; in HTTP the case makes no difference.)";
  const asks = element("div", "");
  asks.className = "asks";
  for (const [label, prepare] of ASKS) {
    const button = element("button", label);
    button.type = "button";
    button.addEventListener("click", () => ask(button, prepare));
    asks.append(button);
  }
  const result = element("div", "", table);
  result.setAttribute("aria-live", "polite");
  live.append(asks, result);
  ask(asks.firstChild, ASKS[0][1]);
}

if (location.protocol.startsWith("http")) begin();

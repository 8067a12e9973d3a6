// The live parts of a chapter: the reader's own request, if the server runs with --inspect.
//
// Every page is complete without it.

import { CR_LF, visible } from "./bytes.js";
import { button, element, inLanguage, rfcLink } from "./dom.js";
import { sourceLink } from "./sources.js";
import { inTheReadersLanguage } from "./translations.js";

const words = inLanguage({
  en: {
    requestLine: "request line",
    requestParts: "method, target, version",
    statusLine: "status line",
    statusParts: "version, status, reason",
    fields: "fields",
    blank: "blank line",
    request: (size) => `The head of your request: ${size} bytes`,
    response: (size) => `The head of the response: ${size} bytes`,
    steps: "What the server decided",
    connection: (index, id) => [
      index === 1 ? "1 exchange" : `${index} exchanges`,
      ` on connection ${id}, this page’s included. The number rises while the connection stays open, `
        + "and begins at 1 again with a new one.",
    ],
    again: "Ask for this page again",
    lost: "No answer came. Is the server still running?",
    hint: "To see your own bytes here, start the server with --inspect and load this page from it:",
    hintInACheckout: "Or, in a checkout of the source:",
  },
  zh: {
    requestLine: "请求行",
    requestParts: "方法、目标、版本",
    statusLine: "状态行",
    statusParts: "版本、状态码、原因短语",
    fields: "字段",
    blank: "空行",
    request: (size) => `你的请求的头部：${size} 字节`,
    response: (size) => `响应的头部：${size} 字节`,
    steps: "服务器作出的决定",
    connection: (index, id) => [
      `${index} 次交换`,
      `，都在连接 ${id} 上，这个页面也算在内。连接不断，这个数就一直增加；换了新连接，又从 1 开始。`,
    ],
    again: "再请求一次本页",
    lost: "没有收到响应。服务器还在运行吗？",
    hint: "想在这里看到自己的字节，请带上 --inspect 启动服务器，再从它那里打开本页：",
    hintInACheckout: "或者，在检出的源码里：",
  },
});

// ---- bytes

function code(line, isEnded) {
  const made = element("code", "", visible(line));
  if (isEnded) made.append(CR_LF());
  return element("dd", "", made);
}

function part(label, note, ...lines) {
  const name = element("dt", "", label);
  if (note) name.append(element("small", "", note));
  return element("div", "", name, ...lines);
}

// A head with its parts named. `head` has a character for each byte.
function headTable(head, title, firstLabel, firstNote) {
  const lines = head.split("\r\n");
  const isEnded = (index) => index < lines.length - 1;
  const parts = [part(firstLabel, firstNote, code(lines[0], isEnded(0)))];
  const end = lines.indexOf("", 1);
  const fields = lines.slice(1, end < 0 ? undefined : end);
  if (fields.length) parts.push(part(words.fields, "", ...fields.map((line, at) => code(line, isEnded(at + 1)))));
  if (end > 0 && isEnded(end)) parts.push(part(words.blank, "", code("", true)));
  return [element("h3", "", title(head.length)), element("dl", "bytes", ...parts)];
}

const requestTable = (told) => headTable(told.request, words.request, words.requestLine, words.requestParts);
const responseTable = (told) => headTable(told.response, words.response, words.statusLine, words.statusParts);

// ---- decisions

function step({ name, text, rfc, url, file, line }) {
  const sentence = inTheReadersLanguage(element("span"), text);
  const where = element("span", "where");
  const link = rfcLink(rfc, url);
  if (link) where.append(link, " · ");
  if (file) where.append(sourceLink(file, line, element("code", "", line ? `${file}:${line}` : file)));
  const head = inTheReadersLanguage(element("strong"), name);
  return element("li", "", head, inLanguage({ en: ": ", zh: "：" }), sentence, where);
}

const steps = (told) => told.steps.length
  ? [element("h3", "", words.steps), element("ol", "decisions", ...told.steps.map(step))] : [];

// ---- the parts

const SHOWS = {
  "my-request": requestTable,
  "my-exchange": (told) => [
    // Where the request has a place of its own on the page, it is not shown twice.
    ...(places.some((place) => place.dataset.live === "my-request") ? [] : requestTable(told)),
    ...steps(told),
    ...responseTable(told),
  ],
  "my-connection": (told) => {
    const [count, rest] = words.connection(told.index, told.connection);
    return [element("p", "", element("strong", "count", count), rest), button("", words.again, askAgain)];
  },
};

const places = [...document.querySelectorAll(".live[data-live]")];

function show(told) {
  for (const place of places) {
    const make = SHOWS[place.dataset.live];
    if (!make) continue;
    place.replaceChildren(...make(told));
    place.classList.add("on");
  }
}

// What the server tells of the last exchange about this page; null if it does not run with --inspect.
async function ask() {
  const target = encodeURIComponent(location.pathname + location.search);
  const response = await fetch(`/.glass/live?target=${target}`, { cache: "no-store" });
  return response.ok ? response.json() : null;
}

async function askAgain(event) {
  try {
    const page = await fetch(location.pathname + location.search, { cache: "no-store" });
    await page.arrayBuffer();
    const told = await ask();
    if (told) show(told);
    document.querySelector('[data-live="my-connection"] button')?.focus();
  } catch {
    event.target.after(element("p", "hint", words.lost));
  }
}

function hint() {
  const ways = [
    [words.hint, "glasshttp --course"],
    [words.hintInACheckout, "cargo run --release -- --course"],
  ];
  for (const [sentence, line] of ways) {
    const command = element("pre", "terminal", element("code", "", line));
    command.tabIndex = 0;
    places[0]?.append(element("p", "hint", sentence), command);
  }
}

// Fills the live parts. Whether the server runs with --inspect.
export async function showLiveParts() {
  const told = await ask();
  if (told) show(told);
  else hint();
  return told !== null;
}

// Fills the live parts of a chapter with the reader's own request, if the server runs with
// --inspect, and links the files that a chapter names. Every page is complete without it.
//
// What the server tells is shown as text and never as markup: a request can hold anything.
"use strict";

const WORDS = {
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
    hintWithoutSource: "Or, without the source:",
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
    lost: "没有得到回答。服务器还在运行吗？",
    hint: "想在这里看到自己的字节，请带上 --inspect 启动服务器，再从它那里打开本页：",
    hintWithoutSource: "没有源码时：",
  },
};
const words = document.documentElement.lang.startsWith("zh") ? WORDS.zh : WORDS.en;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// ---- bytes

// A line of a head in which every byte can be told: those that are no visible ASCII as \xNN.
function visible(line) {
  return line.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

// Both signs for a line's end, which style.css draws.
function code(line, ended) {
  const made = element("code", "", visible(line));
  if (ended) made.append(element("i", "", "\u240d\u240a"));
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
  const ended = (index) => index < lines.length - 1;
  const parts = [part(firstLabel, firstNote, code(lines[0], ended(0)))];
  const end = lines.indexOf("", 1);
  const fields = lines.slice(1, end < 0 ? undefined : end);
  if (fields.length) parts.push(part(words.fields, "", ...fields.map((line, at) => code(line, ended(at + 1)))));
  if (end > 0 && ended(end)) parts.push(part(words.blank, "", code("", true)));
  return [element("h3", "", title(head.length)), element("dl", "bytes", ...parts)];
}

const requestTable = (told) => headTable(told.request, words.request, words.requestLine, words.requestParts);
const responseTable = (told) => headTable(told.response, words.response, words.statusLine, words.statusParts);

// ---- decisions

function sourceLink(file, line, content) {
  const link = element("a", "", content);
  link.href = `/.glass/source/${file.split("/").map(encodeURIComponent).join("/")}${line ? `#${line}` : ""}`;
  return link;
}

function step({ name, text, rfc, url, file, line }) {
  const sentence = element("span", "", text);
  if (words !== WORDS.en) sentence.lang = "en";
  const where = element("span", "where");
  if (rfc && /^https:\/\/www\.rfc-editor\.org\//.test(url)) {
    const link = element("a", "rfc", rfc);
    link.href = url;
    where.append(link, " · ");
  }
  if (file) where.append(sourceLink(file, line, element("code", "", line ? `${file}:${line}` : file)));
  return element("li", "", element("strong", "", name), ": ", sentence, where);
}

const steps = (told) => told.steps.length
  ? [element("h3", "", words.steps), element("ol", "decisions", ...told.steps.map(step))] : [];

// ---- the live parts

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
    const again = element("button", "", words.again);
    again.type = "button";
    again.addEventListener("click", askAgain);
    return [element("p", "", element("strong", "count", count), rest), again];
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
    [words.hint, "cargo run --release -- --inspect www"],
    [words.hintWithoutSource, "glasshttp --course --inspect"],
  ];
  for (const [sentence, line] of ways) {
    const command = element("pre", "terminal", element("code", "", line));
    command.tabIndex = 0;
    places[0]?.append(element("p", "hint", sentence), command);
  }
}

// Links the files that the page names, as far as the server has them. One that was built from a package has no tests.
async function linkFiles() {
  const answer = await fetch("/.glass/source/", { cache: "no-store" });
  const there = new Set(answer.ok ? (await answer.text()).split("\n") : []);
  for (const file of document.querySelectorAll("code.file")) {
    const name = file.textContent.trim();
    if (there.has(name) && !file.closest("a")) file.replaceChildren(sourceLink(name, 0, file.textContent));
  }
}

// Transcripts: the two sides in two colours.
function colourTranscripts() {
  for (const transcript of document.querySelectorAll(".transcript code")) {
    const lines = transcript.textContent.split("\n").map((line, index, all) => {
      const side = { ">": "sent", "<": "got" }[line[0]] ?? "said";
      return element("span", side, index < all.length - 1 ? `${line}\n` : line);
    });
    transcript.replaceChildren(...lines);
  }
}

// Several commands in one terminal: a long one wraps on a phone, and the next is to look like a new one.
function separateCommands() {
  for (const terminal of document.querySelectorAll("pre.terminal code")) {
    const lines = terminal.textContent.split(/(?<=\n)/);
    if (lines.length > 1) terminal.replaceChildren(...lines.map((line) => element("span", "command", line)));
  }
}

async function begin() {
  colourTranscripts();
  separateCommands();
  if (!location.protocol.startsWith("http")) return;
  try {
    const told = await ask();
    if (!told) return hint();
    show(told);
    await linkFiles();
  } catch {
    // No answer, or none that can be read: the words of the page stay.
  }
}

begin();

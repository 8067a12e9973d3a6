// Shows the header fields of real responses. The page is complete without it.
"use strict";

const WORDS = {
  en: {
    intro: "These are the header fields of a response that has just come in. "
      + "Ask for something else and see them change. "
      + "(The browser gives field names in lower case; in HTTP the case makes no difference.)",
    lost: "No answer came. Is the server still running?",
    asked: "Asked ",
    with: (name, value) => ` with ${name}: ${value}`,
    received: ". Received ",
    body: (size) => size ? ` and a body of ${size} bytes.` : " and no body.",
    asks: ["This page", "Only the head", "Bytes 0 to 99", "Only if changed", "A missing file"],
    // What the usual fields say, in a few words. Others are shown without a note.
    notes: {
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
    },
  },
  zh: {
    intro: "这些是刚刚收到的一个响应的头部字段。换一样东西来要，看看它们怎样变化。"
      + "（浏览器给出的字段名是小写的；在 HTTP 里不分大小写。）",
    lost: "没有得到回答。服务器还在运行吗？",
    asked: "请求 ",
    with: (name, value) => `，带有 ${name}: ${value}`,
    received: "，收到 ",
    body: (size) => size ? `，正文 ${size} 字节。` : "，没有正文。",
    asks: ["本页", "只要头部", "第 0 到 99 字节", "有变化才要", "不存在的文件"],
    notes: {
      "accept-ranges": "可以只要一部分。",
      "cache-control": "副本可以怎样保存；no-cache 的意思是：可以留着，用之前要问。",
      "connection": "此后这条连接怎么办。",
      "content-length": "正文有多少字节；对 HEAD 来说，是本来会有多少。",
      "content-range": "这是哪一部分，全体有多大。",
      "content-type": "正文是什么类型的东西。",
      "date": "响应是什么时候作出的。",
      "etag": "文件的这一个版本的标签。",
      "last-modified": "文件上次改动的时间。",
      "server": "作出回答的程序。",
      "vary": "请求里的哪些字段影响了这个回答。",
      "x-content-type-options": "nosniff：不要猜测类型。",
    },
  },
};
const words = document.documentElement.lang.startsWith("zh") ? WORDS.zh : WORDS.en;

// What each button asks for.
const ASKS = [
  () => ["GET", location.pathname, {}],
  () => ["HEAD", "/samples/hello.txt", {}],
  () => ["GET", location.pathname, { Range: "bytes=0-99" }],
  async () => {
    const first = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
    const tag = first.headers.get("etag");
    return ["GET", location.pathname, tag ? { "If-None-Match": tag } : {}];
  },
  () => ["GET", "/no/such/page", {}],
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
    table.replaceChildren(element("caption", words.lost));
  }
}

function show(method, path, headers, response, size) {
  const extra = Object.entries(headers).map(([name, value]) => words.with(name, value)).join("");
  const caption = element("caption", words.asked);
  caption.append(
    element("code", `${method} ${path}`), `${extra}${words.received}`,
    element("code", `${response.status} ${response.statusText}`.trim()),
    words.body(size));

  const rows = element("tbody", "");
  for (const [name, value] of response.headers) {
    const head = element("th", "", element("code", name));
    head.scope = "row";
    const cell = element("td", "", element("code", value));
    if (words.notes[name]) cell.append(element("small", words.notes[name]));
    rows.append(element("tr", "", head, cell));
  }
  table.replaceChildren(caption, rows);
}

function begin() {
  // The commands name the address that this page really came from.
  for (const origin of document.querySelectorAll(".origin")) origin.textContent = location.origin;

  intro.textContent = words.intro;
  const asks = element("div", "");
  asks.className = "asks";
  for (const [index, prepare] of ASKS.entries()) {
    const button = element("button", words.asks[index]);
    button.type = "button";
    button.addEventListener("click", () => ask(button, prepare));
    asks.append(button);
  }
  const result = element("div", "", table);
  result.setAttribute("aria-live", "polite");
  live.append(asks, result);
  ask(asks.firstChild, ASKS[0]);
}

if (location.protocol.startsWith("http")) begin();

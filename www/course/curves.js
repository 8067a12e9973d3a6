// Chapter 9: draws the curves of what the load maker (examples/10_load.rs) prints. The reader pastes it; nothing is sent anywhere.
//
//   # threads echo://127.0.0.1:7004 seconds=2 idle=0
//   clients  served   ans/s  p50-us  p99-us  errors threads  rss-kb  cpu-us  own-us
//         1       1   56524      11      63       0       2    1972       6       6
//
// `parse` takes such text, of several servers one behind the other, and nothing else. `figures` makes drawings and tables
// of it, as plain data; `begin` puts them into the page, as elements and text and never as markup.

const COLUMNS = ["clients", "served", "ans/s", "p50-us", "p99-us", "errors", "threads", "rss-kb", "cpu-us", "own-us"];
export const MOST = { letters: 65536, runs: 8, rows: 24 };
const NAME = /^[^\s#]{1,24}$/;

export const WORDS = {
  en: {
    label: "What the load maker has printed, for one server or for several, one behind the other:",
    draw: "Draw the curves",
    drawn: (runs) => (runs === 1 ? "The curves of 1 server:" : `The curves of ${runs} servers:`),
    numbers: "The numbers",
    clients: "clients",
    measures: {
      "ans/s": "Right answers a second, all clients together",
      served: "How many clients were served at all",
      "p99-us": "99 of 100 answers took no longer than so many microseconds",
      "rss-kb": "Memory of the server, in kilobytes",
      "cpu-us": "Processor time of the server for one answer, in microseconds",
    },
    of: (name) => `${name}, by the number of clients. The numbers stand in the table below.`,
    idle: (name, idle) => `${name}, ${idle} idle`,
    nothing: "Paste what the load maker has printed: it begins with a line such as “# threads echo://127.0.0.1:7004 seconds=2 idle=0”.",
    long: `That is more than ${MOST.letters} letters. Paste the lines of at most ${MOST.runs} servers.`,
    many: `Those are more than ${MOST.runs} servers. Leave some out.`,
    rows: (line) => `Line ${line}: more than ${MOST.rows} rows for one server.`,
    before: (line) => `Line ${line}: a row, and no line before it that begins with # and names its server.`,
    row: (line) => `Line ${line} is not a row of the load maker: ten columns, each a number or a dash.`,
    empty: (name) => `There is no row for ${name}.`,
  },
  zh: {
    label: "负载生成器打印的内容，一个服务器的，或者几个服务器的前后相接：",
    draw: "画出曲线",
    drawn: (runs) => `${runs} 个服务器的曲线：`,
    numbers: "数据",
    clients: "客户端数",
    measures: {
      "ans/s": "每秒正确的回答数，所有客户端合计",
      served: "得到过服务的客户端数",
      "p99-us": "100 个回答中有 99 个不超过这么多微秒",
      "rss-kb": "服务器占用的内存（KB）",
      "cpu-us": "服务器为每个回答花的处理器时间（微秒）",
    },
    of: (name) => `${name}，随客户端数变化。数据见下面的表。`,
    idle: (name, idle) => `${name}，另有 ${idle} 个闲置`,
    nothing: "请粘贴负载生成器打印的内容：它的第一行类似“# threads echo://127.0.0.1:7004 seconds=2 idle=0”。",
    long: `超过了 ${MOST.letters} 个字符。最多粘贴 ${MOST.runs} 个服务器的数据。`,
    many: `超过了 ${MOST.runs} 个服务器。请去掉几个。`,
    rows: (line) => `第 ${line} 行：一个服务器的数据超过了 ${MOST.rows} 行。`,
    before: (line) => `第 ${line} 行是数据，可它前面没有以 # 开头、写明服务器的那一行。`,
    row: (line) => `第 ${line} 行不是负载生成器的数据：应有十列，每列是一个数或一个短横。`,
    empty: (name) => `${name} 没有数据。`,
  },
};

/** The runs in a text, or what is wrong with it: `{runs}` or `{error: [word, argument]}`. */
export function parse(text) {
  if (text.length > MOST.letters) return { error: ["long"] };
  const runs = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === "") continue;
    if (words[0] === "#") {
      // Other lines that begin so say what went wrong.
      const is_run = words.length === 5 && NAME.test(words[1]) && /^(echo|http):\/\//.test(words[2])
        && /^seconds=\d{1,2}$/.test(words[3]) && /^idle=\d{1,4}$/.test(words[4]);
      if (is_run) runs.push({ name: words[1], idle: Number(words[4].slice(5)), rows: [] });
      continue;
    }
    if (words.join() === COLUMNS.join()) continue;
    if (words.length !== COLUMNS.length || !words.every((word) => /^(\d{1,12}|-)$/.test(word)) || !(Number(words[0]) > 0)) {
      return { error: ["row", at + 1] };
    }
    const run = runs.at(-1);
    if (!run) return { error: ["before", at + 1] };
    run.rows.push(Object.fromEntries(COLUMNS.map((name, of) => [name, words[of] === "-" ? null : Number(words[of])])));
    if (run.rows.length > MOST.rows) return { error: ["rows", at + 1] };
  }
  if (!runs.length) return { error: ["nothing"] };
  if (runs.length > MOST.runs) return { error: ["many"] };
  const empty = runs.find((run) => !run.rows.length);
  return empty ? { error: ["empty", empty.name] } : { runs };
}

// ---- drawings

// An element to be: in the page, or (for the recorded run) in the page's source.
const make = (name, attributes, ...children) => ({ name, attributes, children });

const LEFT = 62, RIGHT = 336, TOP = 12, BOTTOM = 196;
const round = (number) => Math.round(number * 10) / 10;

// A logarithmic scale from the power of ten below to the one above.
function scale(values, from, to) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const place = (value) => round(from + ((Math.log10(value) - low) / (high - low)) * (to - from));
  return { place, ticks: Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)) };
}

const short = (number) => (number >= 1e6 ? `${number / 1e6}M` : number >= 1e4 ? `${number / 1e3}k` : String(number));

// A mark of its own for each curve, beside its own dashes and colour.
const MARKS = [
  (x, y) => `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z`,
  (x, y) => `M${x - 4} ${y - 4}h8v8h-8Z`,
  (x, y) => `M${x} ${y - 5}l5 9h-10Z`,
  (x, y) => `M${x} ${y - 5}l5 5l-5 5l-5 -5Z`,
  (x, y) => `M${x - 5} ${y - 4}h10l-5 9Z`,
  (x, y) => `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`,
  (x, y) => `M${x - 5} ${y}h10m-5 -5v10`,
  (x, y) => `M${x - 5} ${y - 2}h10v4h-10Z`,
];

function curve(points, number) {
  const path = points.map(([x, y], at) => `${at ? "L" : "M"}${x} ${y}`).join("");
  const marks = points.map(([x, y]) => MARKS[number](x, y)).join("");
  return [make("path", { class: `curve c${number}`, d: path }), make("path", { class: `mark c${number}`, d: marks })];
}

function drawing(runs, measure, words) {
  const all = runs.flatMap((run) => run.rows).filter((row) => row[measure] > 0);
  const x = scale(runs.flatMap((run) => run.rows.map((row) => row.clients)), LEFT, RIGHT);
  const y = scale(all.map((row) => row[measure]), BOTTOM, TOP);
  const parts = [];
  for (const tick of y.ticks) {
    parts.push(make("path", { class: "grid", d: `M${LEFT} ${y.place(tick)}H${RIGHT}` }));
    parts.push(make("text", { class: "end soft", x: LEFT - 8, y: y.place(tick) + 5 }, short(tick)));
  }
  for (const tick of x.ticks) {
    parts.push(make("path", { class: "grid", d: `M${x.place(tick)} ${TOP}V${BOTTOM}` }));
    parts.push(make("text", { class: "middle soft", x: x.place(tick), y: BOTTOM + 20 }, short(tick)));
  }
  parts.push(make("text", { class: "end soft", x: RIGHT, y: BOTTOM + 38 }, words.clients));
  for (const [number, run] of runs.entries()) {
    const points = run.rows.filter((row) => row[measure] > 0);
    parts.push(...curve(points.map((row) => [x.place(row.clients), y.place(row[measure])]), number));
  }
  const label = words.of(words.measures[measure]);
  return make("svg", { class: "narrow", viewBox: "0 0 360 240", role: "img", "aria-label": label }, ...parts);
}

const title = (run, words) => (run.idle ? words.idle(run.name, run.idle) : run.name);

function table(runs, measure, words) {
  const clients = [...new Set(runs.flatMap((run) => run.rows.map((row) => row.clients)))].sort((one, other) => one - other);
  const cell = (run, count) => run.rows.find((row) => row.clients === count)?.[measure] ?? "-";
  const head = make("tr", {}, make("th", { scope: "col" }, words.clients),
    ...runs.map((run) => make("th", { scope: "col" }, title(run, words))));
  const body = clients.map((count) => make("tr", {}, make("th", { scope: "row" }, String(count)),
    ...runs.map((run) => make("td", {}, String(cell(run, count))))));
  return make("div", { class: "wide", tabindex: "0", role: "group", "aria-label": words.measures[measure] },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function legend(runs, words) {
  const sample = (number) => make("svg", { viewBox: "0 0 44 14", width: "44", height: "14", "aria-hidden": "true" },
    ...curve([[6, 7], [22, 7], [38, 7]], number));
  return make("ul", { class: "legend" }, ...runs.map((run, number) => make("li", {}, sample(number), title(run, words))));
}

/** The legend, and for each measure that was taken a drawing with its table. */
export function figures(runs, language) {
  const words = WORDS[language];
  const taken = Object.keys(words.measures).filter((measure) => runs.some((run) => run.rows.some((row) => row[measure] > 0)));
  return [legend(runs, words), ...taken.map((measure) => make("figure", { class: "diagram" },
    make("figcaption", {}, make("strong", {}, words.measures[measure])),
    drawing(runs, measure, words),
    make("details", {}, make("summary", {}, words.numbers), table(runs, measure, words))))];
}

// ---- the page

function build(part, within) {
  if (typeof part === "string") return document.createTextNode(part);
  const svg = part.name === "svg" ? "http://www.w3.org/2000/svg" : within;
  const made = svg ? document.createElementNS(svg, part.name) : document.createElement(part.name);
  for (const [name, value] of Object.entries(part.attributes)) made.setAttribute(name, value);
  made.append(...part.children.map((child) => build(child, svg)));
  return made;
}

/** Puts a field for the reader's own run into each place for it. */
export function begin() {
  const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const words = WORDS[language];
  for (const place of document.querySelectorAll(".curves[data-own]")) {
    const field = build(make("textarea", { rows: "9", spellcheck: "false", autocomplete: "off", wrap: "off" }));
    const label = build(make("label", {}, words.label));
    label.append(field);
    const button = build(make("button", { type: "button" }, words.draw));
    const said = build(make("p", { role: "status" }));
    const drawn = build(make("div", {}));
    button.addEventListener("click", () => {
      const { runs, error } = parse(field.value);
      const word = error && words[error[0]];
      said.textContent = error ? (typeof word === "string" ? word : word(error[1])) : words.drawn(runs.length);
      said.classList.toggle("wrong", Boolean(error));
      drawn.replaceChildren(...(error ? [] : figures(runs, language).map((part) => build(part))));
    });
    place.replaceChildren(label, button, said, drawn);
  }
}

if (typeof document !== "undefined") begin();

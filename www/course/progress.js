// What the reader has opened, answered and played: kept in the browser alone, under one key. Nothing is ever sent.
//
//   {"version": 1, "pages": {"http": {"asks": {"ask-http-crlf": 1}, "labs": ["lab-bare-lf"], "of": [5, 4]}}}
//
// A page is known by the name of its file, and a question by its id; both are the same in either language. Of a
// question it holds which answer was chosen (0 is the first), or the number that was written (a string); `of` is how
// many questions and blocks the page has. The storage may be absent, full or forbidden: then it is kept as long as the
// page is open. It may hold anything, too: what is not of this form is left out.

const KEY = "glasshttp-course";
const VERSION = 1;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value) => Number.isInteger(value) && value >= 0 && value < 1000;
const isAnswer = (value) => isCount(value) || (typeof value === "string" && value.length <= 40);

/** The name by which this page is known. */
export const page = nameOf(location.href);

/** The name by which the page at this address is known: that of its file, without its ending. */
export function nameOf(address) {
  return new URL(address, location.href).pathname.split("/").at(-1).replace(/\.html$/, "") || "index";
}

let memory = new Map();
let isKept = true;
const listeners = new Set();

/** Whether the browser keeps it when the page is left. */
export const keeps = () => isKept;

function sound(stored) {
  const pages = new Map();
  if (!isObject(stored) || stored.version !== VERSION || !isObject(stored.pages)) return pages;
  for (const [name, { asks, labs, of } = {}] of Object.entries(stored.pages).filter(([, one]) => isObject(one))) {
    pages.set(name, {
      asks: new Map(isObject(asks) ? Object.entries(asks).filter(([, answer]) => isAnswer(answer)) : []),
      labs: new Set(Array.isArray(labs) ? labs.filter((lab) => typeof lab === "string") : []),
      of: Array.isArray(of) && of.length === 2 && of.every(isCount) ? of : [0, 0],
    });
  }
  return pages;
}

function load() {
  try {
    const text = localStorage.getItem(KEY);
    isKept = true;
    return sound(text === null ? null : JSON.parse(text));
  } catch (error) {
    // Text that is no JSON is nobody's progress; a storage that cannot be read is none.
    if (error instanceof SyntaxError) return new Map();
    isKept = false;
    return memory;
  }
}

function save(pages) {
  memory = pages;
  const plain = Object.fromEntries([...pages].map(([name, { asks, labs, of }]) =>
    [name, { asks: Object.fromEntries(asks), labs: [...labs], of }]));
  try {
    localStorage.setItem(KEY, JSON.stringify({ version: VERSION, pages: plain }));
  } catch {
    isKept = false;
  }
}

/** What is kept of a page (this one, unless another is named); null if it was never opened. */
export function of(name = page) {
  return memory.get(name) ?? null;
}

/** Changes what is kept of this page. Another tab may have written meanwhile: its part is kept. */
export function change(act) {
  const pages = isKept ? load() : memory;
  if (!pages.has(page)) pages.set(page, { asks: new Map(), labs: new Set(), of: [0, 0] });
  act(pages.get(page));
  save(pages);
  tell();
}

/** Forgets all pages. */
export function forget() {
  memory = new Map();
  try {
    localStorage.removeItem(KEY);
  } catch {
    isKept = false;
  }
  tell();
}

/** Has this called at each change, those in other tabs included. */
export function watch(listener) {
  listeners.add(listener);
}

function tell() {
  for (const listener of listeners) listener();
}

addEventListener("storage", ({ key }) => {
  if (key !== KEY && key !== null) return;
  memory = load();
  tell();
});

// A page that comes back from the browser's memory of pages has not seen what was done on others.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  if (isKept) memory = load();
  tell();
});

memory = load();

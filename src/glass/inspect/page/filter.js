// What is written in the filter, as network panels read it:
//
//   app.js            the word is in the method, the target, the status, the type, the origin or the referer
//   -word             it is not; a minus turns round whatever follows it
//   "not found"       several words as one
//   status:4xx        a field and what it must be; text may be a part of it, and * stands for any
//   size>10k          a number: =, <, <=, > or >=, with k, M or G, or for times us, ms or s
//   is:blocked        one of STATES
//
//   parse("-status:304 size>10k").tests    what an exchange must pass, all of it
//   parse("status:abc").problems           what was not understood, in words; that is no test

const STATES = {
  blocked: exchange => exchange.blocked === true,
  preflight: exchange => exchange.preflight === true,
  cached: exchange => exchange.status === 304,
  conditional: exchange => exchange.conditional === true,
  compressed: exchange => Boolean(exchange.coding),
  broken: exchange => exchange.complete === false,
  page: exchange => exchange.dest === "document",
  running: exchange => exchange.id === undefined,
  error: exchange => exchange.status >= 400,
};
const ALSO_STATES = { "from-cache": "cached" };

const KNOWN_FIELDS = { "content-type": "type", "content-encoding": "coding", "cache-control": "cache" };

// What a table has under a key, but not what every object has.
const own = (table, key) => Object.hasOwn(table, key) ? table[key] : undefined;

const hostOf = url => /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url ?? "")?.[1] ?? "";

// Each key: what it looks at, and how its value is read.
const KEYS = {
  status: { read: readStatus },
  method: { read: readWhole, get: exchange => exchange.method },
  type: { read: readText, get: exchange => exchange.type },
  url: { read: readText, get: exchange => exchange.target },
  origin: { read: readText, get: exchange => exchange.origin ?? hostOf(exchange.referer) },
  domain: { read: readText, get: exchange => hostOf(exchange.origin) || hostOf(exchange.referer) },
  referer: { read: readText, get: exchange => exchange.referer },
  coding: { read: readText, get: exchange => exchange.coding },
  cache: { read: readText, get: exchange => exchange.cache },
  client: { read: readText, get: exchange => `${exchange.client} ${exchange.forwarded ?? ""}`.trim() },
  dest: { read: readWhole, get: exchange => exchange.dest },
  mode: { read: readWhole, get: exchange => exchange.mode },
  size: { read: readNumber, get: exchange => exchange.sent, units: "size" },
  received: { read: readNumber, get: exchange => exchange.received ?? 0, units: "size" },
  time: { read: readNumber, get: exchange => exchange.ended - exchange.began, units: "time" },
  connection: { read: readNumber, get: exchange => exchange.connection, units: "count" },
  worker: { read: readNumber, get: exchange => exchange.worker, units: "count" },
  is: { read: readState },
  "has-response-header": { read: readField },
};
const OTHER_NAMES = {
  "status-code": "status", "mime-type": "type", "resource-type": "dest", target: "url", path: "url",
  sent: "size", "larger-than": "size>", "smaller-than": "size<", "slower-than": "time>", "content-encoding": "coding",
  "cache-control": "cache",
};

const UNITS = {
  size: { "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9 },
  time: { "": 1e3, us: 1, "µs": 1, ms: 1e3, s: 1e6, min: 60e6 }, // in microseconds
  count: { "": 1 },
};
const COMPARE = {
  "=": (a, b) => a === b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
};

// Text as a test: a part of it is enough, unless there is a star, which stands for any text.
function glob(pattern, isWhole) {
  const wanted = pattern.toLowerCase();
  if (!wanted.includes("*")) return isWhole ? text => text === wanted : text => text.includes(wanted);
  const parts = wanted.split("*").map(part => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join(".*")}$`, "s");
  return text => whole.test(text);
}

function readText({ get }, _operator, value, isWhole = false) {
  const fits = glob(value, isWhole);
  return exchange => fits(String(get(exchange) ?? "").toLowerCase());
}

function readWhole(key, operator, value) {
  return readText(key, operator, value, true);
}

function readNumber({ get, units }, operator, value) {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([a-zµ]*)$/i.exec(value) ?? [];
  const factor = own(UNITS[units], unit?.toLowerCase());
  if (factor === undefined) {
    return { size: "a size is 500, 10k or 2M", time: "a time is 100 (milliseconds), 20us or 1.5s", count: "a number is wanted" }[units];
  }
  const bound = Number(digits) * factor;
  return exchange => COMPARE[operator](get(exchange), bound);
}

function readStatus(_key, operator, value) {
  if (operator === "=" && /^[1-5][\dx]{2}$/i.test(value)) {
    const wanted = new RegExp(`^${value.replace(/x/gi, "\\d")}$`);
    return exchange => wanted.test(String(exchange.status));
  }
  if (!/^\d{3}$/.test(value)) return "a status is 404, 4xx or >=400";
  return exchange => COMPARE[operator](exchange.status, Number(value));
}

function readState(_key, _operator, value) {
  const name = value.toLowerCase();
  return own(STATES, own(ALSO_STATES, name) ?? name) ?? `it is one of ${Object.keys(STATES).join(", ")}`;
}

function readField(_key, _operator, value) {
  const key = own(KNOWN_FIELDS, value.toLowerCase());
  if (!key) return `of the fields of answers, ${Object.keys(KNOWN_FIELDS).join(", ")} are known`;
  return exchange => Boolean(exchange[key]);
}

// All the text of an exchange in which words are looked for. Made when the exchange comes, so that the first key in the
// filter has not to do it for all.
export function textOf(exchange) {
  return exchange.text ??= [
    exchange.method, exchange.target, decoded(exchange.target), exchange.status, exchange.phrase,
    exchange.type, exchange.origin, exchange.referer, exchange.client,
  ].filter(Boolean).join(" ").toLowerCase();
}

function decoded(target) {
  try {
    return target.includes("%") ? decodeURIComponent(target) : "";
  } catch {
    return "";
  }
}

// Splits text at spaces that are not in quotation marks: each token says whether it was turned round, and its key,
// operator and value, if it has them.
function* tokens(text) {
  const form = /(-?)(?:([a-z][a-z-]*)(:?(?:>=|<=|=|>|<)|:))?("[^"]*"?|\S*)/gi;
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at += 1;
      continue;
    }
    form.lastIndex = at;
    const [whole, minus, key, sign, rest] = form.exec(text);
    at += Math.max(whole.length, 1);
    const operator = sign?.replace(":", "") || "=";
    yield { whole, isNegated: minus === "-" && whole !== "-", key: key?.toLowerCase(), operator, value: rest.replace(/^"|"$/g, "") };
  }
}

export function parse(text) {
  const tests = [], problems = [];
  for (const { whole, isNegated, key, operator, value } of tokens(text)) {
    const [, name, implied] = /^(.*?)([<>]?)$/.exec(own(OTHER_NAMES, key) ?? key ?? "");
    const known = own(KEYS, name);
    if (known && value === "") continue; // it is not written to its end
    if (known) {
      const test = known.read(known, implied || operator, value);
      if (typeof test === "string") problems.push(`${whole}: ${test}`);
      else tests.push({ test, isNegated });
      continue;
    }
    if (key && !value.startsWith("//") && !/^\d+$/.test(value)) problems.push(`${key} is no key, so ${whole} is looked for as a word`);
    const word = (isNegated ? whole.slice(1) : whole).replace(/^"|"$/g, "").toLowerCase();
    if (word !== "") tests.push({ test: exchange => textOf(exchange).includes(word), isNegated });
  }
  return { tests, problems };
}

export function matches({ tests }, exchange) {
  return tests.every(({ test, isNegated }) => test(exchange) !== isNegated);
}

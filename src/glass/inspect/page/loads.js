// Exchanges grouped by the page that caused them. A page begins with a document (Sec-Fetch-Dest: document); what names
// it, or what it fetched, as its Referer belongs to it: a style sheet's pictures belong to the page of the style sheet.
//
//   loadsOf(exchanges)    [{ id, title, began, ended, own, exchanges: [..] }, ..], oldest first; `own`: it is served here
//   factsOf(load)         what was fetched twice, what came as 304 or was not asked for, what was not compressed
//   adviceOf(facts)       a line for each thing that would make the page lighter

import { plural, size } from "./text.js";

const PAUSE = 10e6;    // microseconds without a request: a page of elsewhere has then begun anew
const REDIRECT = 2e6;  // within so many, the next document is where the redirect led
const MAX_NAMES = 3;

const isRedirect = ({ status }) => [301, 302, 303, 307, 308].includes(status);
const pathOf = target => target.split("#")[0];

// Browsers that are not on a secure connection or on this machine send no Sec-Fetch-Dest: then a page is HTML that
// something names as its Referer.
function isDocument(exchange, referred) {
  if (exchange.dest !== undefined) return exchange.dest === "document";
  return exchange.method === "GET" && /^text\/html/i.test(exchange.type ?? "") && referred.has(pathOf(exchange.target));
}

export function loadsOf(exchanges) {
  const referred = new Set(exchanges.map(exchange => exchange.referer).filter(Boolean));
  const loads = [];
  const byAddress = new Map(); // "client address" of a document, or of what it fetched, to the newest such load
  const newest = new Map();    // a client, and "client target", to the newest load of that client, and of that document
  const add = (load, exchange) => {
    load.exchanges.push(exchange);
    load.ended = Math.max(load.ended, exchange.ended);
    byAddress.set(`${exchange.client} ${pathOf(exchange.target)}`, load);
  };
  const begin = (exchange, title, own) => {
    const load = { id: `page-${exchange.id}`, title, own, began: exchange.began, ended: exchange.ended, exchanges: [], before: null };
    loads.push(load);
    return load;
  };
  for (const exchange of exchanges.toSorted((a, b) => a.began - b.began || a.id - b.id)) {
    const { client, referer } = exchange;
    if (isDocument(exchange, referred)) {
      const last = newest.get(client);
      const isNext = last && last.exchanges.every(isRedirect) && exchange.began - last.ended < REDIRECT;
      const load = isNext ? last : begin(exchange, "", true);
      const key = `${client} ${exchange.target}`;
      load.title = exchange.target;
      load.before = isNext ? load.before : newest.get(key) ?? null;
      newest.set(client, load).set(key, load);
      add(load, exchange);
    } else if (referer?.startsWith("/")) {
      const named = byAddress.get(`${client} ${pathOf(referer)}`);
      // A style sheet from the browser's memory was fetched by an earlier load of the page.
      const load = named && (newest.get(`${client} ${named.title}`) ?? named);
      if (load) add(load, exchange);
    } else if (referer) {
      const key = `${client} ${referer}`;
      const known = byAddress.get(key);
      const load = known && exchange.began - known.ended < PAUSE ? known : begin(exchange, referer, false);
      add(load, exchange);
      byAddress.set(key, load);
    }
  }
  return loads;
}

const isText = type => /^(text\/|application\/(json|javascript|xml|xhtml\+xml|rss\+xml|wasm|manifest\+json)|image\/svg\+xml)|[+/](json|xml)\b/i.test(type ?? "");
const sum = (list, get) => list.reduce((total, each) => total + get(each), 0);
const isWhole = exchange => exchange.method === "GET" && exchange.status === 200;

export function factsOf(load) {
  const { exchanges } = load;
  const targets = grouped(exchanges.filter(isWhole));
  const asked = new Set(exchanges.map(each => each.target));
  // What the browser has in its memory it does not ask for, so this is known from the load before alone.
  const remembered = (load.before?.exchanges ?? []).filter(each => isWhole(each) && !asked.has(each.target) && !/no-store/.test(each.cache ?? ""));
  return {
    count: exchanges.length,
    sent: sum(exchanges, each => each.sent),
    time: load.ended - load.began,
    unchanged: exchanges.filter(each => each.status === 304),
    remembered: [...new Set(remembered.map(each => each.target))],
    compressed: exchanges.filter(each => each.coding),
    plain: exchanges.filter(each => isWhole(each) && !each.coding && isText(each.type) && each.sent >= 1000),
    twice: [...targets].filter(([, list]) => list.length > 1),
    missing: exchanges.filter(each => each.status === 404),
    redirects: exchanges.filter(isRedirect),
    blocked: exchanges.filter(each => each.blocked),
    large: exchanges.filter(each => isWhole(each) && !isText(each.type) && each.sent >= 500_000),
  };
}

function grouped(exchanges) {
  const groups = new Map();
  for (const each of exchanges) groups.set(each.target, [...groups.get(each.target) ?? [], each]);
  return groups;
}

const nameOf = target => pathOf(target).split("?")[0].split("/").filter(Boolean).pop() ?? "/";
const namesOf = targets => {
  const names = [...new Set(targets.map(nameOf))];
  const left = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(", ") + (left > 0 ? ` and ${left} more` : "");
};

// Text becomes a quarter to a third of its size with any of the usual codings.
const SAVED = 0.7;

export function adviceOf(facts) {
  const advice = [];
  const { plain, count, twice, unchanged, missing, large, redirects } = facts;
  if (plain.length > 0) {
    advice.push(`${plain.length} of ${plural(count, "answer")} ${plain.length === 1 ? "is" : "are"} text that was `
      + `not compressed: \`--compress\` would save about ${size(SAVED * sum(plain, each => each.sent))}.`);
  }
  for (const [target, list] of twice.slice(0, MAX_NAMES)) {
    const again = list.slice(1);
    const why = again.some(each => /no-store/.test(each.cache ?? "")) ? "its Cache-Control is no-store, so no copy is kept"
      : again.some(each => each.conditional) ? "it had changed in between"
      : "the browser did not say that it had a copy";
    const times = list.length === 2 ? "twice" : `${list.length} times`;
    advice.push(`${nameOf(target)} was fetched ${times}, ${size(sum(again, each => each.sent))} more: ${why}.`);
  }
  if (unchanged.length > 0) {
    advice.push(`${plural(unchanged.length, "answer")} said that the copy is still good (304): with \`--cache 'PATTERN=3600'\` `
      + `the browser does not even ask for ${namesOf(unchanged.map(each => each.target))}.`);
  }
  if (missing.length > 0) advice.push(`Not there, and asked for in vain: ${namesOf(missing.map(each => each.target))}.`);
  if (redirects.length > 0) advice.push(`${plural(redirects.length, "request")} led elsewhere: a link to the new place saves each a round trip.`);
  if (large.length > 0) advice.push(`${namesOf(large.map(each => each.target))}: ${size(sum(large, each => each.sent))} of ${size(facts.sent)} in all.`);
  return advice;
}

// The part of the page that its picture shows: until nothing has come for so long. What comes later is no part of it.
export function spanOf({ began, exchanges }) {
  let end = began;
  for (const exchange of exchanges.toSorted((a, b) => a.began - b.began)) {
    if (exchange.began - end > PAUSE / 2) break;
    end = Math.max(end, exchange.ended);
  }
  return { from: began, to: Math.max(end, began + 1) };
}

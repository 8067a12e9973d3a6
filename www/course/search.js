// The search over the course. The pages of the reader's language are fetched when the box is first used, divided into
// their sections, and looked through here in the browser; nothing is asked of the server but the pages themselves.
//
// What a page says is shown as text and never as markup.

import { element } from "./dom.js";
import { words } from "./words.js";

const SHOWN = 30;
const CHINESE = /\p{Script=Han}/u;
// What has a place of its own in an address, and a name: it is found as one.
const PLACES = "h2[id], h3[id], dt[id], tr[id]";
// What holds a line of text.
const LINES = "p, li, dt, dd, th, td, figcaption, caption, summary, h1, h2, h3, pre";
// Answers are for those who have tried; what a drawing says, the text says, too.
const PASSED_OVER = "details.answer, svg, script, .next-steps";

// ---- reading

/** The pages of the course in the reader's language: this one's links to them, in order. */
function addresses() {
  const brand = document.querySelector("a.brand");
  const links = [brand, ...document.querySelectorAll(".masthead nav:first-of-type li a, main .toc a")];
  const pages = links.map((link) => new URL(link.href)).filter(({ origin }) => origin === location.origin);
  return [...new Set(pages.map(({ pathname }) => pathname))];
}

/** The sections of a page: {chapter, title, address, lines}. */
export function sectionsOf(page, address) {
  const main = page.querySelector("main");
  if (!main) return [];
  const plain = (node) => node.textContent.trim().replace(/\s+/g, " ");
  const chapter = page.querySelector("h1") ? plain(page.querySelector("h1")) : address;
  const sections = [{ chapter, title: chapter, address, lines: [] }];
  let line = null;
  let holder = null;
  const walker = page.createTreeWalker(main, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node.nodeType === Node.ELEMENT_NODE && node.matches(PASSED_OVER) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (!node.matches(PLACES)) continue;
      const title = node.localName === "tr" ? plain(node.querySelector("th, td") ?? node) : plain(node);
      sections.push({ chapter, title, address: `${address}#${node.id}`, lines: [] });
      holder = null;
      continue;
    }
    const above = node.parentElement.closest(LINES);
    if (!above || !main.contains(above)) continue;
    if (above.localName === "pre") {
      sections.at(-1).lines.push(...node.textContent.split("\n").map((text) => text.trim()).filter(Boolean));
      holder = null;
    } else if (above === holder) {
      line.push(node.textContent);
      sections.at(-1).lines[sections.at(-1).lines.length - 1] = line.join("").trim().replace(/\s+/g, " ");
    } else {
      holder = above;
      line = [node.textContent];
      sections.at(-1).lines.push(node.textContent.trim().replace(/\s+/g, " "));
    }
  }
  for (const section of sections) {
    section.lines = section.lines.filter((text) => text !== "" && text !== section.title);
    section.lower = section.lines.map((text) => text.toLowerCase());
    section.name = section.title.toLowerCase();
    section.all = [section.name, ...section.lower].join("\n");
  }
  return sections;
}

async function readPage(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return sectionsOf(new DOMParser().parseFromString(await answer.text(), "text/html"), address);
}

let reading = null;

/** All sections of the course, and how many pages could not be read. Those are tried again the next time. */
function course() {
  reading ??= Promise.allSettled(addresses().map(readPage)).then((pages) => {
    const lost = pages.filter(({ status }) => status === "rejected").length;
    if (lost > 0) reading = null;
    return { sections: pages.flatMap(({ value }) => value ?? []), lost };
  });
  return reading;
}

// ---- finding

/** What finds a word: at the beginning of one, or anywhere for Chinese, which has no spaces. */
function finder(word) {
  const escaped = word.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  return new RegExp(/^[a-z0-9]/.test(word) && !CHINESE.test(word) ? `(?<![a-z0-9])${escaped}` : escaped, "g");
}

/** The sections in which all words are, the best first: {section, score}. */
export function find(sections, query) {
  const wanted = [...new Set(query.toLowerCase().split(/\s+/).filter(Boolean))];
  const finders = wanted.map(finder);
  if (finders.length === 0) return [];
  const has = (text, one) => { one.lastIndex = 0; return one.test(text); };
  const found = [];
  for (const section of sections) {
    // To look for letters is much faster than to look for words.
    if (!wanted.every((word) => section.all.includes(word)) || !finders.every((one) => has(section.all, one))) continue;
    let score = section.name === query.trim().toLowerCase() ? 50 : 0;
    for (const one of finders) {
      score += (has(section.name, one) ? 20 : 0) + Math.min(5, section.all.match(one).length);
    }
    found.push({ section, score });
  }
  return found.sort((one, other) => other.score - one.score);
}

/** The line of a section that has most of the words. */
function bestLine({ lower, lines }, query) {
  const finders = query.toLowerCase().split(/\s+/).filter(Boolean).map(finder);
  const worth = lower.map((text) => finders.filter((one) => text.search(one) >= 0).length);
  return lines[worth.indexOf(Math.max(...worth))] ?? "";
}

/** A text with the words marked, cut to what is around the first of them. Chinese letters are twice as wide. */
export function marked(text, query, room = CHINESE.test(text) ? 75 : 130) {
  const finders = query.toLowerCase().split(/\s+/).filter(Boolean).map(finder);
  const lower = text.toLowerCase();
  // Letters whose small form is longer would shift what is found.
  const spans = lower.length !== text.length ? [] : finders.flatMap((one) => [...lower.matchAll(one)])
    .map(({ index, 0: word }) => [index, index + word.length]).sort(([one], [other]) => one - other);
  const first = spans[0]?.[0] ?? 0;
  const isCut = first >= room / 2 && text.length > room;
  // Where a word begins, if one does nearby.
  const from = isCut ? first - Math.floor(room / 3) : 0;
  const space = isCut ? text.slice(from, from + 15).indexOf(" ") + 1 : 0;
  const start = from + space;
  const end = Math.min(text.length, start + room);
  const parts = [start > 0 ? "…" : ""];
  let at = start;
  for (const [begin, to] of spans) {
    if (begin < at || to > end) continue;
    parts.push(text.slice(at, begin), element("mark", "", text.slice(begin, to)));
    at = to;
  }
  parts.push(text.slice(at, end), end < text.length ? "…" : "");
  return parts.filter((part) => part !== "");
}

// ---- the box

export function addSearch() {
  const masthead = document.querySelector(".masthead");
  if (!masthead || !location.protocol.startsWith("http")) return;
  const field = element("input");
  field.type = "search";
  field.placeholder = words.searchHere;
  field.ariaLabel = words.search;
  field.autocomplete = "off";
  field.spellcheck = false;
  field.maxLength = 100;
  const count = element("p", "count");
  count.role = "status";
  const list = element("ol");
  const panel = element("div", "found", count, list);
  panel.hidden = true;
  // It scrolls, and would be a stop by itself in front of the links.
  panel.tabIndex = -1;
  const form = element("form", "search", field, panel);
  form.role = "search";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.focus();
  });
  masthead.querySelector(".brand").after(form);

  // Below the box, as wide as there is room, whatever column the box is in.
  const place = () => {
    const { left, bottom } = field.getBoundingClientRect();
    panel.style.left = `${left}px`;
    panel.style.top = `${bottom + 6}px`;
    panel.style.width = `${Math.min(640, document.documentElement.clientWidth - left - 16)}px`;
    panel.style.maxHeight = `${Math.max(160, innerHeight - bottom - 22)}px`;
  };
  const close = () => { panel.hidden = true; };
  const show = ({ section }, query) => {
    const link = element("a", "",
      element("strong", "", ...marked(section.title, query)),
      ...(section.title === section.chapter ? [] : [element("small", "", section.chapter)]),
      element("span", "line", ...marked(bestLine(section, query), query)));
    link.href = section.address;
    return element("li", "", link);
  };

  let turn = 0;
  const search = async () => {
    const own = ++turn;
    const query = field.value.trim();
    if (query === "") return close();
    if (panel.hidden) {
      list.replaceChildren();
      count.textContent = words.searching;
      panel.hidden = false;
      place();
    }
    const { sections, lost } = await course();
    if (own !== turn) return;
    const found = find(sections, query);
    list.replaceChildren(...found.slice(0, SHOWN).map((one) => show(one, query)));
    count.textContent = words.found(found.length, SHOWN) + (lost ? words.unread(lost) : "");
    panel.scrollTop = 0;
  };

  field.addEventListener("input", search);
  field.addEventListener("focus", () => {
    course();
    if (field.value.trim() !== "") search();
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      turn++;
      close();
      field.value = "";
      field.focus();
      return;
    }
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (!(event.key in steps) || panel.hidden) return;
    event.preventDefault();
    const stops = [field, ...list.querySelectorAll("a")];
    stops[stops.indexOf(document.activeElement) + steps[event.key]]?.focus();
  });
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !form.contains(relatedTarget)) close();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!form.contains(target)) close();
  });
  list.addEventListener("click", ({ target }) => {
    if (target.closest("a")) close();
  });
  const keepPlace = () => { if (!panel.hidden) place(); };
  addEventListener("resize", keepPlace);
  addEventListener("scroll", keepPlace, { passive: true });
}

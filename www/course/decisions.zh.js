// The server's sentences in Chinese: it tells them in English, with names and numbers filled in. Each is compared with the
// templates of the catalogue (decisions.zh.data.js); those with the most letters come first.
//
// A value is whatever a client has sent, so it may look like anything. What stands between the values decides, and the
// work is bounded: a sentence that fits no template soon enough stays English.

import { NAMES, SENTENCES } from "./decisions.zh.data.js";

const MAX_LENGTH = 3000;
const MAX_DEPTH = 4;
const MAX_STEPS = 1500;

// Each template has what it begins with, and what follows each of its holes. Chinese ones are told apart into text, the
// number of a hole, its mark, text, and so on.
function templateOf([english, chinese]) {
  const [start, ...parts] = english.split(/\{[^{}]*\}/);
  const marks = [];
  const pieces = chinese.split(/\{(\d+)([?!]?)\}/);
  for (let at = 1; at < pieces.length; at += 3) marks[pieces[at]] = pieces[at + 1];
  const letters = start + parts.join("");
  // Values with spaces between them could be anything: only a whole sentence is taken for that.
  const isLoose = !/[^ ,]/.test(letters);
  const rank = isLoose ? letters.split(",").length - 1 - parts.length : letters.length;
  return { start, parts, end: parts.at(-1) ?? "", length: letters.length, isLoose, rank, pieces, marks };
}

// Those that begin with a word, by this word, and the others.
const byWord = new Map();
const others = [];
const none = [];
for (const template of SENTENCES.map(templateOf).sort((one, other) => other.rank - one.rank)) {
  const word = template.start.indexOf(" ");
  if (word < 0) others.push(template);
  else byWord.set(template.start.slice(0, word), [...(byWord.get(template.start.slice(0, word)) ?? []), template]);
}
const names = new Map(NAMES);

// What a client has sent stays as it is. How much was left out of it is said in the reader's language.
const shown = (value) => value
  .replace(/^(".*") and (\d+) bytes more$/s, "$1（后面还有 $2 字节）")
  .replace(/^(".*"),? and (\d+) more$/s, "$1 以及另外 $2 个");

// There is no space between two Chinese letters, nor beside Chinese punctuation.
const joined = (before, behind) => before + (/[\u3000-\u303f\uff00-\uffef]$/.test(before)
  ? behind.replace(/^ /, "")
  : /\p{Script=Han}$/u.test(before) ? behind.replace(/^ (?=\p{Script=Han})/u, "") : behind);

// Whether each quote in it is closed. A backslash takes away what the next letter means.
const isClosed = (value) => value.replace(/\\./gs, "").split('"').length % 2 === 1;

// One look-up: what was found out, and how many steps are left. A value is first taken to end where its quotes do.
class Search {
  constructor(isStrict) {
    this.isStrict = isStrict;
  }

  known = Array.from({ length: MAX_DEPTH + 1 }, () => new Map());
  steps = MAX_STEPS;

  translate(text, depth = 0) {
    if (depth > MAX_DEPTH || this.steps <= 0) return null;
    const known = this.known[depth];
    if (!known.has(text)) known.set(text, this.find(text, depth));
    return known.get(text);
  }

  find(text, depth) {
    this.steps -= 1;
    // What took so long is said behind any sentence.
    const slow = text.lastIndexOf("; slow: ");
    if (slow > 0) {
      const [first, second] = [text.slice(0, slow), text.slice(slow)].map((part) => this.translate(part, depth + 1));
      if (first !== null && second !== null) return first + second;
    }
    // A refusal begins with its status.
    const status = depth ? null : text.match(/^\d{3} [A-Z][A-Za-z ]*(?=: )/)?.[0];
    const why = status ? this.translate(text.slice(status.length + 2), 1) : null;
    if (why !== null) return `${status}：${why}`;
    const word = text.indexOf(" ");
    for (const templates of [byWord.get(text.slice(0, Math.max(word, 0))) ?? none, others]) {
      for (const template of templates) {
        const filled = this.fill(template, text, depth);
        if (filled !== null) return filled;
      }
    }
    return null;
  }

  // The Chinese of a template, if the text is one of it.
  fill({ start, parts, end, length, isLoose, pieces, marks }, text, depth) {
    if (isLoose && (depth || text.startsWith(" "))) return null;
    if (text.length < length || !text.startsWith(start) || !text.endsWith(end)) return null;
    if (!parts.length) return text === start ? pieces[0] : null;
    const values = this.values(text, start.length, parts, marks, depth);
    return values && pieces.map((piece, at) => [piece, values[piece], ""][at % 3]).reduce(joined);
  }

  // What stands in the holes from here on: as little as may be, but a sentence is as long as may be.
  values(text, at, parts, marks, depth, hole = 0) {
    const part = parts[hole];
    const last = text.length - part.length;
    const isLast = hole === parts.length - 1;
    const isLong = marks[hole] === "!";
    let end = isLast ? last : isLong ? text.lastIndexOf(part, last) : text.indexOf(part, at);
    while (end >= at && end <= last && this.steps > 0) {
      this.steps -= 1;
      const value = this.value(text.slice(at, end), marks[hole], depth);
      if (value !== null) {
        const rest = isLast ? [] : this.values(text, end + part.length, parts, marks, depth, hole + 1);
        if (rest) return [value, ...rest];
      }
      if (isLast || end === (isLong ? 0 : last)) return null;
      end = isLong ? text.lastIndexOf(part, end - 1) : text.indexOf(part, end + 1);
    }
    return null;
  }

  // What is put into a hole. One that must be a sentence may be empty.
  value(text, mark, depth) {
    const translated = mark && text ? this.translate(text, depth + 1) : null;
    if (translated !== null) return translated;
    const isValue = (mark !== "!" || !text) && (!this.isStrict || isClosed(text));
    return isValue ? shown(text) : null;
  }
}

/** The Chinese name of a decision ("request line"), or null. */
export const translateName = (name) => names.get(name) ?? null;

/** The Chinese for what the server tells, a sentence or a name, or null if the catalogue has nothing that fits. */
export function translate(text) {
  if (typeof text !== "string" || !text || text.length > MAX_LENGTH) return null;
  const found = translateName(text) ?? new Search(true).translate(text) ?? new Search(false).translate(text);
  return found === text ? null : found;
}

// What happened on one connection, in its order: connected, sent, each piece of the answer with its time, and how it
// ended. When it is over, beside what the book has.

import { CR_LF, LF, notation } from "./bytes.js";
import { element, unseen } from "./dom.js";
import { compare, linesOf } from "./lab-compare.js";
import { decisionsOf } from "./lab-decisions.js";
import { words } from "./lab-words.js";

const MOST_LINES = 300;   // that are shown
const LONGEST = 2000;     // bytes of a line that are shown
const SOON = 60;          // ms until what has come is shown

const milliseconds = (at) => words.ms(at < 100 ? at.toFixed(1) : String(Math.round(at)));

// The sign of a line's end stays beside the last letter, where a long line is wrapped.
function withEnd(text, end) {
  if (!end) return [text];
  return [text.slice(0, -1), element("span", "last", text.slice(-1), end === "\n" ? LF() : CR_LF())];
}

export class Answer {
  /**
   * @param {string} title
   * @param {{exchanges: {expected: string}[], fate: string | null}} recorded
   * @param {Promise<boolean>} inspected whether the server shows its source
   */
  constructor(title, recorded, inspected) {
    Object.assign(this, { recorded, inspected, bytes: "", pieces: [], events: [], exchanges: [], fate: null, isConnected: false });
    this.list = element("ol", "lab-stream");
    this.list.role = "list";
    this.verdict = element("p", "lab-verdict");
    this.verdict.hidden = true;
    this.why = element("div", "lab-why");
    this.node = element("section", "lab-connection", element("h3", "", title), this.verdict, this.list, this.why);
  }

  /** An event of the laboratory that is about this connection. */
  hear(event) {
    const { at } = event;
    if (event.event === "connected") {
      this.isConnected = true;
      this.happened(at, words.connected(event.port));
    } else if (event.event === "refused") this.happened(at, words.refused(event.why));
    else if (event.event === "sent") this.sent(at, event.count);
    else if (event.event === "received") this.received(at, event.bytes);
    else if (event.event === "exchange") this.exchanges.push(event);
    else if (event.event === "ended") {
      this.fate = event.how;
      this.happened(at, words.fates[event.how] ?? event.how);
    }
    this.showSoon();
  }

  /** Something happened, when so many bytes had come. */
  happened(at, text) {
    this.events.push({ at, text, offset: this.bytes.length });
  }

  // Pieces that are sent while nothing comes are told in one line.
  sent(at, count) {
    const last = this.events.at(-1);
    if (last?.count && last.offset === this.bytes.length) {
      last.count += count;
      last.pieces += 1;
      last.until = at;
      last.text = words.sent(last.count, last.pieces);
    } else {
      this.events.push({ at, until: at, count, pieces: 1, text: words.sent(count, 1), offset: this.bytes.length });
    }
  }

  received(at, bytes) {
    this.pieces.push({ at, offset: this.bytes.length });
    this.bytes += bytes;
  }

  showSoon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.show(linesOf(this.bytes).map((line) => ({ line, is: "same" })));
    }, SOON);
  }

  /** Shows lines, and what happened between them. */
  show(rows) {
    const made = [];
    const events = [...this.events];
    let offset = 0;
    const happenings = (until) => {
      while (events.length && events[0].offset <= until) made.push(this.eventRow(events.shift()));
    };
    for (const { line, is } of rows.slice(0, MOST_LINES)) {
      if (is === "book") {
        // What happened before the first byte stands before it, and how it ended behind the last.
        happenings(offset === this.bytes.length ? offset - 1 : offset);
        made.push(this.row(words.inTheBook, line, "book"));
        continue;
      }
      // A line that came in several pieces is shown in as many rows.
      const end = offset + line.length;
      const cuts = [offset, ...this.pieces.map((piece) => piece.offset).filter((cut) => cut > offset && cut < end)];
      for (const [index, cut] of cuts.entries()) {
        happenings(cut);
        const piece = this.pieces.find((one) => one.offset === cut);
        made.push(this.row(piece ? milliseconds(piece.at) : "", this.bytes.slice(cut, cuts[index + 1] ?? end), is));
      }
      offset = end;
    }
    if (rows.length > MOST_LINES) made.push(element("li", "event", element("span"), words.moreCame(this.bytes.length - offset)));
    happenings(Infinity);
    this.list.replaceChildren(...made);
  }

  eventRow({ at, until, text }) {
    const time = until > at + 1 ? `${at < 100 ? at.toFixed(1) : Math.round(at)}–${milliseconds(until)}` : milliseconds(at);
    return element("li", "event", element("span", "at", time), element("span", "", text));
  }

  row(label, bytes, is) {
    const [, text, end] = /^([^]*?)(\r\n|\n)?$/.exec(bytes);
    const code = element("code", "", ...withEnd(notation(text.slice(0, LONGEST)), end));
    if (text.length > LONGEST) code.append(` ${words.moreCame(text.length - LONGEST)}`);
    const node = element("li", is, element("span", "at", label), is === "came" ? element("mark", "", code) : code);
    if (is === "came") node.append(unseen(` (${words.notInTheBook})`));
    return node;
  }

  /** Nothing more comes. Whether it is as in the book. */
  finish(isComplete) {
    clearTimeout(this.timer);
    this.timer = null;
    const isOnly = this.exchanges.length === 1;
    this.why.replaceChildren(...this.exchanges.map((exchange) => decisionsOf(exchange, isOnly, this.inspected)));
    if (!isComplete) {
      this.show(linesOf(this.bytes).map((line) => ({ line, is: "same" })));
      return false;
    }
    const expected = this.recorded.exchanges.map((exchange) => exchange.expected).join("");
    const { rows, but, isAlike } = compare(this.bytes, expected, this.recorded.fate !== null);
    const fate = { quiet: "open", closed: "closed", reset: "reset" }[this.fate] ?? this.fate;
    const isSameFate = this.recorded.fate === null || fate === this.recorded.fate;
    this.show(rows);
    if (!this.bytes.length && expected) this.list.append(element("li", "event", element("span"), words.nothingCame));
    this.isSame = isAlike && isSameFate;
    const differing = rows.filter(({ is }) => is === "came" || is === "book").length;
    const sentences = this.isSame
      ? [but.length ? words.sameBut(but.map((kind) => words.kinds[kind])) : words.same]
      : [words.differs(differing), ...(isSameFate ? [] : [words.bookFate[this.recorded.fate]])];
    this.verdict.textContent = sentences.join(" ");
    this.verdict.className = `lab-verdict ${this.isSame ? "same" : "differs"}`;
    this.verdict.hidden = false;
    return this.isSame;
  }
}

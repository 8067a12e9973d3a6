// The bytes of one connection, to be edited: a field for each line, and beside it how the line ends.
//
//   1 [GET /hello.txt HTTP/1.1      ] [CR LF v]  25
//   2 [Host: localhost              ] [CR LF v]  17
//   3 [                             ] [CR LF v]   2
//
// Enter divides a line, Backspace at its beginning joins it to the one before, the arrows go up and down, and what is
// pasted may have several lines. All of it is also there as buttons, for a telephone has no such keys.

import { button, element } from "./dom.js";
import { dumpOf } from "./lab-dump.js";
import { Row } from "./lab-row.js";
import { words } from "./lab-words.js";

/**
 * The editor of one connection.
 *
 * @param {{exchanges: {lines: {text, end}[]}[], isEnded: boolean}} conversation what the book has
 * @param {{title: string, changed: () => void, send: () => void, say: (text: string) => void}} around
 */
export class Editor {
  constructor(conversation, { title, changed, send, say }) {
    this.conversation = conversation;
    this.tell = changed;
    this.send = send;
    this.say = say;
    this.parts = element("div", "parts");
    this.half = element("input");
    this.half.type = "checkbox";
    this.half.addEventListener("change", () => this.changed());
    this.total = element("summary", "total");
    this.dump = element("pre", "dump");
    this.dump.tabIndex = 0;
    this.each = element("details", "each", this.total, this.dump);
    this.each.addEventListener("toggle", () => this.showEach());
    this.node = element("fieldset", "lab-bytes",
      element("legend", "", title), this.parts,
      element("label", "half", this.half, " ", words.halfClose),
      element("p", "editing",
        button("", words.add, () => this.add()),
        button("", words.remove, () => this.remove())),
      this.each);
    this.restore();
  }

  /** The bytes of the book; `replace` changes a text of it. */
  restore(replace = (text) => text) {
    this.replace = replace;
    this.groups = this.conversation.exchanges.map(({ lines }) =>
      lines.map(({ text, end }) => new Row(this, { text: replace(text), end })));
    this.half.checked = this.conversation.isEnded;
    this.last = null;
    this.arrange();
    for (const row of this.rows) row.read();
    this.changed();
  }

  /** Changes texts of the book, here and where the reader has left them as they are. */
  replaceTags(replace) {
    this.replace = replace;
    for (const row of this.rows) {
      const text = replace(row.field.value);
      if (text === row.field.value) continue;
      row.field.value = text;
      row.read();
    }
    this.changed();
  }

  get rows() { return this.groups.flat(); }

  /** Whether the reader has changed anything. */
  get isChanged() {
    const now = this.groups.map((rows) => rows.map(({ line }) => [line.text, line.end]));
    const then = this.conversation.exchanges.map(({ lines }) => lines.map(({ text, end }) => [this.replace(text), end]));
    return JSON.stringify([now, this.half.checked]) !== JSON.stringify([then, this.conversation.isEnded]);
  }

  /** What is sent; null if a line cannot be read. */
  get sent() {
    if (this.rows.some(({ bytes }) => bytes === null)) return null;
    const requests = this.groups.map((rows) => rows.map(({ bytes }) => bytes).join("")).filter((bytes) => bytes);
    return { requests, isEnded: this.half.checked };
  }

  /** The first line that cannot be read. */
  get wrong() { return this.rows.find(({ bytes }) => bytes === null); }

  /** Fields can tell how high they are when they are seen. */
  fit() {
    for (const row of this.rows) row.fit();
  }

  arrange() {
    const lists = this.groups.map((rows) => element("ol", "rows", ...rows.map(({ node }) => node)));
    // A list that its style shows without numbers is one for a screen reader only if it says so.
    for (const list of lists) list.role = "list";
    this.parts.replaceChildren(...lists.flatMap((list, index) => index ? [element("p", "next", words.next), list] : [list]));
    this.rows.forEach((row, index) => row.place(index + 1));
  }

  changed() {
    const rows = this.rows;
    const size = rows.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
    this.total.textContent = words.each(words.total(size, rows.length));
    this.showEach();
    this.tell();
  }

  showEach() {
    if (this.each.open) this.dump.textContent = dumpOf(this.rows.map(({ bytes }) => bytes ?? "").join(""));
  }

  // Where a row is: its group, and its place there.
  find(row) {
    const group = this.groups.find((rows) => rows.includes(row));
    return [group, group.indexOf(row)];
  }

  /** Puts lines behind a row, and the cursor into the last of them. */
  insert(row, lines, cursor = 0) {
    const [group, place] = this.find(row);
    const made = lines.map((line) => new Row(this, line));
    group.splice(place + 1, 0, ...made);
    this.arrange();
    for (const one of [row, ...made]) one.read();
    const last = made.at(-1) ?? row;
    last.field.focus();
    last.field.setSelectionRange(cursor, cursor);
    this.changed();
  }

  /** Joins a row to the one before; false if there is none. */
  join(row) {
    const [group, place] = this.find(row);
    const before = group[place - 1];
    if (!before) return false;
    const cursor = before.field.value.length;
    before.field.value += row.field.value;
    before.end.value = row.end.value;
    group.splice(place, 1);
    before.field.focus();
    before.field.setSelectionRange(cursor, cursor);
    this.arrange();
    before.read();
    before.field.focus();
    this.changed();
    return true;
  }

  /** Goes to the row above or below; false if there is none. */
  go(row, step, cursor) {
    const rows = this.rows;
    const to = rows[rows.indexOf(row) + step];
    if (!to) return false;
    to.field.focus();
    to.field.setSelectionRange(cursor, cursor);
    return true;
  }

  add() {
    const after = this.rows.includes(this.last) ? this.last : this.rows.at(-1);
    if (after) {
      this.insert(after, [{ text: "", end: "crlf" }]);
    } else {
      this.groups = [[new Row(this, { text: "", end: "crlf" })]];
      this.arrange();
      this.rows[0].read();
      this.rows[0].field.focus();
      this.changed();
    }
    this.say(words.added(this.rows.indexOf(this.last) + 1));
  }

  remove() {
    const row = this.rows.includes(this.last) ? this.last : this.rows.at(-1);
    if (!row) return;
    const number = this.rows.indexOf(row);
    const [group, place] = this.find(row);
    group.splice(place, 1);
    this.arrange();
    this.last = this.rows[Math.min(number, this.rows.length - 1)] ?? null;
    this.changed();
    this.say(words.removed(number + 1));
  }
}

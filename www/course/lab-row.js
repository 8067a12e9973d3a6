// A line of the editor: its field, how it ends, and what the keys do in it.

import { element } from "./dom.js";
import { bytesOf, divide, ENDS, Malformed, MOST_BYTES } from "./lab-notation.js";
import { words } from "./lab-words.js";

let count = 0;
const newId = () => `lab-part-${count += 1}`;

/** One line of an editor. `bytes` is null while it cannot be read. */
export class Row {
  constructor(editor, { text, end }) {
    this.editor = editor;
    this.field = element("textarea");
    this.field.rows = 1;
    this.field.value = text;
    this.field.spellcheck = false;
    for (const [name, value] of [["autocapitalize", "none"], ["autocomplete", "off"], ["autocorrect", "off"], ["wrap", "soft"]]) {
      this.field.setAttribute(name, value);
    }
    this.end = element("select", "end");
    for (const name of Object.keys(ENDS)) this.end.append(new Option(words.ends[name], name));
    this.end.value = end;
    this.number = element("span", "number");
    this.number.ariaHidden = "true";
    this.size = element("span", "size");
    this.size.id = newId();
    this.wrong = element("span", "wrong");
    this.wrong.id = newId();
    this.field.setAttribute("aria-describedby", `${this.wrong.id} ${this.size.id}`);
    this.node = element("li", "", this.number, this.field, this.end, this.size, this.wrong);
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("paste", (event) => this.paste(event));
    this.field.addEventListener("focus", () => { editor.last = this; });
    this.end.addEventListener("focus", () => { editor.last = this; });
    this.end.addEventListener("change", () => { this.read(); editor.changed(); });
  }

  get line() { return { text: this.field.value, end: this.end.value }; }

  place(number) {
    this.number.textContent = number;
    this.field.ariaLabel = words.line(number);
    this.end.ariaLabel = words.lineEnd(number);
  }

  read() {
    let wrong = "";
    try {
      this.bytes = bytesOf(this.field.value) + ENDS[this.end.value];
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.bytes = null;
      wrong = error.isTooLong ? words.tooLong(MOST_BYTES) : words.malformed(error.part);
    }
    this.wrong.textContent = wrong;
    this.field.ariaInvalid = wrong ? "true" : "false";
    this.size.textContent = this.bytes === null ? "" : words.bytes(this.bytes.length);
    this.node.dataset.end = this.end.value;
    this.fit();
  }

  // As high as its text, which may be longer than the place is wide.
  fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.field.style.height = "auto";
    if (this.field.scrollHeight) this.field.style.height = `${this.field.scrollHeight + this.field.offsetHeight - this.field.clientHeight}px`;
  }

  // A telephone's keyboard may write a line feed without a key that could be seen before.
  changed() {
    if (/[\r\n]/.test(this.field.value)) {
      const parts = this.field.value.split(/\r\n|\r|\n/);
      const end = this.end.value;
      this.field.value = parts.shift();
      this.end.value = "crlf";
      this.editor.insert(this, parts.map((text, at) => ({ text, end: at === parts.length - 1 ? end : "crlf" })));
      return;
    }
    this.read();
    this.editor.changed();
  }

  key(event) {
    const { selectionStart: start, selectionEnd: end, value } = this.field;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.editor.send();
    } else if (event.key === "Enter" && isPlain) {
      event.preventDefault();
      const behind = { text: value.slice(end), end: this.end.value };
      this.field.value = value.slice(0, start);
      this.end.value = "crlf";
      this.editor.insert(this, [behind], 0);
    } else if (event.key === "Backspace" && start === 0 && end === 0 && this.editor.join(this)) {
      event.preventDefault();
    } else if (isPlain && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      // A long line is several rows high: the field goes up and down in itself first.
      const isHigh = this.field.scrollHeight > 1.8 * parseFloat(getComputedStyle(this.field).lineHeight);
      if (!isHigh && this.editor.go(this, event.key === "ArrowUp" ? -1 : 1, start)) event.preventDefault();
    }
  }

  paste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\r\n]/.test(text)) return;
    event.preventDefault();
    const { selectionStart: start, selectionEnd: end, value } = this.field;
    // Lines out of a transcript bring its signs along.
    const lines = text.split(/\r\n|\r|\n/);
    const isTranscript = lines.every((line) => line === "" || /^>( |$)/.test(line));
    const rows = lines.map((line) => (isTranscript ? divide(line.replace(/^> ?/, "")) : { text: line, end: "crlf" }));
    if (isTranscript) while (rows.at(-1)?.text === "" && lines.at(-1) === "") { rows.pop(); lines.pop(); }
    const last = rows.at(-1);
    const behind = value.slice(end);
    last.text += behind;
    if (behind || lines.at(-1) === "") last.end = this.end.value;
    this.field.value = value.slice(0, start) + rows[0].text;
    if (rows.length > 1) this.end.value = rows[0].end;
    this.editor.insert(this, rows.slice(1), last.text.length - behind.length);
  }
}

// The laboratory in the page: a figure with a recorded exchange becomes one that can be sent, changed and sent again.
//
//   <figure class="lab" id="lab-bare-lf" data-options="--threads 1" data-folder="lab" data-send="whole">
//     <figcaption>…</figcaption>
//     <div class="ask">…</div>                                       stays first: predict, then send
//     <pre class="terminal">…</pre>                                  \ what is there without the laboratory; with it,
//     <figure class="transcript"><pre><code>&gt; GET …</code></pre>  / opened by a button
//
// `data-state` of the figure is idle, running or over, and `data-same` yes or no: whether the answers were those of the
// book. The server plays it (src/glass/laboratory/); where it does not, the figure stays as it is written.

import { button, element, inLanguage } from "./dom.js";
import { Answer } from "./lab-answer.js";
import { Editor } from "./lab-editor.js";
import { conversations, MOST_BYTES, whole } from "./lab-notation.js";
import { isThere, play, Refused } from "./lab-run.js";
import { clientsFor, WAYS } from "./lab-send.js";
import { tagsHere, tagsToReplace } from "./lab-tags.js";
import { words } from "./lab-words.js";
import { inTheReadersLanguage } from "./translations.js";

const QUIET = 500;              // ms without a byte, after which an answer is whole
const LONG_QUIET = 3000;        // where the book says that the connection ends, or the server is slow on purpose
const BETWEEN_CONNECTIONS = 300; // ms, of one transcript with several

const [join, colon, stop] = inLanguage({ en: [" ", ": ", ". "], zh: ["", "：", "。"] });

class Block {
  constructor(figure, recorded, inspected) {
    Object.assign(this, { figure, recorded, inspected, controller: null });
    this.options = (figure.dataset.options ?? "").split(/\s+/).filter(Boolean);
    this.folder = figure.dataset.folder === "course" ? "course" : "lab";
    this.book = WAYS.includes(figure.dataset.send) ? figure.dataset.send : "whole";
    this.tags = tagsToReplace(recorded, ({ lines }) => lines.map(whole).join(""));
    this.status = element("p", "lab-status");
    this.status.role = "status";
    this.clock = element("span", "lab-clock");
    this.clock.ariaHidden = "true";
    this.problem = element("div", "lab-problem");
    this.out = element("div", "lab-out");
    this.out.hidden = true;
    this.editors = recorded.map((conversation, index) => new Editor(conversation, {
      title: this.titleOf(index),
      changed: () => this.noteChange(),
      send: () => this.send(),
      say: (text) => this.say(text),
    }));
    this.build();
    figure.dataset.state = "idle";
  }

  titleOf(index) {
    if (this.recorded.length === 1) return words.toSend;
    const { after } = this.recorded[index];
    return words.connection(index + 1) + (after ? `, ${words.later(after)}` : "");
  }

  build() {
    const { figure } = this;
    const [caption, ask] = [figure.querySelector(":scope > figcaption"), figure.querySelector(":scope > .ask")];
    const rest = [...figure.children].filter((child) => child !== caption && !child.matches(".ask"));
    const record = this.record(rest);
    const play = element("div", "lab-play", this.engineLine(), ...this.editors.map(({ node }) => node),
      this.controls(), element("p", "lab-now", this.status, this.clock), this.problem, this.out);
    play.role = "group";
    const title = caption?.querySelector("strong")?.textContent.trim() ?? "";
    play.ariaLabel = title ? `${words.laboratory}${colon}${title}` : words.laboratory;
    if (ask) ask.before(element("p", "lab-first", words.first));
    figure.append(play, ...record);
    figure.classList.add("on");
    // A field knows its height when it is seen.
    new ResizeObserver(() => this.fit()).observe(play);
  }

  fit() {
    const width = this.figure.clientWidth;
    if (width === this.width) return;
    this.width = width;
    for (const editor of this.editors) editor.fit();
  }

  engineLine() {
    const command = element("code", "", ["glasshttp", ...this.options].join(" "));
    return element("p", "lab-engine", words.engine, join, command, `${stop}${words.folders[this.folder]}`);
  }

  // The command and the recorded exchange: a button shows them. In print they are there.
  record(rest) {
    const book = element("div", "lab-book", ...rest);
    book.hidden = true;
    book.id = `${this.figure.id}-book`;
    const hasCommand = rest.some((child) => child.matches("pre.terminal"));
    const show = button("lab-open", hasCommand ? words.recorded : words.recordedOnly, () => {
      book.hidden = !book.hidden;
      show.ariaExpanded = String(!book.hidden);
    });
    show.ariaExpanded = "false";
    show.setAttribute("aria-controls", book.id);
    return [show, book];
  }

  controls() {
    this.way = element("select");
    for (const way of WAYS) this.way.append(new Option(words.ways[way], way));
    this.way.value = this.book;
    this.way.addEventListener("change", () => this.noteChange());
    this.sendButton = button("send", words.send, () => this.send());
    this.stopButton = button("stop", words.stop, () => this.controller?.abort());
    this.stopButton.hidden = true;
    this.back = button("back", words.book, () => this.restore());
    const help = element("details", "lab-help", element("summary", "", words.notation),
      element("dl", "", ...words.notationText.map(([sign, text]) =>
        element("div", "", element("dt", "", element("code", "", sign)), element("dd", "", text)))));
    this.noteChange();
    return element("div", "lab-controls",
      element("label", "how", `${words.how}${colon}`, this.way),
      element("div", "lab-buttons", this.sendButton, this.stopButton, this.back), help);
  }

  get isChanged() {
    return this.editors.some((editor) => editor.isChanged) || this.way.value !== this.book;
  }

  // What was sent is no longer what stands here.
  noteChange() {
    if (this.back) this.back.ariaDisabled = String(!this.isChanged);
  }

  restore() {
    for (const editor of this.editors) editor.restore(editor.replace);
    this.way.value = this.book;
    this.noteChange();
    this.problem.replaceChildren();
    this.say(words.restored);
  }

  // The same words twice are said twice only if they are gone in between.
  say(text) {
    this.status.textContent = "";
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.status.textContent = text; }, 30);
  }

  complain(...parts) {
    this.problem.replaceChildren(element("p", "", ...parts));
  }

  // How long it may be quiet on a connection before it is left.
  quietOf({ fate }) {
    const idle = Number(this.options[this.options.indexOf("--idle-timeout") + 1]) * 1000 || 0;
    const isSlow = this.options.some((option) => /^--fault/.test(option));
    if (fate === "closed" || fate === "reset") return Math.min(Math.max(LONG_QUIET, idle && idle + 1500), 10000);
    return isSlow ? LONG_QUIET : QUIET;
  }

  async send() {
    if (this.controller) return;
    const wrong = this.editors.map((editor) => editor.wrong).find(Boolean);
    if (wrong) {
      this.problem.replaceChildren();
      this.say(wrong.wrong.textContent);
      wrong.field.focus();
      return;
    }
    if (this.editors.every(({ sent }) => sent.requests.length === 0)) return this.refuse(words.nothing);
    const size = this.editors.reduce((sum, { sent }) => sum + sent.requests.join("").length, 0);
    if (size * (this.way.value === "twice" ? 2 : 1) > MOST_BYTES) return this.refuse(words.tooLong(MOST_BYTES));
    this.begin();
    try {
      await this.replaceTags();
      await this.run();
      this.finish(true);
    } catch (error) {
      this.fail(error);
    } finally {
      this.end();
    }
  }

  refuse(text) {
    this.complain(text);
    this.say(text);
  }

  begin() {
    this.controller = new AbortController();
    this.figure.dataset.state = "running";
    delete this.figure.dataset.same;
    this.problem.replaceChildren();
    this.out.replaceChildren();
    this.answers = [];
    this.sendButton.ariaDisabled = "true";
    this.stopButton.hidden = false;
    this.say(words.running);
    const began = performance.now();
    this.ticking = setInterval(() => {
      this.clock.textContent = words.waiting(Math.round((performance.now() - began) / 1000));
    }, 1000);
  }

  end() {
    clearInterval(this.ticking);
    this.clock.textContent = "";
    // If something went wrong here, the run does not go on there.
    this.controller.abort();
    this.controller = null;
    this.sendButton.ariaDisabled = "false";
    if (document.activeElement === this.stopButton) this.sendButton.focus();
    this.stopButton.hidden = true;
    this.figure.dataset.state = "over";
  }

  get engine() {
    return { folder: this.folder, options: this.options };
  }

  // The book's entity tags stand for those of the files here.
  async replaceTags() {
    if (!this.tags.length) return;
    const here = await tagsHere(this.tags, this.engine, this.controller.signal);
    this.tags = [];
    const replace = (text) => text.replace(/"[^"\s]*"/g, (tag) => here.get(tag) ?? tag);
    for (const editor of this.editors) editor.replaceTags(replace);
    this.complain(words.tags);
  }

  async run() {
    const isTwice = this.way.value === "twice";
    const sent = this.editors.map((editor, index) =>
      ({ ...editor.sent, after: this.recorded[index].after, quiet: this.quietOf(this.recorded[index]) }));
    const clients = clientsFor(sent, this.way.value);
    this.answers = clients.map(({ after }, index) => {
      const title = clients.length === 1 ? words.answer
        : after ? words.answersLater(index + 1, after) : words.answers(index + 1);
      return new Answer(title, this.recorded[isTwice ? index >> 1 : index], this.inspected);
    });
    this.out.replaceChildren(...this.answers.map(({ node }) => node));
    this.out.hidden = false;
    await play({ ...this.engine, clients }, (event) => this.hear(event, clients), this.controller.signal);
  }

  hear(event, clients) {
    if (event.event === "bound") {
      this.complain(words.bound, colon, inTheReadersLanguage(element("span"), event.text), stop, words.boundOn);
    } else if (event.event === "engine") {
      for (const answer of this.answers) answer.happened(event.at, words.engineAt(event.port, event.threads));
    } else if (Number.isInteger(event.client)) {
      // Somebody else may have found the engine, too: then it is nobody's of this page.
      const answer = this.answers[event.client];
      answer?.hear(event);
      const client = clients[event.client];
      if (client?.end && event.event === "sent") {
        client.left = (client.left ?? client.pieces.length) - 1;
        if (client.left === 0) answer.happened(event.at, words.halfClosed);
      }
    }
  }

  finish(isComplete) {
    const same = this.answers.map((answer) => answer.finish(isComplete));
    if (!isComplete) return;
    // A bound may have been met before anybody was connected.
    if (!this.answers.some(({ isConnected }) => isConnected)) return;
    const isSame = same.every(Boolean);
    this.figure.dataset.same = isSame ? "yes" : "no";
    if (!isSame && this.isChanged) this.out.prepend(element("p", "lab-changed", words.changed));
    this.say(isSame ? words.overSame : words.overDiffers);
    this.figure.dispatchEvent(new CustomEvent("lab:played", { bubbles: true, detail: { same: isSame } }));
  }

  // Why there is no answer, and what may be done.
  fail(error) {
    this.finish(false);
    this.out.hidden = !this.answers.some(({ events }) => events.length);
    if (error.name === "AbortError") {
      this.say(words.stopped);
      return;
    }
    if (error instanceof Refused) {
      const said = inTheReadersLanguage(element("span"), error.message);
      if (error.status === 503) this.complain(words.busy, join, words.said, colon, said, stop.trim());
      else this.complain(words.refusedRun, colon, said, stop, words.refusedOn);
    } else {
      console.warn(error);
      this.complain(words.lost);
    }
    this.say(this.problem.textContent);
  }
}

// What a figure's transcripts record: a conversation for each connection, and when it begins.
function recordedIn(figure) {
  return [...figure.querySelectorAll(":scope > figure.transcript")].flatMap((transcript) => {
    const code = transcript.querySelector("pre code");
    const after = Number(transcript.dataset.after) || 0;
    return conversations(code.textContent).map((one, index) => ({ ...one, after: after + index * BETWEEN_CONNECTIONS }));
  });
}

function open(figure, inspected) {
  const recorded = recordedIn(figure);
  const isSound = recorded.length && recorded.every(({ exchanges }) => exchanges.length && exchanges.every(({ lines }) => lines.length));
  if (isSound) new Block(figure, recorded, inspected);
}

/** Opens the blocks of this page, if the server plays them. */
export async function openLaboratory(inspected) {
  if (!await isThere().catch(() => false)) return;
  for (const figure of document.querySelectorAll("figure.lab")) {
    try {
      open(figure, inspected);
    } catch (error) {
      // One that cannot be read stays as it is written.
      console.warn(figure.id, error);
    }
  }
  document.dispatchEvent(new Event("lab:opened"));
}

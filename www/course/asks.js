// The questions of a page, and what else of the course is done by scripts: progress, contents, search. A page imports
// this alone. Without it the page is complete: each answer is a <details> that opens by itself.
//
//   <div class="ask" id="ask-http-crlf">
//     <p>What does the server do with a line that ends in LF alone?</p>
//     <details class="answer"><summary>It takes the line.</summary><p>Some do. ...</p></details>
//     <details class="answer right"><summary>400, and it closes.</summary><p>Nobody can be sure ...</p></details>
//   </div>
//
// The first answer that is opened is the reader's. It is remembered, and so is a better one after a wrong one; who has
// the right one may open the others to read why they are wrong. With data-number a field takes the place of the list.

import { button, element, isChinese } from "./dom.js";
import { words } from "./words.js";
import * as progress from "./progress.js";
import { showProgress } from "./tally.js";
import { showContents, showNextSteps } from "./contents.js";
import { addSearch } from "./search.js";

// What a reader and a page write as a number: digits may be grouped, by a comma, a space or a low line.
function number(text) {
  const plain = text.trim().replace(/(?<=\d)[,_\s](?=\d{3}(\D|$))/g, "");
  return plain === "" ? NaN : Number(plain);
}

class Question {
  constructor(ask) {
    this.ask = ask;
    this.answers = [...ask.querySelectorAll(":scope > details.answer")];
    this.right = this.answers.find((answer) => answer.classList.contains("right"));
    this.wanted = ask.dataset.number === undefined ? null : number(ask.dataset.number);
    this.status = element("p", "unseen");
    this.status.role = "status";
    this.again = button("again", words.again, () => this.clear());
    this.question = ask.querySelector(":scope > p");
    this.question.id ||= `${ask.id}-question`;
    if (!ask.hasAttribute("role")) {
      ask.role = "group";
      ask.setAttribute("aria-labelledby", this.question.id);
    }
    for (const answer of this.answers) this.prepare(answer);
    if (this.wanted !== null) this.addField();
    ask.append(element("div", "after", this.again), this.status);
    this.recall();
  }

  /** An answer says whether it is right, in words, before its reason. */
  prepare(answer) {
    const verdict = element("strong", "verdict", answer === this.right ? words.right : words.wrong);
    const summary = answer.querySelector(":scope > summary");
    const reason = summary.nextElementSibling;
    const saysSo = /^(Right|对)[.:。：，]/.test(reason?.textContent.trim() ?? "");
    if (reason?.localName !== "p") summary.after(element("p", "", verdict));
    else if (!saysSo) reason.prepend(verdict, isChinese ? "" : " ");
    // A click and the keys both come as a click on the summary. What opens it otherwise (a search in the page, a print)
    // is no answer.
    summary.addEventListener("click", () => {
      if (!answer.open) this.choose(answer);
    });
  }

  /** A field in place of the list. What it says of a number is the answer of that number, or the one for all others. */
  addField() {
    this.field = element("input");
    this.field.type = "text";
    this.field.inputMode = "decimal";
    this.field.autocomplete = "off";
    this.field.maxLength = 40;
    this.field.setAttribute("aria-describedby", this.question.id);
    const label = element("label", "", words.yourNumber, this.field);
    const check = element("button", "", words.check);
    this.told = element("p", "told");
    this.give = button("give", words.showAnswer, () => this.write(this.ask.dataset.number));
    this.give.hidden = true;
    const form = element("form", "number", label, check, this.give);
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write(this.field.value);
    });
    this.question.after(form, this.told);
    for (const answer of this.answers) answer.hidden = true;
  }

  /** The answer that is about this number. */
  about(value) {
    const named = this.answers.find((answer) => number(answer.querySelector("summary").textContent) === value);
    return named ?? this.answers.find((answer) => answer.classList.contains("other")) ?? null;
  }

  /** The reader has written this into the field. */
  write(text) {
    const value = number(text);
    if (Number.isNaN(value)) {
      this.told.textContent = words.needsNumber;
      this.announce(words.needsNumber);
      this.field.focus();
      return;
    }
    const wasRight = this.ask.dataset.state === "right";
    this.showNumber(text.trim());
    this.announceAnswer(this.about(value));
    // Who has found it may look at what other numbers would mean.
    if (wasRight) this.mark(true);
    else this.remember(text.trim());
  }

  showNumber(text) {
    const value = number(text);
    const answer = this.about(value);
    this.field.value = text;
    this.told.textContent = answer ? "" : words.notIt;
    for (const one of this.answers) {
      one.hidden = one !== answer;
      one.open = one === answer;
    }
    this.give.hidden = value === this.wanted;
    this.mark(value === this.wanted);
  }

  /** The reader has opened this answer. */
  choose(answer) {
    this.announceAnswer(answer);
    if (this.wanted !== null || this.ask.dataset.state === "right") return;
    this.mark(answer === this.right);
    this.remember(this.answers.indexOf(answer));
  }

  remember(answer) {
    progress.change((page) => page.asks.set(this.ask.id, answer));
    const detail = { right: this.ask.dataset.state === "right" };
    this.ask.dispatchEvent(new CustomEvent("ask:answered", { bubbles: true, detail }));
  }

  mark(isRight) {
    this.ask.dataset.state = isRight ? "right" : "wrong";
    this.again.hidden = false;
  }

  announceAnswer(answer) {
    this.announce(answer === null ? words.notIt : answer === this.right ? words.right : words.wrong);
  }

  // The same words twice are said twice only if they are gone in between.
  announce(text) {
    this.status.textContent = "";
    setTimeout(() => { this.status.textContent = text; }, 50);
  }

  /** Shows what was answered before; nothing if that is no answer of this question. */
  recall() {
    const answer = progress.of()?.asks.get(this.ask.id);
    this.again.hidden = true;
    delete this.ask.dataset.state;
    if (this.wanted !== null && typeof answer === "string" && !Number.isNaN(number(answer))) {
      this.showNumber(answer);
    } else if (this.wanted === null && Number.isInteger(answer) && this.answers[answer]) {
      this.answers[answer].open = true;
      this.mark(this.answers[answer] === this.right);
    }
  }

  /** As if it had never been answered. */
  reset() {
    for (const answer of this.answers) {
      answer.open = false;
      answer.hidden = this.wanted !== null;
    }
    if (this.wanted !== null) {
      this.field.value = "";
      this.told.textContent = "";
      this.give.hidden = true;
    }
    this.status.textContent = "";
    this.recall();
  }

  clear() {
    progress.change((page) => page.asks.delete(this.ask.id));
    this.reset();
    (this.field ?? this.answers[0].querySelector("summary")).focus();
  }
}

// In print all answers are open, whatever was open before.
function openForPrint() {
  let opened = [];
  const open = () => {
    const closed = [...document.querySelectorAll("details:not([open])")];
    opened.push(...closed);
    for (const one of closed) one.open = true;
  };
  const close = () => {
    for (const one of opened) one.open = false;
    opened = [];
  };
  // Before a print comes either or both of them.
  addEventListener("beforeprint", open);
  addEventListener("afterprint", close);
  matchMedia("print").addEventListener("change", ({ matches }) => (matches ? open() : close()));
}

function begin() {
  const isChapter = document.body.classList.contains("chapter");
  const asks = [...document.querySelectorAll("div.ask[id]")].filter((ask) => ask.querySelector("details.answer"));
  const labs = [...document.querySelectorAll("figure.lab[id]")];
  const questions = asks.map((ask) => new Question(ask));
  // What was kept of questions and blocks that the page has no more is left out.
  if (isChapter) {
    progress.change((page) => {
      const answered = questions.filter(({ ask }) => ask.dataset.state).map(({ ask }) => ask.id);
      page.asks = new Map([...page.asks].filter(([id]) => answered.includes(id)));
      page.labs = new Set([...page.labs].filter((id) => labs.some((lab) => lab.id === id)));
      page.of = [asks.length, labs.length];
    });
  }
  document.addEventListener("lab:played", ({ target }) => {
    if (labs.includes(target)) progress.change((page) => page.labs.add(target.id));
  });
  // Forgotten on this page or in another tab.
  progress.watch(() => {
    for (const question of questions) {
      if (question.ask.dataset.state && !progress.of()?.asks.has(question.ask.id)) question.reset();
    }
  });
  openForPrint();
  showContents();
  showNextSteps();
  showProgress();
  addSearch();
}

begin();

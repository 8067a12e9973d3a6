// How far the reader is: beside each chapter in the navigation, and in the contents of the welcome page.

import { button, element } from "./dom.js";
import { words } from "./words.js";
import * as progress from "./progress.js";

// How many questions are answered, and how many blocks played.
function counts({ asks, labs, of: [questions, blocks] }) {
  return { answered: Math.min(asks.size, questions), questions, played: Math.min(labs.size, blocks), blocks };
}

/** What is beside a chapter: "3/5", and the sentence for those who hear it. */
function beside(kept) {
  const { answered, questions } = counts(kept);
  if (questions === 0) return element("span", "tally", element("span", "unseen", ` ${words.read}`));
  const sign = element("span", "", `${answered === questions ? "✓ " : ""}${answered}/${questions}`);
  sign.ariaHidden = "true";
  const tally = element("span", "tally", " ", sign, element("span", "unseen", words.answered(answered, questions)));
  tally.title = words.answered(answered, questions);
  tally.classList.toggle("whole", answered === questions);
  return tally;
}

/** What is below a chapter on the welcome page. */
function below(kept) {
  const { answered, questions, played, blocks } = counts(kept);
  const parts = [
    ...(questions ? [words.answered(answered, questions)] : []),
    ...(blocks && played ? [words.played(played, blocks)] : []),
  ];
  const isWhole = questions > 0 && answered === questions;
  return element("p", isWhole ? "tally whole" : "tally", `${isWhole ? "✓ " : ""}${parts.join(" · ") || words.read}`);
}

export function showProgress() {
  const toc = document.querySelector("main .toc");
  const links = [...document.querySelectorAll("body.chapter .masthead nav:first-of-type li > a, main .toc li > a")];
  const told = element("p", "kept");
  const forget = button("forget", words.forget, () => {
    progress.forget();
    status.textContent = words.forgotten;
    told.tabIndex = -1;
    told.focus();
  });
  const status = element("p", "unseen");
  status.role = "status";
  toc?.after(element("div", "progress", told, forget, status));

  const show = () => {
    for (const link of links) {
      const kept = progress.of(progress.nameOf(link.href));
      link.parentElement.querySelector(":scope > .tally")?.remove();
      if (!kept) continue;
      if (toc) link.parentElement.append(below(kept));
      else link.after(beside(kept));
    }
    told.textContent = progress.keeps() ? words.kept : words.notKept;
    forget.hidden = !links.some((link) => progress.of(progress.nameOf(link.href)));
  };
  progress.watch(show);
  show();
}

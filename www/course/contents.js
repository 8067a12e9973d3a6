// The sections of a chapter, with the one that is being read marked, and at its end what can be done next.

import { element } from "./dom.js";
import { words } from "./words.js";
import * as progress from "./progress.js";

// The exercises that a chapter prepares for, by their numbers on their page.
export const EXERCISES = {
  "sockets": [2],
  "echo": [1],
  "many-clients": [3, 4, 10],
  "http": [5, 8],
  "sending": [10],
  "caching": [6, 7],
  "staying-alive": [4, 8, 9],
};

// As guide.css: the chapters stand beside the text.
const WIDE = matchMedia("(min-width: 60rem)");

/** Puts a link to the text before everything else, for those who come by the keyboard. */
function addSkipLink(main) {
  if (document.querySelector("a.skip")) return;
  main.id ||= "text";
  main.tabIndex = -1;
  const skip = element("a", "skip", words.skip);
  skip.href = `#${main.id}`;
  document.body.prepend(skip);
}

export function showContents() {
  const main = document.querySelector("body.chapter > main");
  if (!main) return;
  addSkipLink(main);
  const headings = [...main.querySelectorAll("h2[id]")];
  if (headings.length < 2) return;
  const links = new Map(headings.map((heading) => {
    const link = element("a", "", heading.textContent.trim());
    link.href = `#${heading.id}`;
    return [heading, link];
  }));
  const list = element("ol", "", ...[...links.values()].map((link) => element("li", "", link)));
  const folded = element("details", "", element("summary", "", words.onThisPage), list);
  const nav = element("nav", "contents", folded);
  nav.ariaLabel = words.onThisPage;
  document.querySelector(".masthead").append(nav);
  const unfold = () => { folded.open = WIDE.matches; };
  WIDE.addEventListener("change", unfold);
  unfold();
  // On a phone the list covers the text that was just asked for.
  list.addEventListener("click", ({ target }) => {
    if (target.closest("a") && !WIDE.matches) folded.open = false;
  });
  followScrolling(headings, links);
}

/** Marks the section whose heading was the last to pass the upper third of the window. */
function followScrolling(headings, links) {
  const mark = () => {
    const line = innerHeight / 3;
    const isEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top <= line);
    const present = isEnd ? headings.at(-1) : passed.at(-1);
    for (const [heading, link] of links) {
      if (heading === present) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
    if (present) bringIntoView(links.get(present));
  };
  const observer = new IntersectionObserver(mark, { rootMargin: "0px 0px -66.6% 0px" });
  for (const heading of headings) observer.observe(heading);
  // At the end of the page the last section is read, however short it is.
  const foot = document.querySelector("body > footer");
  if (foot) new IntersectionObserver(mark, { threshold: [0, 0.5, 1] }).observe(foot);
}

/** Scrolls the column of the chapters, and nothing else, so that this link can be seen in it. */
function bringIntoView(link) {
  const column = link.closest(".masthead");
  if (!WIDE.matches || column.scrollHeight <= column.clientHeight || column.matches(":hover, :focus-within")) return;
  const { top, bottom } = link.getBoundingClientRect();
  const frame = column.getBoundingClientRect();
  if (top < frame.top + 40) column.scrollTop -= frame.top + 40 - top;
  if (bottom > frame.bottom - 40) column.scrollTop += bottom - frame.bottom + 40;
}

// ---- next steps

function shortened(text) {
  const plain = text.trim().replace(/\s+/g, " ");
  return plain.length > 110 ? `${plain.slice(0, 108)}…` : plain;
}

// Of a long list, what comes first on the page.
const LISTED = 5;

function listOf(title, links) {
  if (links.length === 0) return [];
  const shown = links.length > LISTED + 1 ? links.slice(0, LISTED) : links;
  const list = element("ul", "", ...shown.map(([href, text]) => {
    const link = element("a", "", text);
    link.href = href;
    return element("li", "", link);
  }));
  if (shown.length < links.length) list.append(element("li", "more", words.more(links.length - shown.length)));
  return [element("h3", "", title), list];
}

export function showNextSteps() {
  const main = document.querySelector("body.chapter > main");
  const onward = document.querySelector("body > footer a[rel='next']");
  const asks = [...document.querySelectorAll("div.ask[id]")];
  const labs = [...document.querySelectorAll("figure.lab[id]")];
  const exercises = EXERCISES[progress.page] ?? [];
  if (!main || asks.length + labs.length + exercises.length === 0) return;
  const title = element("h2", "", words.next);
  title.id = "next-steps";
  const steps = element("div", "");
  const section = element("section", "next-steps", title, steps);
  section.setAttribute("aria-labelledby", title.id);
  main.append(section);

  const toAsk = (ask) => [`#${ask.id}`, shortened(ask.querySelector(":scope > p").textContent)];
  const show = () => {
    const open = asks.filter((ask) => !ask.dataset.state);
    const missed = asks.filter((ask) => ask.dataset.state === "wrong");
    // Where there is no laboratory, a block has nothing that can be played.
    const unplayed = labs.filter((lab) => lab.querySelector("button:not(.ask *)") && !progress.of()?.labs.has(lab.id));
    const isDone = asks.length > 0 && open.length + missed.length === 0;
    steps.replaceChildren(
      ...(progress.keeps() ? [] : [element("p", "kept", words.notKept)]),
      ...(isDone ? [element("p", "done", words.allDone)] : []),
      ...listOf(words.unanswered, open.map(toAsk)),
      ...listOf(words.missed, missed.map(toAsk)),
      ...listOf(words.unplayed, unplayed.map((lab) =>
        [`#${lab.id}`, shortened((lab.querySelector("figcaption strong") ?? lab.querySelector("figcaption")).textContent)])),
      ...listOf(words.exercises, exercises.map((number) => [`exercises.html#exercise-${number}`, words.exercise(number)])),
      ...listOf(words.onward, onward ? [[onward.href, onward.textContent.trim()]] : []),
    );
  };
  progress.watch(show);
  document.addEventListener("lab:opened", show);
  // The blocks become playable a moment after the page is here.
  new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) show();
  }).observe(section);
  show();
}

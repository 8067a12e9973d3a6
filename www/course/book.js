// Puts all chapters of the reader's language into one page, in the order of the navigation: the course as a book, to be
// printed. Each becomes an <article>; its ids get the chapter's name in front, and links among chapters lead to places
// in the book.

import { button, element } from "./dom.js";
import { separateCommands } from "./commands.js";
import { colourTranscripts } from "./transcripts.js";
import { words } from "./words.js";

// What refers to an id in the same page, by itself or in a list.
const REFERENCES = ["aria-labelledby", "aria-describedby", "aria-controls", "for", "headers"];

const nameOf = (pathname) => pathname.split("/").at(-1).replace(/\.html$/, "");

/** Gives all that has an id in a chapter one of the book, and all that leads to it. */
function rename(article, chapter, chapters) {
  const own = (id) => `${chapter}--${id}`;
  for (const node of article.querySelectorAll("[id]")) node.id = own(node.id);
  for (const attribute of REFERENCES) {
    for (const node of article.querySelectorAll(`[${attribute}]`)) {
      node.setAttribute(attribute, node.getAttribute(attribute).split(/\s+/).map(own).join(" "));
    }
  }
  for (const link of article.querySelectorAll("a[href]")) {
    const { origin, pathname, hash } = new URL(link.getAttribute("href"), new URL(`${chapter}.html`, chapters.folder));
    const name = nameOf(pathname);
    if (origin !== location.origin) continue;
    if (new URL(pathname, origin).href === new URL(`${name}.html`, chapters.folder).href && chapters.names.includes(name)) {
      link.href = hash ? `#${name}--${hash.slice(1)}` : `#${name}`;
    } else {
      link.href = pathname + hash;
    }
  }
  // What a drawing refers to: an arrow's tip, say.
  for (const node of article.querySelectorAll("svg *")) {
    for (const { name, value } of [...node.attributes]) {
      if (value.includes("url(#")) node.setAttribute(name, value.replaceAll("url(#", `url(#${chapter}--`));
      if (/^(xlink:)?href$/.test(name) && value.startsWith("#") && node.localName === "use") node.setAttribute(name, `#${own(value.slice(1))}`);
    }
  }
}

/** Loads the style sheets that a chapter has and the book does not. */
function addStyles(page) {
  for (const { rel, attributes: { href } } of page.querySelectorAll("link[rel='stylesheet']")) {
    if (document.querySelector(`link[href="${CSS.escape(href.value)}"]`)) continue;
    const link = element("link", "");
    link.rel = rel;
    link.href = href.value;
    document.head.append(link);
  }
}

async function articleOf(address, chapters) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const name = nameOf(new URL(address).pathname);
  addStyles(page);
  const article = element("article", "");
  article.append(...page.querySelector("main").childNodes);
  rename(article, name, chapters);
  article.id = name;
  return article;
}

async function bind() {
  const main = document.querySelector("main");
  const status = document.querySelector(".assembly");
  const links = [...document.querySelectorAll(".masthead nav a")];
  const addresses = links.map(({ href }) => href);
  const chapters = {
    folder: new URL(".", addresses[0]).href,
    names: addresses.map((address) => nameOf(new URL(address).pathname)),
  };
  let count = 0;
  const tell = () => { status.textContent = words.bookReading(count, addresses.length); };
  tell();
  const read = await Promise.allSettled(addresses.map(async (address) => {
    const article = await articleOf(address, chapters);
    count++;
    tell();
    return article;
  }));
  const lost = read.findIndex((one) => one.status === "rejected");
  if (lost >= 0) {
    status.textContent = words.bookLost(links[lost].textContent);
    return;
  }
  const articles = read.map(({ value }) => value);
  const list = element("ol", "", ...articles.map((article) => {
    const link = element("a", "", article.querySelector("h1").textContent);
    link.href = `#${article.id}`;
    return element("li", "", link);
  }));
  const contents = element("nav", "contents-of-book", list);
  contents.setAttribute("aria-label", words.onThisPage);
  main.querySelector(".cover").append(contents);
  main.append(...articles);
  for (const [index, link] of links.entries()) link.href = `#${articles[index].id}`;
  colourTranscripts();
  separateCommands();
  for (const details of main.querySelectorAll("details")) details.open = true;
  status.textContent = words.bookReady;
  status.append(" ", button("print", words.print, () => print()));
  document.documentElement.dataset.book = "ready";
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

bind();

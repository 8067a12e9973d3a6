// Links to the source that the program carries with it. A server shows it with --inspect alone.

import { element } from "./dom.js";

export function sourceLink(file, line, content) {
  const link = element("a", "", content);
  link.href = `/.glass/source/${file.split("/").map(encodeURIComponent).join("/")}${line ? `#${line}` : ""}`;
  return link;
}

// Links the files that the page names, as far as the server has them. One that was built from a package has no tests.
export async function linkFiles() {
  const answer = await fetch("/.glass/source/", { cache: "no-store" });
  const there = new Set(answer.ok ? (await answer.text()).split("\n") : []);
  for (const file of document.querySelectorAll("code.file")) {
    const name = file.textContent.trim();
    if (there.has(name) && !file.closest("a")) file.replaceChildren(sourceLink(name, 0, file.textContent));
  }
}

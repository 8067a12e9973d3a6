// What was decided in an exchange, step by step, and the source behind each step.

import { ask, make, problemOf } from "./dom.js";
import { duration } from "./text.js";

const sources = new Map(); // the files of the server's source that were requested

export function stepList(story) {
  const list = make("ol", "steps");
  for (const [index, step] of story.steps.entries()) {
    const where = make("p", "where");
    if (step.rfc) {
      where.append(step.url ? make("a", "rfc", { href: step.url, target: "_blank", rel: "noopener noreferrer" }, step.rfc) : step.rfc);
    }
    const place = make("button", "place", { type: "button", "aria-expanded": "false" }, `${step.file}:${step.line}`);
    where.append(place, make("span", "", { title: "since the request's first byte" }, `+${duration(Math.max(0, step.at - story.began))}`));
    const isDeciding = index === story.deciding;
    const item = make("li", isDeciding ? "deciding" : "", { id: `step-${index + 1}`, tabindex: "-1" },
      ...isDeciding ? [make("p", "mark", {}, "this decided")] : [],
      make("p", "", {}, make("strong", "", {}, step.name), ` ${step.text}`), where);
    place.addEventListener("click", () => toggleSource(step, item, place));
    list.append(item);
  }
  return story.steps.length > 0 ? list : make("p", "note", {}, "No step was recorded.");
}

// Shows a step, and brings the keyboard there.
export function goToStep(index) {
  const step = document.getElementById(`step-${index + 1}`);
  step?.scrollIntoView({ block: "center" });
  step?.focus({ preventScroll: true });
}

// Opens the source in place below a step, at its line; or closes it again.
async function toggleSource(step, item, button) {
  const open = item.querySelector(".source, .problem");
  button.setAttribute("aria-expanded", String(!open));
  if (open) return open.remove();
  try {
    if (!sources.has(step.file)) {
      const response = await ask(`source/${step.file}`);
      if (!response.ok) throw new Error(`The server answers ${response.status} for ${step.file}.`);
      sources.set(step.file, await response.text());
    }
  } catch (error) {
    return item.append(problemOf(error));
  }
  const box = make("div", "source", { tabindex: "0", role: "region", "aria-label": `${step.file}, line ${step.line}` });
  let here = null;
  sources.get(step.file).replace(/\n$/, "").split("\n").forEach((text, index) => {
    const code = make("code", /^\s*\/\//.test(text) ? "comment" : "", {}, text);
    const line = make("div", "", {}, make("span", "", {}, String(index + 1)), code);
    if (index + 1 === step.line) {
      line.className = "here";
      line.setAttribute("aria-current", "true");
      here = line;
    }
    box.append(line);
  });
  item.append(box);
  if (here) box.scrollTop = here.offsetTop - box.clientHeight / 3;
}

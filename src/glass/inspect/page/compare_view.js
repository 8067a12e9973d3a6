// Two exchanges side by side on the page: why 200 then, and 304 now.

import { printable } from "./bytes.js";
import { compare } from "./compare.js";
import { byId, make, problemOf } from "./dom.js";
import { showPanel } from "./panels.js";
import { sentenceOf } from "./sentence.js";
import { clockTime } from "./rows.js";
import { storyOf } from "./story.js";

// The exchange that another is to be compared with, while that is chosen.
export const choice = { first: null };

export function choose(exchange) {
  choice.first = exchange?.id ?? null;
  byId("choosing").hidden = choice.first === null;
  byId("choosing-what").textContent = exchange ? `${printable(exchange.method)} ${printable(exchange.target)} (${exchange.status})` : "";
  if (exchange) showPanel(null);
}

export async function openComparison(one, other) {
  choose(null);
  const ids = [one, other].sort((a, b) => a - b);
  const content = byId("comparison-content");
  try {
    const stories = await Promise.all(ids.map(storyOf));
    content.replaceChildren(...partsOf(stories));
  } catch (error) {
    content.replaceChildren(problemOf(error));
  }
  showPanel("comparison", true);
  content.scrollTop = 0;
}

function partsOf(stories) {
  const heads = stories.map((story, index) => make("div", "", {}, make("h3", "", {}, index === 0 ? "Then" : "Now"),
    make("p", "about", {}, `${printable(story.method)} ${printable(story.target)} at ${clockTime(story.ended)} `,
      make("button", "", { type: "button", "data-id": story.id }, "Open it alone")),
    ...sentenceOf(story, false)));
  const alone = make("input", "", { type: "checkbox" });
  const table = tableOf(compare(...stories));
  alone.addEventListener("change", () => table.classList.toggle("alone", alone.checked));
  return [make("div", "beside", {}, ...heads), make("label", "switch", {}, alone, " what differs alone"), table];
}

function tableOf(groups) {
  const head = make("tr", "", {}, ...["What", "Then", "Now"].map(name => make("th", "", { scope: "col" }, name)));
  const table = make("table", "compared", {}, make("thead", "", {}, head));
  for (const { title, rows } of groups) {
    const different = rows.filter(each => each.differs).length;
    const about = different === 0 ? "nothing differs" : `${different} of ${rows.length} differ`;
    const lines = rows.map(({ name, left, right, differs }) => {
      const mark = differs ? [make("span", "differs", { "aria-hidden": "true" }, "≠ "), make("span", "unseen", {}, "differs: ")] : [];
      return make("tr", differs ? "different" : "", {}, make("th", "", { scope: "row" }, ...mark, printable(name)), cell(left), cell(right));
    });
    table.append(make("tbody", "", {},
      make("tr", "group", {}, make("th", "", { scope: "rowgroup", colspan: "3" }, `${title}: ${about}`)), ...lines));
  }
  return table;
}

const cell = value => value === null ? make("td", "none", {}, "–") : make("td", "", {}, printable(value));

// The workers, and which connections each one owns.

import { byId, make } from "./dom.js";
import { model } from "./model.js";

export function drawWorkers() {
  const list = byId("workers");
  const owned = Array.from({ length: model.workers }, () => []);
  for (const connection of model.connections.values()) {
    if (connection.isOpen) owned[connection.worker]?.push(connection.number);
  }
  while (list.children.length > owned.length) list.lastChild.remove();
  owned.forEach((numbers, worker) => {
    const MOST = 12;
    const shown = numbers.slice(-MOST);
    const key = `${worker}: ${numbers.length}, ${shown.join()}`;
    const item = list.children[worker] ?? list.appendChild(make("li"));
    if (item.dataset.key === key) return;
    item.dataset.key = key;
    const chips = shown.map(number =>
      make("button", "", { type: "button", "data-connection": number, title: "Show its lane" }, `#${number}`));
    const more = numbers.length - shown.length;
    item.replaceChildren(`worker ${worker}: `, ...chips,
      numbers.length === 0 ? "no connection" : more > 0 ? `and ${more.toLocaleString("en")} more` : "");
  });
}

// All that the server keeps of one exchange: its bytes, its decisions, its times.

import { ask } from "./dom.js";

export async function storyOf(id) {
  const response = await ask(`exchange/${id}`);
  if (response.status === 404) throw new Error("The server keeps the newest exchanges only; this one has left its memory.");
  if (!response.ok) throw new Error(`The server answers ${response.status}.`);
  return response.json();
}

// One run: the laboratory is asked to play these clients, and tells each event as it happens, one line of JSON each.

/** What the laboratory would not do, in its own words. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** Plays, and gives each event to `tell`. Ends when the run is over; throws [`Refused`], or what the network said. */
export async function play(run, tell, signal) {
  const response = await fetch("/.glass/laboratory/play", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(run),
    cache: "no-store",
    signal,
  });
  if (!response.ok) {
    const told = await response.json().catch(() => null);
    throw new Refused(response.status, told?.error ?? `${response.status} ${response.statusText}`.trim());
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let isOver = false;
  const hear = (event) => {
    isOver ||= event.event === "over";
    tell(event);
  };
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) hear(JSON.parse(line));
    if (done && !isOver) throw new Error("the run broke off");
    if (done) return;
  }
}

/** Whether this page comes from a server with a laboratory. */
export async function isThere() {
  const response = await fetch("/.glass/laboratory/", { cache: "no-store" });
  return response.ok && (await response.json())?.laboratory === 1;
}

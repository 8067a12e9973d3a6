// The composer: sends any bytes, and shows what comes back.

import { toArray } from "./bytes.js";
import { ask, byId, make, problemOf } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { readMessages } from "./message.js";
import { decode, encode } from "./notation.js";
import { showPanel } from "./panels.js";
import { showMessages } from "./parts.js";
import { ordinal, plural, statusClass } from "./text.js";

export const composer = {
  sent: null,      // what was sent last, and has no links to its exchanges yet
  isBusy: false,
  newestId: 0,     // of all exchanges that this page knows

  // Writes bytes into the box and shows it.
  fill(bytes) {
    byId("bare").checked = false;
    byId("raw").value = decode(bytes);
    this.choose(null);
    this.preview();
    showPanel("composer");
    byId("raw").focus();
  },

  choose(chosen) {
    for (const button of byId("examples").children) button.setAttribute("aria-pressed", String(button === chosen));
    byId("example-note").textContent = "";
  },

  encode() {
    return encode(byId("raw").value, byId("bare").checked ? "\n" : "\r\n");
  },

  preview() {
    const { bytes, pauses, error } = this.encode();
    const problem = byId("raw-error");
    problem.hidden = !error;
    problem.textContent = error ?? "";
    byId("send").disabled = Boolean(error) || bytes === "" || this.isBusy;
    if (error) {
      byId("preview-title").textContent = "What will be sent";
      byId("preview").replaceChildren();
      return;
    }
    byId("preview-title").textContent = `What will be sent: ${plural(bytes.length, "byte")}`
      + (pauses.length > 0 ? ` with ${plural(pauses.length, "pause")}` : "");
    const marks = { at: 0, pauses: [...pauses] };
    byId("preview").replaceChildren(...showMessages(readMessages(bytes, "request"), "Request", marks));
  },

  async send() {
    const { bytes, pauses, error } = this.encode();
    if (error || this.isBusy) return;
    this.isBusy = true;
    this.preview();
    const sent = this.sent = { bytes, since: this.newestId, looking: Promise.resolve(), connection: null, seen: [], linked: new Set() };
    sent.links = make("p", "explained");
    sent.links.append("Waiting for the server to tell about it.");
    byId("send-state").textContent = "Sending";
    byId("answer").replaceChildren();
    try {
      const query = pauses.length > 0 ? `?pauses=${pauses.join()}` : "";
      const response = await ask(`send${query}`, { method: "POST", body: toArray(bytes) });
      if (!response.ok) throw new Error(`The server refuses to send this: ${response.status} ${response.statusText}`);
      this.show(await response.json(), bytes, sent);
    } catch (error) {
      byId("answer").replaceChildren(problemOf(error));
    }
    byId("send-state").textContent = "";
    this.isBusy = false;
    this.preview();
  },

  show(answer, bytes, sent) {
    const methods = readMessages(bytes, "request").map(message => message.method);
    const messages = readMessages(answer.received, "response", methods);
    const end = answer.closed ? "Then the server closed the connection."
      : "The connection was still open when nothing more came.";
    const came = answer.received === "" ? "Nothing came back."
      : `${plural(answer.received.length, "byte")} came back in ${answer.milliseconds.toFixed(1)} ms${answer.cut ? ", and more that is not shown" : ""}.`;
    const nodes = [make("h3", "", {}, "What came back"), make("p", "", {}, `${came} ${end}`)];
    if (answer.error) nodes.push(make("p", "problem", { role: "alert" }, answer.error));
    nodes.push(sent.links, ...showMessages(messages, "Response"));
    byId("answer").replaceChildren(...nodes);
    byId("answer").scrollIntoView({ block: "start" });
  },

  hear(kind, event) {
    if (kind === "hello") this.newestId = 0;
    if (kind === "exchange") this.notice(event);
  },

  // An exchange has ended. If it is the one whose bytes were sent here, it gets a link.
  notice(event) {
    this.newestId = Math.max(this.newestId, event.id);
    const sent = this.sent;
    if (!sent || event.id <= sent.since) return;
    if (sent.connection === event.connection) return this.link(sent, event);
    sent.seen.push(event);
    sent.seen.splice(0, sent.seen.length - 50);
    if (sent.connection === null) sent.looking = sent.looking.then(() => this.compare(sent, event));
  },

  // Whether these were the bytes is known only from the whole exchange.
  async compare(sent, event) {
    if (sent.connection !== null || sent !== this.sent) return;
    const response = await ask(`exchange/${event.id}`).catch(() => null);
    if (!response?.ok) return;
    const { request } = await response.json();
    if (request === "" || !sent.bytes.includes(request)) return;
    sent.connection = event.connection;
    for (const each of sent.seen) if (each.connection === event.connection) this.link(sent, each);
  },

  link(sent, event) {
    if (sent.linked.has(event.id)) return;
    if (sent.linked.size === 0) sent.links.replaceChildren("Why it came out so:");
    sent.linked.add(event.id);
    const button = make("button", `explain ${statusClass(event.status)}`, { type: "button" },
      `${ordinal(event.number)} request: ${event.status} ${event.phrase}, explained`);
    button.dataset.id = event.id;
    sent.links.append(button);
  },
};

export function beginComposer() {
  for (const [label, text, note, isBare] of EXAMPLES) {
    const button = make("button", "", { type: "button", "aria-pressed": "false" }, label);
    button.addEventListener("click", () => {
      byId("raw").value = text;
      byId("bare").checked = Boolean(isBare);
      composer.choose(button);
      byId("example-note").textContent = note;
      composer.preview();
    });
    byId("examples").append(button);
  }
  byId("examples").firstChild.click();
  byId("raw").addEventListener("input", () => {
    composer.choose(null);
    composer.preview();
  });
  byId("bare").addEventListener("change", () => composer.preview());
  byId("send").addEventListener("click", () => composer.send());
}

// The notation of the transcripts, read: what is sent and what came back, as bytes. It is that of tests/wire/main.rs.
//
//   > GET /hello.txt HTTP/1.1\n          sent; LF alone ends the line, and CR LF if nothing is written at its end
//   > Host: {a*300}\                     300 times the a, and no line end
//   >
//   < HTTP/1.1 400 Bad Request           came back
//   < (closed)                           and what became of the connection
//
// A byte string is a string in which each character is one byte.

import { toUtf8 } from "./bytes.js";

// How a line may end, and with which bytes.
export const ENDS = { crlf: "\r\n", lf: "\n", none: "" };

// The laboratory takes no more in one run.
export const MOST_BYTES = 100_000;

/** A line that cannot be read; `part` is what is wrong. */
export class Malformed extends Error {
  constructor(part, isTooLong = false) {
    super(part);
    Object.assign(this, { part, isTooLong });
  }
}

const ESCAPES = { r: "\r", n: "\n", 0: "\0", "\\": "\\" };
const TOKEN = /\\x([0-9a-fA-F]{2})|\\([rn0\\])|(\\.?)|\{([^{}]*)\*(\d+)\}|(.)/gsuy;

/** The bytes of a line without its end; throws what is malformed. */
export function bytesOf(text) {
  let bytes = "";
  for (const [whole, hex, short, unknown, repeated, count, plain] of text.matchAll(TOKEN)) {
    if (unknown !== undefined) throw new Malformed(whole);
    let more = hex ? String.fromCharCode(parseInt(hex, 16)) : short ? ESCAPES[short] : toUtf8(plain ?? "");
    if (count !== undefined) {
      const once = bytesOf(repeated);
      if (!(once.length * Number(count) <= MOST_BYTES)) throw new Malformed(whole, true);
      more = once.repeat(Number(count));
    }
    bytes += more;
    if (bytes.length > MOST_BYTES) throw new Malformed(whole, true);
  }
  return bytes;
}

const endsWithLoneBackslash = (text) => /\\*$/.exec(text)[0].length % 2 === 1;

/** A written line as its text and its end. */
export function divide(line) {
  if (endsWithLoneBackslash(line)) return { text: line.slice(0, -1), end: "none" };
  if (line.endsWith("n") && endsWithLoneBackslash(line.slice(0, -1))) return { text: line.slice(0, -2), end: "lf" };
  return { text: line, end: "crlf" };
}

/** The bytes of a line with its end. */
export const whole = ({ text, end }) => bytesOf(text) + ENDS[end];

/**
 * The conversations of a transcript: one for each connection.
 *
 *   [{ exchanges: [{ lines: [{text, end}], expected: bytes }], isEnded, fate: "open" | "closed" | "reset" | null }]
 *
 * `isEnded`: the client says that it sends no more. `fate` is null where the record says nothing of it; then it may go
 * on behind what is shown.
 */
export function conversations(transcript) {
  const all = [];
  let current = null;
  for (const line of transcript.split("\n")) {
    const [, side, text] = /^([<>])(?: (.*))?$/s.exec(line) ?? [];
    if (!side) continue;
    if (!current) all.push(current = { exchanges: [], isEnded: false, fate: null });
    const fate = side === "<" && /^\((open|closed|reset)\)$/.exec(text ?? "");
    if (fate) {
      current.fate = fate[1];
      current = null;
    } else if (side === ">" && text === "(end)") {
      current.isEnded = true;
    } else if (side === ">") {
      const last = current.exchanges.at(-1);
      if (!last || last.hasAnswer) current.exchanges.push({ lines: [], expected: "", hasAnswer: false });
      current.exchanges.at(-1).lines.push(divide(text ?? ""));
    } else {
      if (!current.exchanges.length) current.exchanges.push({ lines: [], expected: "", hasAnswer: false });
      const exchange = current.exchanges.at(-1);
      exchange.expected += whole(divide(text ?? ""));
      exchange.hasAnswer = true;
    }
  }
  return all;
}

// How the composer writes bytes as text, and reads them back: "\\x7f" is one byte, and a line end is CR LF.

import { escapeByte, fromArray } from "./bytes.js";
import { plural } from "./text.js";

const MAX_SENT = 65536; // bytes that the composer may send
const MAX_PAUSES = 10;  // and how often it may pause

// The text in the box as bytes, and the offsets at which the sender pauses.
export function encode(text, lineEnd) {
  const pauses = [];
  let bytes = "";
  const token = /\\x([0-9a-fA-F]{2})|\\([rn0\\p])|(\\.?)|(\n)|([^\\\n]+)/gsy;
  for (const [whole, hex, short, unknown, end, plain] of text.matchAll(token)) {
    if (hex) bytes += String.fromCharCode(parseInt(hex, 16));
    else if (short === "p") pauses.push(bytes.length);
    else if (short) bytes += { r: "\r", n: "\n", 0: "\0", "\\": "\\" }[short];
    else if (unknown) return { error: `${whole.trim() || "\\"} is no escape; a backslash is written \\\\.` };
    else if (end) bytes += lineEnd;
    else bytes += fromArray(new TextEncoder().encode(plain));
  }
  if (bytes.length > MAX_SENT) return { error: `These are ${plural(bytes.length, "byte")}; ${plural(MAX_SENT, "byte")} may be sent.` };
  if (pauses.length > MAX_PAUSES) return { error: `These are ${plural(pauses.length, "pause")}; ${MAX_PAUSES} may be.` };
  return { bytes, pauses };
}

// The other way round: bytes as they would be written in the box.
export function decode(bytes) {
  return bytes.replace(/\r\n|\\|[^\x20-\x7e]/g, found => found === "\r\n" ? "\n" : escapeByte(found));
}

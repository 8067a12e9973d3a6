// What a request carried, read by its type: the pairs of a form, the parts of a multipart body, JSON with its indents.
//
//   readBody("a=1&b=%C3%BC", "application/x-www-form-urlencoded")    { kind: "form", pairs: [["a", "1"], ["b", "ü"]] }
//   readBody("\0\1", "image/png")                                    { kind: "bytes" }
//
// A body comes from anybody: what is not what its type says is shown as text or as bytes, and what is read is bounded.

import { decodeUtf8 } from "./bytes.js";
import { fieldOf, readHead } from "./message.js";

const MAX_PAIRS = 1000;
const MAX_PARTS = 200;
const MAX_DEPTH = 60; // of JSON: deeper than that, its indents would be all there is

export function readBody(bytes, type = "", isCut = false) {
  const media = type.split(";")[0].trim().toLowerCase();
  const text = asText(bytes, isCut);
  const isJson = /[/+]json$/.test(media) || (media === "text/plain" && /^\s*[[{]/.test(text ?? ""));
  const indented = isJson && text !== null ? indent(text) : null;
  if (indented !== null) return { kind: "json", text: indented };
  if (media === "application/x-www-form-urlencoded" && text !== null) return { kind: "form", ...readForm(bytes) };
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type);
  const parts = media.startsWith("multipart/") && boundary ? readParts(bytes, boundary[1] ?? boundary[2], isCut) : null;
  if (parts?.length > 0) return { kind: "multipart", parts: parts.slice(0, MAX_PARTS), left: Math.max(0, parts.length - MAX_PARTS) };
  return text === null ? { kind: "bytes" } : { kind: "text", text };
}

// Bytes as text, if they are that: UTF-8 without control characters. What was cut may end within a character.
export function asText(bytes, isCut = false) {
  const most = isCut ? 3 : 0;
  for (let less = 0; less <= most; less += 1) {
    const text = decodeUtf8(bytes.slice(0, bytes.length - less));
    if (!text.includes("\ufffd")) return /[\0-\x08\x0b\x0e-\x1f\x7f]/.test(text) ? null : text;
  }
  return null;
}

// JSON with indents. Numbers and names stay as they were written, so it is not made anew from what JSON.parse gives.
export function indent(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0, out = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)) {
    if (token === "}" || token === "]") {
      depth -= 1;
      out = /[[{]$/.test(out) ? out + token : out + line() + token;
      continue;
    }
    if (/[[{]$/.test(out)) out += line();
    out += token === ":" ? ": " : token;
    if (token === ",") out += line();
    if (token === "{" || token === "[") depth += 1;
    if (depth > MAX_DEPTH) return null;
  }
  return out;
}

// Percent-encoding and the plus sign, as forms have them (URL standard, section 5.1).
function unescapeForm(bytes) {
  const plain = bytes.replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  return decodeUtf8(plain);
}

function readForm(bytes) {
  const all = bytes.split("&").filter(Boolean);
  const pairs = all.slice(0, MAX_PAIRS).map(pair => {
    const at = pair.indexOf("=");
    return at < 0 ? [unescapeForm(pair), ""] : [unescapeForm(pair.slice(0, at)), unescapeForm(pair.slice(at + 1))];
  });
  return { pairs, left: all.length - pairs.length };
}

// The parts of a multipart body (RFC 2046 section 5.1.1): each has fields and bytes of its own.
function readParts(bytes, boundary, isCut) {
  const mark = `\r\n--${boundary}`;
  // The last piece is what stands behind the closing boundary, or the beginning of a part that was cut.
  const pieces = `\r\n${bytes}`.split(mark).slice(1, MAX_PARTS * 2);
  const parts = [];
  for (const piece of pieces) {
    if (piece.startsWith("--")) break;
    const start = piece.indexOf("\r\n");
    if (start < 0) continue;
    const inside = piece.slice(start + 2);
    const end = inside.startsWith("\r\n") ? 0 : inside.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const { fields } = readHead(`part\r\n${inside.slice(0, end)}\r\n\r\n`);
    const disposition = fieldOf(fields, "content-disposition");
    const parameter = name => {
      const found = new RegExp(`;\\s*${name}="((?:[^"\\\\]|\\\\.)*)"`, "i").exec(disposition)?.[1];
      return found === undefined ? null : decodeUtf8(found.replace(/%22/g, "\""));
    };
    const content = inside.slice(end + (end === 0 ? 2 : 4));
    const isLast = isCut && piece === pieces.at(-1);
    const inner = fieldOf(fields, "content-type");
    // Parts within parts are not taken apart.
    const read = readBody(content, inner.startsWith("multipart/") ? "" : inner, isLast);
    parts.push({ name: parameter("name"), file: parameter("filename"), type: inner, bytes: content, body: read });
  }
  return parts;
}

// Bytes as numbers, sixteen a line, with the letters among them at its end.
export function hexLines(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.slice(at, at + 16);
    const numbers = Array.from(row, byte => byte.charCodeAt(0).toString(16).padStart(2, "0"));
    const halves = `${numbers.slice(0, 8).join(" ").padEnd(23)}  ${numbers.slice(8).join(" ").padEnd(23)}`;
    lines.push(`${at.toString(16).padStart(5, "0")}  ${halves}  ${row.replace(/[^\x20-\x7e]/g, "·")}`);
  }
  return lines.join("\n");
}

// The bytes of a body in one chunk, as a request whose length nobody knew has them (RFC 9112 section 7.1).
export const asChunks = bytes => bytes === "" ? "0\r\n\r\n" : `${bytes.length.toString(16)}\r\n${bytes}\r\n0\r\n\r\n`;

// Bytes as a reader can tell them. A byte string is a string in which each character is one byte.

import { element } from "./dom.js";

export const toUtf8 = (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");

const escapeByte = (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;

// A line of a head in which every byte can be told: those that are no visible ASCII as \xNN.
export const visible = (line) => line.replace(/[^\x20-\x7e]/g, escapeByte);

// Printable runs, a well-formed UTF-8 sequence, and any other byte alone.
const RUNS = new RegExp([
  "[\\x20-\\x5b\\x5d-\\x7e]+", "(?:[\\xc2-\\xdf][\\x80-\\xbf]", "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
  "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}", "\\xed[\\x80-\\x9f][\\x80-\\xbf]", "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
  "[\\xf1-\\xf3][\\x80-\\xbf]{3}", "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2})", "[^]",
].join("|"), "g");

const fromUtf8 = (bytes) => new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));

// Whether each character is visible and does not change how others are shown, as U+202E does.
const isPlain = (text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

const escapeOne = (byte) => ({ "\r": "\\r", "\n": "\\n", "\0": "\\0", "\\": "\\\\" })[byte] ?? escapeByte(byte);

// Bytes in the notation of the transcripts, with text of other languages as text.
export function notation(bytes) {
  return bytes.replace(RUNS, (run) => {
    if (/^[\x20-\x5b\x5d-\x7e]+$/.test(run)) return run;
    const text = run > "\x7f" ? fromUtf8(run) : "\ufffd";
    return isPlain(text) && !text.includes("\ufffd") ? text : Array.from(run, escapeOne).join("");
  });
}

// The signs for a line's end, which style.css draws: CR LF, or LF alone.
export const CR_LF = () => element("i", "", "\u240d\u240a");
export const LF = () => element("i", "lf", "\u240a");

// Bytes. A byte string is a string in which each character is one byte.

// Printable runs, line ends, a well-formed UTF-8 sequence, and any other byte alone.
export const RUNS = new RegExp([
  "[\\x20-\\x5b\\x5d-\\x7e]+", "\\r\\n", "(?:[\\xc2-\\xdf][\\x80-\\xbf]", "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
  "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}", "\\xed[\\x80-\\x9f][\\x80-\\xbf]", "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
  "[\\xf1-\\xf3][\\x80-\\xbf]{3}", "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2})", "[^]",
].join("|"), "g");

export const toArray = bytes => Uint8Array.from(bytes, character => character.charCodeAt(0));
export const fromArray = array => Array.from(array, byte => String.fromCharCode(byte)).join("");
export const decodeUtf8 = bytes => new TextDecoder().decode(toArray(bytes));

// One byte in the notation of the composer.
export function escapeByte(byte) {
  const short = { "\r": "\\r", "\n": "\\n", "\0": "\\0", "\\": "\\\\" }[byte];
  return short ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

// Whether each character is visible and does not change how others are shown, as U+202E does.
export const isPlain = text => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);

// A byte string as one line of text.
export function printable(bytes) {
  return bytes.replace(RUNS, run => {
    if (run === "\\" || /^[\x20-\x7e]+$/.test(run)) return run;
    const text = decodeUtf8(run);
    return run > "\x7f" && isPlain(text) && !text.includes("\ufffd") ? text : Array.from(run, escapeByte).join("");
  });
}

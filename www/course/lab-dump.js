// Each byte, with its number: eight in a row, which is as many as a telephone has room for.
//
//   0000  47 45 54 20 2f 68 65 6c  GET /hel

import { words } from "./lab-words.js";

const IN_A_ROW = 8;
const MOST = 4096;

export function dumpOf(bytes) {
  const rows = [];
  for (let at = 0; at < Math.min(bytes.length, MOST); at += IN_A_ROW) {
    const part = Array.from(bytes.slice(at, at + IN_A_ROW));
    const hex = part.map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) => (byte >= " " && byte <= "~" ? byte : "·")).join("");
    rows.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(3 * IN_A_ROW - 1)}  ${text}`);
  }
  if (bytes.length > MOST) rows.push(words.moreBytes(bytes.length - MOST));
  return rows.join("\n");
}

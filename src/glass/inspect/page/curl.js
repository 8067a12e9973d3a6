// An exchange as a command that sends the same request again:
//
//   curl 'http://localhost:8080/api' \
//     -H 'Accept: */*' \
//     --data-binary '{"name":"Ada"}'
//
// Fields go along as they were, but those that are about the connection alone (RFC 9110 section 7.6.1): curl has its
// own. What curl would add is taken away. The text is pasted into a shell, so quoting leaves nothing to it: no control
// character is in it as such.

import { RUNS, printable } from "./bytes.js";
import { fieldOf, readHead } from "./message.js";

const CONNECTION_FIELDS = ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.([01])$/;

// A command, or null if curl could not send this.
export function curlOf({ request, requestBody = "", coding }, origin) {
  const { line, fields } = readHead(request);
  const [, method, target, minor] = LINE.exec(line) ?? [];
  if (!method || fields.some(([name]) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) || target.includes("\0")) return null;
  const hasBody = requestBody !== "" || fieldOf(fields, "content-length") !== "" && method !== "GET";
  if (hasBody && method === "HEAD") return null;
  const words = [`curl ${quote(origin + (isPlainTarget(target) ? target : "/"))}`];
  if (!isPlainTarget(target)) words.push(`--request-target ${quote(target)}`);
  if (/[[\]{}]/.test(target)) words.push("--globoff");
  if (/\/\.\.?(?:[/?]|$)/.test(target)) words.push("--path-as-is");
  if (minor === "0") words.push("--http1.0");
  if (method === "HEAD") words.push("--head");
  else if (method !== (hasBody ? "POST" : "GET")) words.push(`-X ${quote(method)}`);
  words.push(...fieldWords(fields, origin, hasBody));
  if (coding) words.push("--compressed");
  const { before, word } = hasBody ? bodyWord(requestBody) : { before: "", word: null };
  if (word) words.push(word);
  return before + words.join(" \\\n  ");
}

const isPlainTarget = target => /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]{}|^`"<>]*$/.test(target);

function fieldWords(fields, origin, hasBody) {
  const named = fieldOf(fields, "connection").toLowerCase().split(/\s*,\s*/);
  const host = new URL(origin).host;
  const words = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (CONNECTION_FIELDS.includes(lower) || named.includes(lower) || (lower === "host" && value === host)) continue;
    words.push(`-H ${quote(value === "" ? `${name};` : `${name}: ${value}`)}`);
  }
  // Chunks stay chunks: curl sends a body so if it is told.
  if (hasBody && /chunked/i.test(fieldOf(fields, "transfer-encoding"))) words.push("-H 'Transfer-Encoding: chunked'");
  const has = name => fields.some(([known]) => known.toLowerCase() === name);
  for (const name of ["Host", "User-Agent", "Accept", ...hasBody ? ["Content-Type"] : []]) {
    if (!has(name.toLowerCase())) words.push(`-H '${name}:'`);
  }
  return words;
}

// A word of the shell can have no NUL, and with an @ curl would take a body for the name of a file: then printf writes
// it, and curl reads that.
function bodyWord(bytes) {
  if (!bytes.includes("\0") && !bytes.startsWith("@")) return { before: "", word: `--data-binary ${quote(bytes)}` };
  const text = bytes.replace(/[^A-Za-z0-9 .,:;/=&{}()<>@_-]/g, byte => `\\${octal(byte)}`);
  // What begins with a minus is no option if its first byte is written as a number.
  return { before: `printf '${text.replace(/^-/, "\\055")}' | `, word: "--data-binary @-" };
}

const octal = byte => byte.charCodeAt(0).toString(8).padStart(3, "0");

// One word of a POSIX shell (2024, section 2.2): 'text', or $'..' with escapes for what is not plain text.
export function quote(bytes) {
  const isEscaped = (run, text) => text !== run && text.startsWith("\\");
  const runs = [...bytes.matchAll(RUNS)].map(([run]) => [run, run === "\\" ? run : printable(run)]);
  if (!runs.some(([run, text]) => isEscaped(run, text))) return `'${runs.map(([, text]) => text).join("").replaceAll("'", "'\\''")}'`;
  const inside = ([run, text]) => {
    if (isEscaped(run, text)) return Array.from(run, byte => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[byte] ?? `\\${octal(byte)}`).join("");
    return text.replace(/[\\'!]/g, found => `\\${octal(found)}`);
  };
  return `$'${runs.map(inside).join("")}'`;
}

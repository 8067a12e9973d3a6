// A message is split into its parts: "GET / HTTP/1.1" is a request line of a method, a target and a version.

// Splits a byte string into lines, each with its line end.
function nextLine(bytes, at) {
  const feed = bytes.indexOf("\n", at);
  const stop = feed < 0 ? bytes.length : feed + 1;
  const line = bytes.slice(at, stop);
  const end = line.endsWith("\r\n") ? "\r\n" : line.endsWith("\n") ? "\n" : "";
  return { text: line.slice(0, line.length - end.length), end, stop };
}

// The pieces of a first line or of a field: pairs of a class and bytes.
function splitRequestLine(text) {
  const first = text.indexOf(" "), last = text.lastIndexOf(" ");
  if (first < 0 || first === last) return [["odd", text]];
  return [["method", text.slice(0, first)], ["", " "], ["target", text.slice(first + 1, last)], ["", " "],
    ["version", text.slice(last + 1)]];
}

function splitStatusLine(text) {
  const [, version, code, phrase] = /^(\S+) (\d{3})(.*)$/s.exec(text) ?? [];
  if (!version) return [["odd", text]];
  return [["version", version], ["", " "], ["status-code", code], ["phrase", phrase]];
}

function splitField(text) {
  const colon = text.indexOf(":");
  if (colon < 0) return [["odd", text]];
  return [["field-name", text.slice(0, colon)], ["", text.slice(colon)]];
}

// Reads one message: its parts in order, and where it ends. `kind` is "request" or "response";
// `method` is that of the request, which decides whether a response has a body.
export function readMessage(bytes, start, kind, method) {
  const parts = [];
  const fields = new Map();
  let at = start, first = null, hasBlankLine = false;
  while (at < bytes.length && !hasBlankLine) {
    const { text, end, stop } = nextLine(bytes, at);
    at = stop;
    if (text === "" && end !== "") {
      // Before a request, an empty line may be left over from the one before.
      if (first !== null) hasBlankLine = true;
      parts.push({ name: first === null ? "empty line" : "blank line", pieces: [], end });
    } else if (first === null) {
      first = text;
      const pieces = kind === "request" ? splitRequestLine(text) : splitStatusLine(text);
      parts.push({ name: kind === "request" ? "request line" : "status line", pieces, end });
    } else {
      const pieces = splitField(text);
      if (pieces.length === 2) fields.set(pieces[0][1].toLowerCase(), pieces[1][1].slice(1).trim());
      parts.push({ name: "field", pieces, end });
    }
  }
  const status = kind === "response" ? Number(/^\S+ (\d{3})/.exec(first ?? "")?.[1] ?? 0) : 0;
  const message = { parts, stop: at, method: first?.split(" ")[0] ?? "", status, hasBlankLine };
  if (!hasBlankLine) return message;
  const isBodiless = kind === "response" && (method === "HEAD" || status < 200 || status === 204 || status === 304);
  if (isBodiless) return message;
  if (/chunked/i.test(fields.get("transfer-encoding") ?? "")) {
    message.stop = readChunks(bytes, at, parts);
  } else {
    const length = fields.get("content-length");
    const rest = bytes.length - at;
    const count = /^\d+$/.test(length ?? "") ? Math.min(Number(length), rest) : kind === "response" ? rest : 0;
    if (count > 0) parts.push({ name: "body", pieces: [["body-text", bytes.slice(at, at + count)]], end: "" });
    message.stop = at + count;
  }
  return message;
}

function readChunks(bytes, start, parts) {
  let at = start;
  while (at < bytes.length) {
    const line = nextLine(bytes, at);
    const length = parseInt(line.text, 16);
    parts.push({ name: length === 0 ? "last chunk" : "chunk size", pieces: [["chunk-size", line.text]], end: line.end });
    at = line.stop;
    if (!(length > 0)) break;
    const rest = nextLine(bytes, Math.min(at + length, bytes.length));
    parts.push({ name: "chunk", pieces: [["body-text", bytes.slice(at, at + length)]], end: "" });
    if (rest.stop > at + length) parts.push({ name: "its end", pieces: rest.text ? [["odd", rest.text]] : [], end: rest.end });
    at = rest.stop;
  }
  while (at < bytes.length) {
    const { text, end, stop } = nextLine(bytes, at);
    parts.push({ name: text ? "trailer field" : "blank line", pieces: text ? splitField(text) : [], end });
    at = stop;
    if (!text) break;
  }
  return at;
}

// Splits bytes into the messages that follow one another in them.
export function readMessages(bytes, kind, methods = []) {
  const messages = [];
  let at = 0;
  while (at < bytes.length) {
    const method = methods[messages.filter(message => message.status >= 200 || kind === "request").length];
    const message = readMessage(bytes, at, kind, method);
    messages.push(message);
    if (message.stop <= at || !message.hasBlankLine) break;
    at = message.stop;
  }
  return messages;
}

// The head of a message: its first line, and its fields as pairs of a name and a value.
export function readHead(bytes) {
  const { parts } = readMessage(bytes, 0, "request");
  const line = parts.find(part => part.name === "request line");
  const fields = parts.filter(part => part.name === "field" && part.pieces.length === 2)
    .map(({ pieces }) => [pieces[0][1], pieces[1][1].slice(1).trim()]);
  return { line: line ? line.pieces.map(([, text]) => text).join("") : "", fields };
}

// The value of a field, or an empty text.
export function fieldOf(fields, name) {
  return fields.find(([known]) => known.toLowerCase() === name)?.[1] ?? "";
}

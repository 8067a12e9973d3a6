// The answer that came beside the one that was recorded. Some values differ from run to run or from machine to machine;
// they are called alike, and named.
//
//   compare("HTTP/1.1 200 OK\r\nDate: Sun, ...", "HTTP/1.1 200 OK\r\nDate: Mon, ...", true)
//     { rows: [{ line: "HTTP/1.1 200 OK\r\n", is: "same" }, { line: "Date: Sun, ...\r\n", is: "same" }], but: ["date"] }

const A_DATE = /(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT/;

// Lines in which a value may differ, what it is, and how they read without it.
const MAY_DIFFER = [
  ["date", /^(Date|Expires): /i, A_DATE],
  ["modified", /^Last-Modified: /i, A_DATE],
  ["tag", /^ETag: /i, /"[^"]*"/],
];

/** The lines of a byte string, each with its end. */
export const linesOf = (bytes) => bytes.match(/[^\n]*\n|[^\n]+$/g) ?? [];

// The lines with what may differ taken out: [{ plain, line, kind }].
function plainLines(bytes) {
  const boundaries = [...bytes.matchAll(/^Content-Type: multipart\/[^\r\n]*boundary="?([^"\s;]+)"?/gim)].map((found) => found[1]);
  return linesOf(bytes).map((line) => {
    const boundary = boundaries.find((one) => line.includes(one) && /^(--|Content-Type: )/i.test(line));
    if (boundary) return { line, kind: "boundary", plain: line.replace(boundary, "{boundary}") };
    for (const [kind, field, value] of MAY_DIFFER) {
      if (field.test(line) && value.test(line)) return { line, kind, plain: line.replace(value, `{${kind}}`) };
    }
    return { line, kind: null, plain: line };
  });
}

// How many lines of both, from each place on, are the same and in the same order: a table for `compare`.
function longestCommon(a, b) {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i][j] = a[i].plain === b[j].plain ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}

const MOST_LINES = 1000; // that are compared one by one

/**
 * Each line of both: "same", "came" alone, or in the "book" alone; and which values were alike only.
 *
 * @param {boolean} isWhole whether the record ends where the answer ended; else it may go on
 */
export function compare(came, recorded, isWhole) {
  let a = plainLines(came);
  const b = plainLines(recorded);
  const but = new Set();
  const rows = [];
  let i = 0;
  let j = 0;
  const same = () => {
    if (a[i].line !== b[j].line) but.add(a[i].kind);
    rows.push({ line: a[i].line, is: "same" });
    i += 1;
    j += 1;
  };
  while (i < a.length && j < b.length && a[i].plain === b[j].plain) same();
  const isAlike = j === b.length && (i === a.length || !isWhole);
  if (!isAlike && a.length - i <= MOST_LINES && b.length - j <= MOST_LINES) {
    const [restA, restB, fromA, fromB] = [a.slice(i), b.slice(j), i, j];
    const table = longestCommon(restA, restB);
    while (i < a.length && j < b.length) {
      if (a[i].plain === b[j].plain) same();
      else if (table[i - fromA + 1][j - fromB] > table[i - fromA][j - fromB + 1]) rows.push({ line: a[i++].line, is: "came" });
      else rows.push({ line: b[j++].line, is: "book" });
    }
  }
  for (; j < b.length; j += 1) rows.push({ line: b[j].line, is: "book" });
  for (; i < a.length; i += 1) rows.push({ line: a[i].line, is: isAlike ? "more" : "came" });
  return { rows, but: [...but], isAlike };
}

// Two exchanges, side by side: what is alike stands in one row, and what differs is marked.
//
//   sideBySide(["a", "b"], ["b", "c"], x => x)    [["a", null], ["b", "b"], [null, "c"]]

import { readHead } from "./message.js";

// Brings two lists together so that as many as possible with the same key stand beside each other: the longest common
// subsequence of their keys, which is well known from comparing files.
export function sideBySide(left, right, keyOf) {
  const [a, b] = [left.map(keyOf), right.map(keyOf)];
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const pairs = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) pairs.push([left[i++], right[j++]]);
    else if (j === b.length || i < a.length && common[i + 1][j] >= common[i][j + 1]) pairs.push([left[i++], null]);
    else pairs.push([null, right[j++]]);
  }
  return pairs;
}

const row = (name, left, right) => ({ name, left, right, differs: left !== right });

// Fields have no order among themselves: those of one name stand beside each other, the first beside the first.
function fieldRows(left, right) {
  const rest = [...right];
  const rows = left.map(([name, value]) => {
    const at = rest.findIndex(([other]) => other.toLowerCase() === name.toLowerCase());
    return row(name, value, at < 0 ? null : rest.splice(at, 1)[0][1]);
  });
  return [...rows, ...rest.map(([name, value]) => row(name, null, value))];
}

const bodyOf = bytes => bytes ? `${bytes.length} bytes: ${bytes.slice(0, 300)}` : null;

// The rows of a comparison, in groups. Values are byte strings, or null on the side where there is none.
export function compare(a, b) {
  const [requests, responses] = ["request", "response"].map(kind => [a, b].map(story => readHead(story[kind] ?? "")));
  const both = (name, get) => row(name, get(a), get(b));
  const stepText = step => step && step.text;
  const groups = [
    ["The request", [
      row("request line", requests[0].line, requests[1].line), ...fieldRows(requests[0].fields, requests[1].fields),
      both("body", story => bodyOf(story.requestBody)),
    ]],
    ["What was decided, and why", sideBySide(a.steps, b.steps, step => step.name)
      .map(([left, right]) => row((left ?? right).name, stepText(left), stepText(right)))],
    ["The response", [
      both("status", story => `${story.status} ${story.phrase}`), ...fieldRows(responses[0].fields, responses[1].fields),
      both("bytes of body", story => String(story.sent)),
    ]],
  ];
  return groups.map(([title, rows]) => ({ title, rows: rows.filter(({ left, right }) => left !== null || right !== null) }));
}

// The exchange before this one that asked for the same.
export function sameBefore(exchanges, { id, method, target, client }) {
  return exchanges.findLast(each => each.id < id && each.method === method && each.target === target && each.client === client);
}

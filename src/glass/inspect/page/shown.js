// Which exchanges are shown: those that pass the filter.

export const filter = { words: [], classes: new Set(["2", "3", "4", "5"]) };

export function isShown(exchange) {
  const code = String(exchange.status);
  // 1xx has no button: it is not a final response.
  if ("2345".includes(code[0]) && !filter.classes.has(code[0])) return false;
  if (filter.words.length === 0) return true;
  const text = `${exchange.method} ${exchange.target} ${code} ${exchange.phrase ?? ""}`.toLowerCase();
  return filter.words.every(word => text.includes(word));
}

export const isFiltering = () => filter.words.length > 0 || filter.classes.size < 4;

// Numbers for people: 1234 microseconds are "1.23 ms", 1234 bytes are "1.2 kB", and the 22nd request is one.

// A time in microseconds, for people.
export function duration(microseconds) {
  const [value, unit] = microseconds < 1e3 ? [microseconds, "µs"]
    : microseconds < 1e6 ? [microseconds / 1e3, "ms"]
    : microseconds < 60e6 ? [microseconds / 1e6, "s"]
    : microseconds < 3600e6 ? [microseconds / 60e6, "min"] : [microseconds / 3600e6, "h"];
  const digits = unit === "µs" || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

// A number of bytes, for people.
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

export const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

export const statusClass = status => `s${Math.floor(status / 100)}`;

export const ordinal = number => {
  const tens = number % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : ["th", "st", "nd", "rd"][number % 10] ?? "th";
  return `${number}${ending}`;
};

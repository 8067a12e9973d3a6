// Shows a folder of very many entries. A browser takes longer than anybody waits to make ten thousand rows, so the page
// has the first as a table, and all others in tables within <noscript>: a browser without scripts shows them, and one
// with scripts takes them as text and makes nothing of it. Here that text becomes entries, and of these only the rows
// near to what is in sight are in the table, with an empty row above and below that is as high as all others would be.
//
//   <noscript><table>        entries: [Line, Line, ...]          table:  empty, as high as 4,000 rows
//   <tr><td><a ...>...   ──▶   of them glass.shown        ──▶            some 60 rows
//   <tr><td><a ...>...                                                   empty, as high as 5,940 rows
//   </table></noscript>
//
// The text is markup that the server has written as it has written the rest of the page.
'use strict';
(() => {
  const {main, body, always, entries, isGallery} = glass;
  // How far beyond what is in sight there are rows, in pixels.
  const MARGIN = 600;

  // ---- entries that are text until they are seen

  const template = document.createElement('template');
  const LETTERS = {lt: '<', gt: '>', quot: '"', amp: '&'};
  class Line extends glass.Entry {
    constructor(line) {
      super();
      this.line = line;
    }
    get row() {
      if (!this.made) {
        template.innerHTML = this.line;
        this.take(template.content.firstElementChild);
        glass.local(this.made);
      }
      return this.made;
    }
    get name() {
      const [, name] = /^<tr><td>(?:<input[^>]*>)?<[^>]*>(?:<img[^>]*>)?([^<]*)/.exec(this.line);
      return name.replace(/&(\w+);/g, (_, letter) => LETTERS[letter]);
    }
    get link() { return /<a[^>]*\shref="([^"]*)"/.exec(this.line)?.[1]; }
  }

  // Takes those parts that have come as a whole.
  const takeParts = isEnd => {
    const before = entries.length;
    for (const part of main.querySelectorAll(':scope > noscript')) {
      if (!isEnd && !part.nextSibling) break;
      for (const line of part.textContent.split('\n')) if (line.startsWith('<tr>')) entries.push(new Line(line));
      part.remove();
    }
    if (entries.length > before) glass.apply(true);
  };
  // What the filter looks at is made before somebody types, when there is nothing else to do.
  const prepare = at => (window.requestIdleCallback ?? setTimeout)(idle => {
    do {
      for (const entry of entries.slice(at, at + 500)) entry.folded;
      at += 500;
    } while (at < entries.length && idle?.timeRemaining() > 3);
    if (at < entries.length) prepare(at);
  });

  // ---- the rows that are in the table

  const space = () => {
    const row = document.createElement('tr');
    row.className = 'space';
    row.setAttribute('aria-hidden', 'true');
    row.insertCell().colSpan = 3;
    return row;
  };
  const above = space();
  const below = space();
  const setHeight = (row, height) => {
    row.hidden = height <= 0;
    row.firstChild.style.height = `${height}px`;
  };
  // As high as most: as the last that was measured.
  let usual = 40;
  let isPrinting = false;

  // The first entry to be drawn and the one behind the last, and how high all above and below are.
  const range = () => {
    const {shown} = glass;
    const columns = glass.columns();
    // In a gallery the way up is a card among others.
    const shift = isGallery() ? always.length : 0;
    const cells = shown.length + shift;
    let top = shift || !above.isConnected ? body.getBoundingClientRect().top
      : above.hidden ? above.nextElementSibling.getBoundingClientRect().top : above.getBoundingClientRect().top;
    let [first, end, high, low] = [-1, cells, 0, 0];
    for (let cell = 0; cell < cells; cell += columns) {
      const height = (isGallery() ? 0 : shown[cell].height) || usual;
      if (isPrinting || top + height > -MARGIN && top < innerHeight + MARGIN) {
        if (first < 0) first = cell;
        end = cell + columns;
      } else if (first < 0) high += height;
      else low += height;
      top += height;
    }
    // Scrolled to behind all of them, which the filter has just made fewer.
    if (first < 0) [first, high] = [Math.max(0, cells - columns), Math.max(0, high - usual)];
    if (shift && first > 0) high -= usual;
    return [Math.max(0, first - shift), Math.min(end, cells) - shift, high, low];
  };

  const draw = () => {
    if (!above.isConnected) body.replaceChildren(...always, above, below);
    const {shown} = glass;
    const [first, end, high, low] = range();
    const wanted = shown.slice(first, end).map(entry => entry.row);
    const set = new Set(wanted);
    for (const row of [...body.rows].slice(always.length)) {
      if (row === above || row === below || set.has(row)) continue;
      if (row.contains(document.activeElement)) glass.last = row.entry;
      row.remove();
    }
    let next = above.nextSibling;
    wanted.forEach((row, index) => {
      if (row === next) next = row.nextSibling;
      else body.insertBefore(row, next);
      row.ariaRowIndex = first + index + always.length + 2;
    });
    setHeight(above, high);
    setHeight(below, low);
    main.querySelector('table').setAttribute('aria-rowcount', shown.length + always.length + 1);
    return measure(wanted);
  };
  // What was taken to be as high as most may be higher: long names go over several lines. Says whether some was.
  const measure = rows => {
    if (!rows.length) return false;
    const before = usual;
    if (isGallery()) {
      const gap = parseFloat(getComputedStyle(body).rowGap) || 0;
      usual = rows[0].getBoundingClientRect().height + gap;
      return usual !== before;
    }
    const heights = rows.map(row => row.getBoundingClientRect().height);
    usual = Math.min(...heights);
    const isOther = rows.some(({entry}, index) => (entry.height || before) !== heights[index]);
    rows.forEach(({entry}, index) => { entry.height = heights[index]; });
    return isOther;
  };

  // A second time, with what was measured then, if that is not what was expected.
  glass.draw = () => draw() && draw();
  glass.reach = entry => {
    if (!entry.row.isConnected) {
      const cell = glass.shown.indexOf(entry) + (isGallery() ? always.length : 0);
      let top = scrollY + body.getBoundingClientRect().top;
      if (isGallery()) top += Math.floor(cell / glass.columns()) * usual;
      else for (const {height} of glass.shown.slice(0, cell)) top += height || usual;
      scrollTo(0, top - innerHeight / 2);
      draw();
    }
    return entry.row.querySelector('a');
  };
  addEventListener('scroll', draw, {passive: true});
  addEventListener('resize', () => {
    for (const entry of entries) entry.height = 0;
    glass.draw();
  });
  for (const name of ['beforeprint', 'afterprint']) {
    addEventListener(name, () => {
      isPrinting = name === 'beforeprint';
      draw();
    });
  }

  // ---- while the page still comes

  glass.apply(true);
  const parts = new MutationObserver(() => takeParts(false));
  const end = () => {
    parts.disconnect();
    takeParts(true);
    prepare(0);
  };
  takeParts(false);
  if (document.readyState === 'loading') {
    parts.observe(main, {childList: true});
    addEventListener('DOMContentLoaded', end);
  } else end();
})();

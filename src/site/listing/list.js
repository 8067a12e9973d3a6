// The entries of a listing, and those of them that the filter shows; and keys to go through them.
//
//   glass.entries    all: name, link (as it stands in the page), folded (as names are compared), row
//   glass.shown      those that the filter shows, in the order of the page
//   glass.apply      filters anew; glass.draw puts what is shown into the table (many.js has another)
//   glass.reach      the link of an entry, which is in the table then
//   glass.make       an element: its name, its properties, what is in it
//   glass.count      a number as people write it
//   glass.isGallery  whether the rows are shown as cards
'use strict';
(() => {
  const {main, body, filter} = glass;
  const find = selector => document.querySelector(selector);
  const up = find('a.up');
  const always = up ? [up.closest('tr')] : [];

  // ---- the entries, and those of them that the filter shows

  class Entry {
    constructor(row) {
      if (row) this.take(row);
    }
    take(row) {
      this.made = row;
      row.entry = this;
    }
    get row() { return this.made; }
    get name() { return this.made.querySelector('a, span').textContent; }
    get link() { return this.made.querySelector('a')?.getAttribute('href'); }
    get folded() { return this.key ??= fold(this.name); }
  }
  // As people compare names: without regard to case and accents.
  const fold = text => (/^[ -~]*$/.test(text) ? text : text.normalize('NFD').replace(/\p{M}/gu, '')).toLowerCase();
  const entries = [...body.rows].slice(always.length).filter(row => row.cells.length > 2).map(row => new Entry(row));
  let applied = '';

  const make = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const draw = () => body.replaceChildren(...always, ...glass.shown.map(entry => entry.row));
  const none = () =>
    body.append(make('tr', {}, make('td', {className: 'empty', colSpan: 3, textContent: 'No name here has that in it.'})));
  // As toLocaleString writes it, whose first call takes a browser as long as a key may.
  const count = number => String(number).replace(/\B(?=(\d{3})+$)/g, ',');
  const apply = again => {
    const words = fold(filter.value).split(/\s+/).filter(Boolean);
    const text = words.join(' ');
    if (text === applied && again !== true) return;
    applied = text;
    const shown = text ? entries.filter(({folded}) => words.every(word => folded.includes(word))) : entries;
    glass.shown = shown;
    glass.draw();
    if (text && !shown.length) none();
    // Only a folder's name ends in a slash.
    const folders = text ? shown.filter(({folded}) => folded.endsWith('/')).length : 0;
    const ofThem = folders && folders < shown.length ? `, ${count(folders)} of them folders` : '';
    find('#shown').textContent = text && `${count(shown.length)} of ${count(entries.length)} shown${ofThem}`;
    clearTimeout(noting);
    noting = setTimeout(note, 300);
  };
  const clear = () => {
    filter.value = '';
    apply();
  };
  // The filter is in the address, too, so that it can be shared and comes back.
  let noting;
  const note = () => {
    const query = new URLSearchParams(location.search);
    if (filter.value) query.set('q', filter.value); else query.delete('q');
    const address = String(query) && `?${query}`;
    if (address !== location.search) history.replaceState(history.state, '', location.pathname + address + location.hash);
  };
  addEventListener('formdata', event => {
    const isAnother = event.target !== filter.form && event.target.method === 'get';
    if (isAnother && filter.value) event.formData.set('q', filter.value);
  });

  // ---- keys

  // Goes so many entries on from where the focus is, to the next that has a link, and says whether there was one.
  const move = step => {
    const {shown} = glass;
    const row = document.activeElement.closest('tbody tr');
    const entry = row ? row.entry : glass.last;
    const first = up ? -1 : 0;
    let at = row || entry ? shown.indexOf(entry) + step : first;
    for (; at >= first && at < shown.length; at += Math.sign(step)) {
      const link = at < 0 ? up : glass.reach(shown[at]);
      link?.focus();
      if (link) return true;
    }
    return false;
  };
  const isGallery = () => main.classList.contains('gallery');
  const keys = {
    '/': () => {
      filter.focus();
      filter.select();
      return true;
    },
    Escape: () => filter.value && (clear(), true),
    ArrowDown: () => move(glass.columns()),
    ArrowUp: () => move(-glass.columns()),
    ArrowRight: () => isGallery() && move(1),
    ArrowLeft: () => isGallery() && move(-1),
    Backspace: () => up && (up.click(), true),
  };
  Object.assign(keys, {j: keys.ArrowDown, k: keys.ArrowUp, u: keys.Backspace});
  // Picks what has the focus.
  keys.x = event => document.activeElement.closest('tbody tr') && (glass.call('pick', event), true);
  const filterKeys = {
    Escape: () => (filter.value ? clear() : filter.blur(), true),
    ArrowDown: () => move(1),
    Enter: () => filter.value && glass.shown.length && (glass.reach(glass.shown[0])?.click(), true),
  };
  const press = event => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const isElsewhere = event.target !== filter && event.target.closest?.('input, textarea, select, dialog');
    const table = event.target === filter ? filterKeys : keys;
    if (!isElsewhere && Object.hasOwn(table, event.key) && table[event.key](event)) event.preventDefault();
  };
  addEventListener('keydown', event => event.defaultPrevented || press(event));

  // ---- what is there for others

  Object.assign(glass, {
    Entry, entries, always, draw, apply, keys, shown: entries, make, count, isGallery,
    key: event => press(event),
    reach: entry => entry.row.querySelector('a'),
    // How many entries stand side by side.
    columns: () => 1,
  });
  if (entries.length) {
    filter.addEventListener('input', apply);
    // A browser that comes back to a page may have kept what was typed.
    addEventListener('pageshow', apply);
    apply();
  }
})();

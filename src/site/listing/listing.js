// What every listing can do in a browser that runs scripts: filter, keys, local times; and it loads other scripts when
// somebody does what needs them. All of the page works without. Scripts that are loaded use what `glass` offers.
'use strict';
const glass = (() => {
  const {from, version} = document.currentScript.dataset;
  const find = selector => document.querySelector(selector);
  const main = find('main');
  const body = find('tbody');
  const filter = find('#filter');
  const up = find('a.up');
  const always = up ? [up.closest('tr')] : [];

  // ---- scripts on demand

  // On which event, on what, which script is needed; and whether it does what the browser would do else.
  const NEEDED = [
    ['pointerover', 'a.p', 'preview'],
    ['click', '[name=view]', 'gallery', true],
    ['dragenter', 'body', 'upload'],
    ['focusin', '#upload', 'upload'],
  ];
  const loaded = {};
  const load = name => loaded[name] ??= new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = `${from}${name}.js?v=${version}`;
    script.onload = done;
    script.onerror = () => {
      delete loaded[name];
      fail(Error(name));
    };
    document.head.append(script);
  });
  const call = (name, ...values) => load(name).then(() => glass[name]?.(...values));
  const style = text => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  };
  const isPlain = event => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button > 0);
  for (const [type, selector, name, instead] of NEEDED) {
    addEventListener(type, event => {
      const target = event.target.closest?.(selector);
      if (!target || event.defaultPrevented || name === 'upload' && !find('#upload')) return;
      if (!instead) return void call(name, event, target).catch(() => {});
      if (!isPlain(event)) return;
      event.preventDefault();
      // Without the script, as without any.
      call(name, event, target).catch(() => target.form ? target.form.requestSubmit(target) : location.assign(target.href));
    });
  }

  // ---- the entries, and those of them that the filter shows

  class Entry {
    constructor(row) {
      this.row = row;
      row.entry = this;
    }
    get name() { return this.row.firstChild.firstChild.textContent; }
    get folded() { return this.key ??= fold(this.name); }
  }
  // As people compare names: without regard to case and accents.
  const fold = text => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const entries = [...body.rows].slice(always.length).filter(row => row.cells.length > 2).map(row => new Entry(row));
  let shown = entries;
  let applied = '';

  const draw = () => body.replaceChildren(...always, ...shown.map(entry => entry.row));
  const none = () => {
    const row = document.createElement('tr');
    const cell = Object.assign(row.insertCell(), {className: 'empty', colSpan: 3});
    cell.textContent = 'No name here has that in it.';
    body.append(row);
  };
  const count = number => number.toLocaleString('en');
  const apply = again => {
    const words = fold(filter.value).split(/\s+/).filter(Boolean);
    const text = words.join(' ');
    if (text === applied && again !== true) return;
    applied = text;
    shown = text ? entries.filter(({folded}) => words.every(word => folded.includes(word))) : entries;
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
    if (event.target.method === 'get' && filter.value) event.formData.set('q', filter.value);
  });

  // ---- times as the clock on the wall has them

  const two = number => String(number).padStart(2, '0');
  const local = row => {
    const cell = row.cells[2];
    const [day, clock] = cell.textContent.trim().split(' ');
    const date = new Date(`${day}T${clock}Z`);
    if (isNaN(date)) return;
    const time = document.createElement('time');
    time.dateTime = `${day}T${clock}Z`;
    time.title = `${day} ${clock} UTC`;
    time.textContent = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `
      + `${two(date.getHours())}:${two(date.getMinutes())}`;
    cell.replaceChildren(time);
  };
  entries.forEach(entry => local(entry.row));
  const head = find('th:nth-child(3) button');
  head.textContent = head.textContent.replace(' (UTC)', '');

  // ---- keys

  // Goes so many entries on from where the focus is, to the next that has a link, and says whether there was one.
  const move = step => {
    const row = document.activeElement.closest('tbody tr');
    const first = up ? -1 : 0;
    let at = !row ? first : (row.entry ? shown.indexOf(row.entry) : -1) + step;
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
      return !filter.hidden;
    },
    Escape: () => filter.value && (clear(), true),
    ArrowDown: () => move(glass.columns()),
    ArrowUp: () => move(-glass.columns()),
    ArrowRight: () => isGallery() && move(1),
    ArrowLeft: () => isGallery() && move(-1),
    Backspace: () => up && (up.click(), true),
  };
  Object.assign(keys, {j: keys.ArrowDown, k: keys.ArrowUp, u: keys.Backspace});
  const filterKeys = {
    Escape: () => (filter.value ? clear() : filter.blur(), true),
    ArrowDown: () => move(1),
    Enter: () => filter.value && shown.length && (glass.reach(shown[0])?.click(), true),
  };
  addEventListener('keydown', event => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const isElsewhere = event.target !== filter && event.target.closest?.('input, textarea, select, dialog');
    const table = event.target === filter ? filterKeys : keys;
    if (!isElsewhere && Object.hasOwn(table, event.key) && table[event.key]()) event.preventDefault();
  });

  // ---- the start, when all of this is there for others

  setTimeout(() => {
    if (entries.length) {
      filter.hidden = false;
      filter.addEventListener('input', apply);
      filter.value ||= new URLSearchParams(location.search).get('q') ?? '';
      apply();
      // A browser that comes back to a page may have kept what was typed.
      addEventListener('pageshow', apply);
    }
    // A browser may forbid it.
    try {
      if (!location.search.includes('view=') && localStorage['glasshttp-view'] === 'gallery') find('[name=view]:last-child')?.click();
    } catch { /* then not */ }
    if (isGallery()) load('gallery');
  });

  return {
    load, call, style, main, body, always, entries, Entry, local, draw, move, keys, apply,
    get shown() { return shown; },
    // The link of an entry, which is in the table then.
    reach: entry => entry.row.querySelector('a'),
    // How many entries stand side by side.
    columns: () => 1,
  };
})();

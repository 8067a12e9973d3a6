// What every listing has in a browser that runs scripts: local times, and what loads other scripts when somebody does
// what needs them. All of the page works without. What is loaded uses and adds to what `glass` offers.
'use strict';
const glass = (() => {
  const {from, version, many, state} = document.currentScript.dataset;
  const find = selector => document.querySelector(selector);
  const filter = find('#filter');
  const body = find('tbody');

  // ---- scripts on demand

  // On which event, on what, which script is needed; and whether it does what the browser would do else.
  const NEEDED = [
    ['focusin', '#filter', 'list'],
    ['pointerover', 'a.p', 'preview'],
    ['click', '[name=view]', 'gallery', true],
    ['click', '[name=pick]', 'pick', true],
    ['focusin', 'tbody a', 'share'],
    // Pages open as pages.
    ['click', 'tbody a:is(.p,.v,.s,.t,.c,.x):not([href*=".htm"])', 'viewer', true],
    ['dragenter', 'body', 'upload'],
    ['focusin', '#upload', 'upload'],
  ];
  const loaded = {};
  const script = name => new Promise((done, fail) => {
    const made = document.createElement('script');
    made.src = `${from}page/${name}.js?v=${version}`;
    made.onload = done;
    made.onerror = () => {
      delete loaded[name];
      fail(Error(name));
    };
    document.head.append(made);
  });
  // All others need that of the list.
  const load = name => loaded[name] ??= name === 'list' ? script(name) : load('list').then(() => script(name));
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
  // An address that names one of the files to be shown.
  const follow = () => location.hash.startsWith('#view=') && call('viewer').catch(() => {});
  // The first key; `list.js` knows them all.
  addEventListener('keydown', event => {
    const isForUs = isPlain(event) && /^([/jku]|Arrow(Up|Down)|Backspace)$/.test(event.key);
    if (glass.key || !isForUs || event.target.closest?.('input, textarea, select, dialog')) return;
    event.preventDefault();
    if (event.key === '/') filter.focus();
    else load('list').then(() => glass.key(event));
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
  const head = find('th:nth-child(3) button');
  head.textContent = head.textContent.replace(' (UTC)', '');

  for (const row of body.rows) if (row.cells.length > 2) local(row);

  // ---- whether the folder has changed, while somebody looks at the page

  let [known, pause] = [state, 3000];
  const ask = async () => {
    try {
      if (document.hidden) return;
      const depth = from.split('..').length;
      const path = location.pathname.split('/').slice(-depth).join('/');
      const answer = await fetch(`${from}folder/${path}`);
      const now = answer.ok ? await answer.text() : '';
      if (now !== known) call('news', answer.ok);
      [known, pause] = [now, answer.ok ? 3000 : 60000];
    } catch {
      // There is no server at the moment.
      pause = Math.min(2 * pause, 60000);
    } finally {
      setTimeout(ask, pause);
    }
  };
  if (state) setTimeout(ask, pause);

  // ---- the start, when all of this is there for others

  setTimeout(() => {
    const query = new URLSearchParams(location.search);
    filter.placeholder = 'Filter ( / )';
    filter.value ||= query.get('q') ?? '';
    if (filter.value) load('list');
    // If it does not come, all rows are made at once.
    if (many) load('many').catch(() => document.querySelectorAll('main > noscript').forEach(part => { part.outerHTML = part.textContent; }));
    // A browser may forbid it.
    try {
      // What was added before the page was loaded anew is marked.
      if (sessionStorage['glasshttp-added'] && find('#upload')) load('upload');
      if (!query.has('view') && localStorage['glasshttp-view'] === 'gallery') find('[name=view]:last-child')?.click();
    } catch { /* then not */ }
    if (find('main.gallery')) load('gallery');
    if (find('main.picks')) load('pick');
    addEventListener('hashchange', follow);
    follow();
  });

  return {load, call, style, local, isPlain, filter, body, main: find('main')};
})();

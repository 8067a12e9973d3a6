// Lets people add files and folders to a folder from its listing. Each file is sent with PUT, a few at a time, and the
// server makes the folders on its way. `drop.js`, behind it, takes what is dropped or picked. (Without scripts there is
// a form, which does less.)
//
//   waiting ──▶ sending ──▶ added, replaced
//      │           └──────▶ refused ──▶ waiting    once more, under another name, or in place of what is there
//      └──▶ cancelled ◀──┘
//
// What was added is marked when the page has been loaded anew. Names and reasons are text, and never markup.
'use strict';
(() => {
  // How many files are sent at a time: small ones go faster so, and large ones no slower.
  const AT_ONCE = 3;
  const MOST = 10_000;
  // How many lines are shown of those that were refused, and of those that wait.
  const [LINES, NEXT] = [50, 5];
  // From this size on a file is not sent if the page knows something of its name: the server would say so only then.
  const LARGE = 1_000_000;
  const NOTE = 'glasshttp-added';

  const {make, count} = glass;
  const zone = document.getElementById('upload');
  const {most, replaces, asks} = zone.dataset;
  const folder = document.querySelector('table').getAttribute('aria-label').replace('Index of ', '');

  const button = (text, onclick, label) => {
    const made = make('button', {type: 'button', textContent: text, onclick});
    if (label) made.setAttribute('aria-label', label);
    return made;
  };
  const files = number => `${count(number)} ${number === 1 ? 'file' : 'files'}`;
  const bytes = size => {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    let unit = 0;
    for (; size >= 999.5 && unit < 4; unit += 1) size /= 1000;
    return `${unit && size < 9.95 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
  };
  const time = seconds => seconds < 60 ? `${Math.ceil(seconds)} s`
    : seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.round(seconds % 3600 / 60)} min`;
  const address = path => './' + path.split('/').map(encodeURIComponent).join('/');
  // (The server does the same with forms.)
  const numbered = (path, number) => {
    const start = path.lastIndexOf('/') + 1;
    const dot = path.lastIndexOf('.') > start ? path.lastIndexOf('.') : path.length;
    return number < 2 ? path : `${path.slice(0, dot)} (${number})${path.slice(dot)}`;
  };

  // ---- what is to be sent

  let items = [];
  const queue = [];
  let [running, isLeaving] = [false, false];
  let known;
  // What was left out of what was dropped or picked, and why.
  let left = [];
  const isOpen = item => item.state === 'waiting' || item.state === 'sending';
  const isBad = item => item.state === 'refused' || item.state === 'cancelled';

  const enqueue = list => {
    queue.push(...list.map(item => Object.assign(item, {state: 'waiting', sent: 0, why: '', offers: ''})));
    run();
  };
  const refuse = (item, why, offers = '') => {
    const text = why.charAt(0).toUpperCase() + why.slice(1);
    Object.assign(item, {state: 'refused', why: text, offers});
  };
  const isThere = item => refuse(item, 'a file of that name is there already', replaces === undefined ? 'name' : 'name replace');

  const answered = (item, {status, responseText}) => {
    // "409 Conflict: why", without what only programs read.
    const why = responseText.trim().replace(/^\d+\s[^:]*:\s/, '').slice(0, 300) || 'the server refused it';
    if (status < 300) item.state = status === 201 ? 'added' : 'replaced';
    else if (status === 412) isThere(item);
    else if (status === 409 && why.includes('name')) refuse(item, `${why} (409)`, 'name');
    else refuse(item, `${why} (${status})`, 'again');
  };
  const send = async item => {
    item.state = 'sending';
    if (item.file.size > Number(most)) {
      return refuse(item, `it has ${bytes(item.file.size)}, and a file may have ${bytes(Number(most))} at most here (--max-upload)`);
    }
    known ??= new Set(glass.entries.map(({name}) => name));
    if (item.file.size > LARGE && !item.replace && known.has(item.path)) return isThere(item);
    await new Promise(done => {
      const request = new XMLHttpRequest();
      item.request = request;
      request.open('PUT', address(item.path));
      request.setRequestHeader('Accept', 'text/plain');
      if (!item.replace) request.setRequestHeader('If-None-Match', '*');
      request.upload.onprogress = event => {
        item.sent = event.loaded;
        changed();
      };
      request.onload = () => answered(item, request);
      request.onerror = () => refuse(item, 'it did not get through: the server refused it, or cannot be reached', 'again');
      request.onloadend = done;
      request.send(item.file);
    });
    item.request = null;
    // A server that answers before it has read all may close while we send, and its answer is lost.
    if (item.offers !== 'again' || item.replace || item.file.size <= LARGE || !item.why.startsWith('It did')) return;
    const there = await fetch(address(item.path), {method: 'HEAD'}).catch(() => null);
    if (there?.ok && item.state === 'refused') isThere(item);
  };
  const cancel = item => {
    Object.assign(item, {state: 'cancelled', why: 'Cancelled', offers: 'again'});
    item.request?.abort();
    changed();
  };

  // With --auth-for upload a browser asks for the password when it is refused. It is asked once, and before files are
  // sent in vain: a folder takes no PUT, so nothing comes of this one.
  let knowsPassword = asks === undefined;
  const askForPassword = async () => {
    const response = await fetch('./', {method: 'PUT', headers: {Accept: 'text/plain'}}).catch(() => null);
    knowsPassword = response !== null && response.status !== 401;
    if (knowsPassword) return;
    for (const item of queue.splice(0)) refuse(item, 'a name and a password are needed to add files here', 'again');
  };
  const worker = async () => {
    while (queue.length) {
      const item = queue.shift();
      if (item.state === 'waiting') await send(item);
      changed();
    }
  };
  const run = async () => {
    if (running) return changed();
    running = true;
    say(`Sending ${files(items.filter(isOpen).length)} to ${folder}.`);
    rates = [];
    changed();
    if (!knowsPassword) await askForPassword();
    await Promise.all(Array.from({length: AT_ONCE}, worker));
    running = false;
    end();
  };

  const end = () => {
    const of = state => items.filter(item => item.state === state);
    const [added, replaced, refused, cancelled] = ['added', 'replaced', 'refused', 'cancelled'].map(of);
    const parts = [[added, 'added'], [replaced, 'replaced'], [refused, 'not added'], [cancelled, 'cancelled']];
    const counts = parts.filter(([list]) => list.length).map(([list, word]) => `${count(list.length)} ${word}`);
    const text = [...counts, ...left].join(', ');
    const there = [...added, ...replaced];
    if (there.length) remember(there, text);
    draw();
    // What was added is to be seen; what was refused is to be read first.
    if (there.length && !refused.length && !cancelled.length) return reload();
    say(`${text}.`);
  };
  const reload = () => {
    isLeaving = true;
    location.reload();
  };
  addEventListener('beforeunload', event => {
    if (running && !isLeaving) event.preventDefault();
  });

  // The names that were added in this folder, for the page when it has been loaded anew.
  const remember = (there, text) => {
    const names = [...new Set(there.map(({path}) => path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : path))];
    // A browser may forbid it.
    try { sessionStorage[NOTE] = JSON.stringify({at: location.pathname, text, names}); } catch { /* then not */ }
  };
  const mark = () => {
    let note = null;
    try {
      note = JSON.parse(sessionStorage[NOTE] ?? 'null');
      delete sessionStorage[NOTE];
    } catch { /* there is none */ }
    if (note?.at !== location.pathname) return;
    say(`${note.text}.`);
    // Of very many, most become entries with a script of their own.
    const all = document.querySelector('main > noscript') ? glass.load('many').catch(() => {}) : Promise.resolve();
    all.then(() => {
      const names = new Set(note.names);
      const isNew = glass.entries.filter(entry => names.has(entry.name));
      isNew.forEach(entry => entry.row.classList.add('new'));
      if (isNew.length) glass.reach(isNew[0])?.scrollIntoView({block: 'nearest'});
    });
  };

  // ---- what is shown of it

  const status = make('p', {className: 'said'});
  status.setAttribute('role', 'status');
  const say = text => { status.textContent = text; };
  const sum = make('p', {className: 'sum'});
  const bar = make('progress');
  bar.setAttribute('aria-label', 'All files');
  const all = {
    cancel: button('Cancel all', () => items.filter(isOpen).forEach(cancel)),
    again: button('Try all again', () => enqueue(items.filter(item => isBad(item) && item.offers.includes('again')))),
    replace: button('Replace all', () => again(items.filter(item => item.offers?.includes('replace')), {replace: true})),
    show: button('Show the folder as it is now', reload),
  };
  const buttons = make('p', {className: 'all'}, ...Object.values(all));
  const list = make('ul');
  const more = make('li', {className: 'more'});
  const again = (some, how) => enqueue(some.map(item => Object.assign(item, how)));

  const line = item => {
    const key = `${item.state} ${item.path} ${item.why}`;
    item.line ??= make('li');
    if (item.key !== key) {
      item.key = key;
      item.line.className = item.state;
      item.bar = item.state === 'sending' ? make('progress', {max: item.file.size || 1, value: 0}) : null;
      item.bar?.setAttribute('aria-label', item.path);
      item.words = make('span', {textContent: item.why || item.state});
      const offers = [];
      if (isOpen(item)) offers.push(button('Cancel', () => cancel(item), `Cancel ${item.path}`));
      if (item.offers?.includes('name')) {
        const number = (item.number ?? 1) + 1;
        const name = numbered(item.first, number);
        offers.push(button(`Send as “${name.slice(name.lastIndexOf('/') + 1)}”`, () => again([item], {path: name, number})));
      }
      if (item.offers?.includes('replace')) offers.push(button('Replace it', () => again([item], {replace: true}), `Replace ${item.path}`));
      if (item.offers?.includes('again')) offers.push(button('Try again', () => enqueue([item]), `Try ${item.path} again`));
      item.line.replaceChildren(make('bdi', {textContent: item.path}), ' ', ...(item.bar ? [item.bar, ' '] : []), item.words, ...offers);
    }
    if (item.bar) {
      item.bar.value = item.sent;
      item.words.textContent = `${Math.floor(100 * Math.min(1, item.sent / (item.file.size || 1)))} %`;
    }
    return item.line;
  };

  // How fast it was in the last seconds.
  let rates = [];
  const speed = sent => {
    const now = performance.now();
    rates.push([now, sent]);
    while (rates.length > 2 && now - rates[0][0] > 5000) rates.shift();
    const [[from, before]] = rates;
    return now - from > 400 ? Math.max(0, sent - before) / (now - from) * 1000 : 0;
  };

  const draw = () => {
    const open = items.filter(isOpen);
    const bad = items.filter(isBad);
    const sending = open.filter(({state}) => state === 'sending');
    const waiting = open.filter(({state}) => state === 'waiting');
    // What is refused or cancelled needs no more time.
    const counted = items.filter(item => !isBad(item));
    const whole = counted.reduce((sum, {file}) => sum + file.size, 0);
    const sent = counted.reduce((sum, item) => sum + (isOpen(item) ? Math.min(item.sent, item.file.size) : item.file.size), 0);
    bar.max = whole || 1;
    bar.value = sent;
    const rate = speed(sent);
    const rest = rate ? ` · ${bytes(rate)}/s · ${time((whole - sent) / rate)} left` : '';
    sum.textContent = `${count(counted.length - open.length)} of ${files(counted.length)} · ${bytes(sent)} of ${bytes(whole)}${rest}`;
    sum.hidden = bar.hidden = all.cancel.hidden = !open.length;
    all.again.hidden = open.length > 0 || bad.filter(item => item.offers.includes('again')).length < 2;
    all.replace.hidden = bad.filter(item => item.offers.includes('replace')).length < 2;
    all.show.hidden = running || !items.some(({state}) => state === 'added' || state === 'replaced');
    const shown = [...bad.slice(0, LINES), ...sending, ...waiting.slice(0, NEXT)].map(line);
    const hidden = [[bad.length - LINES, 'more were not added'], [waiting.length - NEXT, 'more are waiting']];
    more.textContent = hidden.filter(([number]) => number > 0).map(([number, text]) => `${count(number)} ${text}`).join('; ');
    if (more.textContent) shown.push(more);
    if (shown.length === list.children.length && shown.every((one, at) => one === list.children[at])) return;
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...shown);
    // Whoever has pressed a button of a line that is gone goes on from what stands above it.
    if (focused && !list.contains(document.activeElement)) (Object.values(all).find(one => !one.hidden) ?? zone.querySelector('input')).focus();
  };
  let due = 0;
  const changed = () => { due ||= setTimeout(() => { due = 0; draw(); }, 100); };

  // ---- what comes to it

  const take = (found, without = []) => {
    // A new selection: what is over is over, but for what may be tried again.
    if (!running) [items, left] = [items.filter(isBad), []];
    left.push(...without);
    const used = new Set(items.map(({path}) => path));
    const taken = found.slice(0, MOST).map(({file, path}) => {
      // Phones give the same name to all that is chosen at once: the second is no new version of the first.
      let number = 1;
      while (used.has(numbered(path, number))) number += 1;
      used.add(numbered(path, number));
      return {file, path: numbered(path, number), first: path, number};
    });
    if (found.length > MOST) left.push(`only the first ${count(MOST)} files are taken`);
    items.push(...taken);
    if (taken.length) enqueue(taken);
    else say(`Nothing is sent: ${left.join(', ') || 'there are no files in it'}.`);
  };

  zone.append(status, sum, bar, buttons, list);
  glass.uploads = {zone, files, folder, take, MOST};
  draw();
  mark();
})();

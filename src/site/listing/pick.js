// Boxes to pick several entries with, and a bar that downloads them as one archive.
//
// What is picked is known of the entry, not of its row: of very many entries only some have one. Shift takes all from
// the last to this; the key x picks what has the focus.
'use strict';
(() => {
  const {main, body, entries, make, count} = glass;
  const tools = document.querySelector('.tools');
  // How long a target may be. The server takes a head of 32 kB; what is longer goes as the body of a form.
  const LONGEST = 20000;
  const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

  // Of an entry of a long list, without making its row.
  const sizeOf = entry => {
    const text = entry.made ? entry.made.cells[1].textContent : /<td>([\d.]+\s\w+)<td>/.exec(entry.line)?.[1] ?? '';
    const [amount, unit] = text.split(' ');
    return unit ? amount * 1000 ** UNITS.indexOf(unit) : 0;
  };
  const shownSize = bytes => {
    const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
    return `${(bytes / 1000 ** step).toFixed(step ? 1 : 0)} ${UNITS[step]}`;
  };

  // ---- the bar

  const button = (text, onclick) => make('button', {type: 'button', textContent: text, onclick});
  const words = make('span', {role: 'status'});
  const zip = button('Download as zip', () => download('zip'));
  const tar = button('as tar.gz', () => download('tar.gz'));
  // What there is for one alone: its address, and that as a QR code.
  const address = () => new URL(picked()[0].link, location.href).href;
  const copy = button('Copy link', () => glass.load('share').then(() => glass.copy(address())).then(said => { words.textContent = said; }));
  const code = button('QR code', () => location.assign(`${address()}?qr`));
  const bar = make('form', {id: 'pick'}, words, zip, tar, copy, code,
    button('Pick all shown', () => set(glass.shown, true)), button('Pick none', () => set(entries, false)),
    button('Done', () => leave()));

  const picked = () => entries.filter(entry => entry.isPicked);
  const tell = () => {
    const all = picked();
    const folders = all.filter(entry => entry.link.endsWith('/')).length;
    const files = all.length - folders;
    const parts = [];
    if (files || !folders) parts.push(shownSize(all.reduce((sum, entry) => sum + sizeOf(entry), 0)));
    if (folders) parts.push(folders === 1 ? '1 folder' : `${folders} folders`);
    words.textContent = all.length ? `${count(all.length)} picked, ${parts.join(' and ')}: ` : 'Nothing is picked yet. ';
    zip.disabled = tar.disabled = !all.length;
    copy.hidden = code.hidden = all.length !== 1;
  };

  const download = format => {
    const links = picked().map(entry => entry.link);
    const names = links.map(link => `&name=${link.replace(/^\.\//, '').replace(/\/$/, '')}`).join('');
    if (names.length < LONGEST) return void location.assign(`?archive=${format}${names}`);
    const form = make('form', {method: 'post', action: `?archive=${format}`, hidden: true},
      ...links.map(value => make('input', {type: 'hidden', name: 'href', value})));
    document.body.append(form);
    form.submit();
    form.remove();
  };

  // ---- the boxes

  const isOn = () => main.classList.contains('picks');
  const show = row => {
    const {entry} = row;
    if (!entry || !row.querySelector('a')) return;
    let box = row.querySelector('input');
    if (!isOn()) return void box?.remove();
    if (!box) {
      box = make('input', {type: 'checkbox'});
      box.setAttribute('aria-label', `Pick ${entry.name}`);
      row.cells[0].prepend(box);
    }
    box.checked = Boolean(entry.isPicked);
    row.classList.toggle('picked', box.checked);
  };
  const showAll = () => {
    for (const row of body.rows) show(row);
    tell();
  };
  const set = (some, isPicked) => {
    for (const entry of some) if (entry.link) entry.isPicked = isPicked;
    showAll();
  };

  let last;
  const toggle = (entry, isPicked, isRange) => {
    const {shown} = glass;
    const [from, to] = [shown.indexOf(last), shown.indexOf(entry)].sort((one, other) => one - other);
    set(isRange && from >= 0 ? shown.slice(from, to + 1) : [entry], isPicked);
    last = entry;
  };
  body.addEventListener('click', ({target, shiftKey}) => {
    if (target.type === 'checkbox') toggle(target.closest('tr').entry, target.checked, shiftKey);
  });
  // Not all rows are in the table at all times.
  new MutationObserver(changes => isOn() && changes.forEach(({addedNodes}) => addedNodes.forEach(show)))
    .observe(body, {childList: true});

  const enter = () => {
    main.classList.add('picks');
    document.getElementById('pick')?.remove();
    tools.append(bar);
    showAll();
  };
  const leave = () => {
    main.classList.remove('picks');
    bar.remove();
    set(entries, false);
    tools.querySelector('[name=pick]').focus();
  };
  glass.pick = event => {
    const row = event?.type === 'keydown' && document.activeElement.closest('tbody tr');
    if (!isOn() || row) enter();
    else leave();
    if (row?.entry) toggle(row.entry, !row.entry.isPicked, event.shiftKey);
    else if (isOn()) body.querySelector('input')?.focus();
  };
  // The page came with boxes.
  if (isOn()) {
    for (const box of body.querySelectorAll('input:checked')) box.closest('tr').entry.isPicked = true;
    for (const box of body.querySelectorAll('input')) box.remove();
    enter();
  }
})();

// What a listing can do in a browser that runs scripts: filter, keys, views and previews. All of the
// page works without. It adds nothing to the page that the page did not have, but pictures by links.
'use strict';
(() => {
  const PICTURE = /\.(?:apng|avif|bmp|gif|ico|jpeg|jpg|png|svg|webp)$/i;
  const LINK = 'td:first-child a';
  // How many rows a key may put into the table, and how many come and go with each step.
  const AT_ONCE = 200;
  const STEP = 500;

  const main = document.querySelector('main');
  const body = document.querySelector('tbody');
  const filter = document.getElementById('filter');
  const status = document.getElementById('shown');
  const up = document.querySelector('a.up');
  const always = up ? [up.closest('tr')] : [];
  const rows = [...body.rows].slice(always.length).filter(row => row.cells.length === 3);

  // ---- the filter

  let names;
  const nameOf = row => row.firstChild.textContent;
  const allNames = () => names ??= rows.map(row => nameOf(row).toLowerCase());

  // ---- which rows are in the table
  //
  // To take ten thousand rows out of a page takes a browser longer than a key may. So while somebody
  // types, only those near to what is in sight are in it, and otherwise all: they come and go by
  // steps, when there is nothing else to do.

  const whenIdle = window.requestIdleCallback;
  const soon = task => whenIdle ? whenIdle(task, {timeout: 100}) : setTimeout(task, 20);
  const notSoon = window.cancelIdleCallback ?? clearTimeout;
  let found = rows;
  let present = rows.length;
  let later;
  const settle = () => {
    notSoon(later);
    if (document.activeElement === filter) {
      if (present > AT_ONCE) later = soon(shrink);
    } else if (present < found.length) later = soon(grow);
  };
  const grow = () => {
    const before = present;
    present = Math.min(present + STEP, found.length);
    body.append(...found.slice(before, present));
    settle();
  };
  const shrink = () => {
    const rest = Math.max(present - STEP, AT_ONCE);
    if (found[rest].getBoundingClientRect().top < innerHeight + 2000) return;
    found.slice(rest, present).forEach(row => row.remove());
    present = rest;
    settle();
  };
  const show = list => {
    found = list;
    present = Math.min(AT_ONCE, found.length);
    body.replaceChildren(...always, ...found.slice(0, present));
    settle();
  };

  let applied = '';
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.join(' ') === applied) return;
    applied = words.join(' ');
    const all = allNames();
    const hits = [...all.keys()].filter(index => words.every(word => all[index].includes(word)));
    show(hits.map(index => rows[index]));
    if (!found.length) {
      const cell = Object.assign(document.createElement('td'),
        {className: 'empty', colSpan: 3, textContent: 'No name here has that in it.'});
      const row = document.createElement('tr');
      row.append(cell);
      body.append(row);
    }
    const count = number => number.toLocaleString('en');
    // Only a folder's name ends in a slash.
    const folders = hits.filter(index => all[index].endsWith('/')).length;
    const ofThem = folders && folders < hits.length ? `, ${count(folders)} of them folders` : '';
    status.textContent = words.length ? `${count(hits.length)} of ${count(rows.length)} shown${ofThem}` : '';
  };
  const clear = () => {
    filter.value = '';
    apply();
  };
  if (rows.length) {
    filter.hidden = false;
    filter.addEventListener('input', apply);
    filter.addEventListener('focus', settle);
    filter.addEventListener('blur', settle);
    // Scrolled to the end of what is there.
    const end = new IntersectionObserver(([{isIntersecting}]) => {
      if (isIntersecting && present < found.length) grow();
    }, {rootMargin: '1000px 0px'});
    end.observe(document.querySelector('footer'));
    // A browser that comes back to a page may have kept what was typed.
    addEventListener('pageshow', apply);
    soon(allNames);
  }

  // ---- the views

  const views = [...document.querySelectorAll('.tools form button')];
  const isGallery = () => main.classList.contains('gallery');
  const memory = {
    // A browser may forbid it.
    get view() { try { return localStorage.getItem('glasshttp-view'); } catch { return null; } },
    set view(view) { try { localStorage.setItem('glasshttp-view', view); } catch { /* then not */ } },
  };
  const isPicture = row => {
    const [amount, unit] = row.cells[1]?.textContent.split(/\s/) ?? [];
    const isSmall = ['B', 'kB'].includes(unit) || unit === 'MB' && amount <= 20;
    return isSmall && PICTURE.test(row.querySelector(LINK)?.pathname);
  };
  const picture = link => {
    const image = new Image();
    Object.assign(image, {alt: '', loading: 'lazy', decoding: 'async', src: link.href});
    return image;
  };
  const broken = new WeakSet();
  // There are pictures only near what is in sight, however many there are.
  const observer = new IntersectionObserver(changes => {
    for (const {target, isIntersecting} of changes) {
      const link = target.querySelector(LINK);
      const image = link.querySelector('img');
      if (!isIntersecting) image?.remove();
      else if (!image && !broken.has(target)) {
        const image = picture(link);
        image.addEventListener('error', () => {
          broken.add(target);
          image.remove();
        });
        link.prepend(image);
      }
    }
  }, {rootMargin: '1000px 0px'});

  const setView = view => {
    main.classList.toggle('gallery', view === 'gallery');
    for (const button of views) {
      if (button.value === view) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
    observer.disconnect();
    for (const image of body.querySelectorAll('img')) image.remove();
    if (view === 'gallery') rows.filter(isPicture).forEach(row => observer.observe(row));
    // To sort keeps the view.
    for (const form of document.querySelectorAll('th form')) {
      const field = form.elements.view ?? document.createElement('input');
      form.append(Object.assign(field, {type: 'hidden', name: 'view', value: view}));
    }
  };
  if (views.length) {
    const asked = new URLSearchParams(location.search).get('view');
    const view = asked ?? memory.view;
    if (view === 'gallery') setView('gallery');
    for (const button of views) {
      button.addEventListener('click', event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        memory.view = button.value;
        setView(button.value);
        const query = new URLSearchParams(location.search);
        query.set('view', button.value);
        history.replaceState(null, '', `?${query}`);
      });
    }
  }

  // ---- a picture beside the pointer that is on its name

  if (matchMedia('(hover: hover) and (pointer: fine)').matches) {
    const preview = Object.assign(document.createElement('div'), {className: 'preview', hidden: true});
    preview.setAttribute('aria-hidden', 'true');
    main.append(preview);
    let waiting;
    const hide = () => {
      clearTimeout(waiting);
      preview.hidden = true;
      preview.replaceChildren();
    };
    const showBeside = (link, x, y) => {
      const image = picture(link);
      image.loading = 'eager';
      image.addEventListener('load', () => {
        if (image.parentNode !== preview) return;
        preview.hidden = false;
        const box = preview.getBoundingClientRect();
        const within = (at, size, room) => Math.max(8, Math.min(at, room - size - 8));
        preview.style.left = `${within(x + 24, box.width, innerWidth)}px`;
        preview.style.top = `${within(y - box.height / 2, box.height, innerHeight)}px`;
      });
      preview.replaceChildren(image);
    };
    body.addEventListener('pointerover', event => {
      hide();
      const link = event.target.closest(LINK);
      if (link && event.pointerType === 'mouse' && !isGallery() && isPicture(link.closest('tr'))) {
        waiting = setTimeout(showBeside, 150, link, event.clientX, event.clientY);
      }
    });
    body.addEventListener('pointerleave', hide);
    for (const name of ['scroll', 'keydown', 'blur']) addEventListener(name, hide, {passive: true});
  }

  // ---- keys

  const columns = () => {
    const [first, ...others] = body.rows;
    const sameLine = others.findIndex(row => row.offsetTop !== first.offsetTop);
    return isGallery() ? 1 + (sameLine < 0 ? others.length : sameLine) : 1;
  };
  // Goes so many links on from where the focus is, and says whether there was one.
  const move = step => {
    const links = [...body.querySelectorAll(LINK)];
    const here = links.indexOf(document.activeElement);
    const link = here < 0 ? links[0] : links[here + step];
    link?.focus();
    return Boolean(link);
  };
  const keys = {
    '/': () => {
      filter.focus();
      filter.select();
      return !filter.hidden;
    },
    Escape: () => filter.value && (clear(), true),
    ArrowDown: () => move(columns()),
    ArrowUp: () => move(-columns()),
    ArrowRight: () => isGallery() && move(1),
    ArrowLeft: () => isGallery() && move(-1),
    Backspace: () => up && (up.click(), true),
  };
  Object.assign(keys, {j: keys.ArrowDown, k: keys.ArrowUp, u: keys.Backspace});
  const filterKeys = {
    Escape: () => (filter.value ? clear() : filter.blur(), true),
    ArrowDown: () => move(columns()),
    Enter: () => filter.value && (body.querySelector(`${LINK}:not(.up)`)?.click(), true),
  };
  addEventListener('keydown', event => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const isElsewhere = event.target !== filter && event.target.closest?.('input, textarea, select, dialog');
    const table = event.target === filter ? filterKeys : keys;
    if (!isElsewhere && Object.hasOwn(table, event.key) && table[event.key]()) event.preventDefault();
  });
})();

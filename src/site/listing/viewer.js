// Shows pictures, video, sound, texts and Markdown of the folder in place, one after another, in the order of the list
// and as far as the filter shows them. Without this script, and with Ctrl or the middle button, a link opens the file.
//
//   click on a.jpg ──▶ #view=a.jpg, a dialog      ArrowRight ──▶ #view=b.txt      Escape, Back ──▶ the list, at b.txt
//
// What files hold is text or goes into elements that browsers decode; a Markdown file is a page of the server's in a
// frame, with a Content-Security-Policy of its own. The address is the entry's link, so it can be shared.
'use strict';
(() => {
  const KINDS = {
    picture: /\.(?:apng|avif|bmp|gif|ico|jpe?g|png|svg|webp)$/i,
    video: /\.(?:avi|m4v|mkv|mov|mp4|mpe?g|ogv|webm)$/i,
    audio: /\.(?:aac|flac|m4a|mp3|oga|ogg|opus|wav)$/i,
    markdown: /\.(?:md|markdown)$/i,
    text: /\.(?:txt|log|rst|json|csv|tsv|xml|ya?ml|toml|ini|cfg|conf|c|cc|cpp|cs|css|go|h|java|jsx?|kt|lua|mjs|php|pl|py|rb|rs|s?css|sh|sql|swift|tsx?|vue)$/i,
  };
  // How much of a text is fetched, in bytes.
  const MOST = 256 * 1024;
  const MARK = '#view=';
  const {make, count} = glass;

  // ---- what can be shown

  const kindOf = link => link && !link.endsWith('/') && Object.keys(KINDS).find(kind => KINDS[kind].test(link));
  const nameOf = link => link.replace(/^\.\//, '');
  const items = () => glass.shown.flatMap(entry => {
    const {link} = entry;
    const kind = kindOf(link);
    return kind ? [{entry, link, kind, name: entry.name}] : [];
  });

  // ---- the dialog

  const button = (text, label, key, press) => {
    const made = make('button', {type: 'button', textContent: text, title: `${label} (${key})`, onclick: press});
    made.setAttribute('aria-label', label);
    made.setAttribute('aria-keyshortcuts', key);
    return made;
  };
  const title = make('h2', {id: 'viewer-title'});
  const place = make('span', {className: 'place'});
  const before = button('‹', 'Previous', 'ArrowLeft', () => step(-1));
  const next = button('›', 'Next', 'ArrowRight', () => step(1));
  const download = make('a', {textContent: 'Download', download: ''});
  const open = make('a', {textContent: 'Open'});
  const copy = make('button', {type: 'button', textContent: 'Copy link'});
  const qr = make('a', {textContent: 'QR code'});
  const close = button('×', 'Close', 'Escape', () => leave());
  const stage = make('div', {className: 'stage', tabIndex: 0});
  const status = make('p', {className: 'note'});
  status.setAttribute('role', 'status');
  stage.setAttribute('role', 'group');
  stage.setAttribute('aria-labelledby', title.id);
  const dialog = make('dialog', {className: 'viewer'},
    make('header', {}, title, place, before, next, make('span', {className: 'do'}, download, open, copy, qr), close), stage, status);
  dialog.setAttribute('aria-labelledby', title.id);
  document.body.append(dialog);
  copy.onclick = async () => {
    await glass.load('share');
    status.textContent = await glass.copy(open.href, dialog);
  };

  // ---- the kinds

  let shown = [];
  let at = -1;
  let stop = new AbortController();
  const fail = what => {
    const again = make('a', {href: download.href, download: '', textContent: 'Download it'});
    stage.replaceChildren(make('p', {}, `${what} `, again, '.'));
  };
  const media = (tag, {link, name}) => {
    const element = make(tag, {src: link, controls: true, preload: 'metadata'});
    element.setAttribute('aria-label', name);
    element.addEventListener('error', () => element.isConnected && fail('This browser cannot play it.'));
    return element;
  };
  const show = {
    picture({link, name}) {
      const image = make('img', {alt: name, src: link});
      image.addEventListener('error', () => image.isConnected && fail('This browser cannot show it.'));
      return image;
    },
    video: item => media('video', item),
    audio: item => media('audio', item),
    markdown({link, name}) {
      const frame = make('iframe', {src: `${link}?markdown`, title: name});
      frame.addEventListener('load', () => {
        const page = frame.contentDocument;
        if (!page) return;
        page.querySelector('header.about')?.remove();
        page.addEventListener('keydown', press);
        page.addEventListener('click', event => {
          const link = event.target.closest('a[href]');
          if (!link) return;
          // A place in the page: to go there by its address would be a step of the history.
          if (link.hash && link.getAttribute('href').startsWith('#')) {
            event.preventDefault();
            page.getElementById(decodeURIComponent(link.hash.slice(1)))?.scrollIntoView();
          } else link.target = '_top';
        });
      });
      return frame;
    },
    text(item) {
      const box = make('pre', {textContent: 'Loading…'});
      fetchText(item).then(({text, note}) => {
        box.textContent = text;
        status.textContent = note;
      }).catch(error => error.name === 'AbortError' || fail('It could not be loaded.'));
      return box;
    },
  };

  // ---- texts

  const fetchText = async ({link}) => {
    const response = await fetch(link, {headers: {Range: `bytes=0-${MOST - 1}`}, signal: stop.signal});
    if (!response.ok) throw Error(response.status);
    const [bytes, isAll] = await start(response);
    const total = Number(/\/(\d+)$/.exec(response.headers.get('Content-Range'))?.[1]);
    const isCut = total ? bytes.length < total : !isAll;
    const named = /charset=([^;]+)/i.exec(response.headers.get('Content-Type'))?.[1];
    const [text, charset] = decode(bytes, named);
    const size = number => `${count(number)} bytes`;
    const of = total ? ` of ${size(total)}` : '';
    const note = isCut ? `Cut: the first ${size(bytes.length)}${of}, read as ${charset}` : `${size(bytes.length)}, read as ${charset}`;
    return {text, note};
  };
  // As much as is wanted, also from a server that sends all.
  const start = async response => {
    const reader = response.body?.getReader();
    const bytes = new Uint8Array(MOST);
    let length = 0;
    for (;;) {
      const {done, value} = await (reader?.read() ?? {done: true});
      if (done) return [bytes.subarray(0, length), true];
      const room = MOST - length;
      bytes.set(value.subarray(0, room), length);
      length += Math.min(value.length, room);
      if (value.length > room) {
        reader.cancel();
        return [bytes, false];
      }
    }
  };
  // The charset that the server names, a byte order mark, UTF-8 if it is that, and else what most old texts are in.
  const decode = (bytes, named) => {
    const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : '';
    for (const label of [mark, named, 'utf-8'].filter(Boolean)) {
      try {
        const decoder = new TextDecoder(label, {fatal: true});
        // A character at the end may be cut in two.
        return [decoder.decode(bytes, {stream: true}), decoder.encoding.toUpperCase()];
      } catch { /* then another */ }
    }
    return [new TextDecoder('windows-1252').decode(bytes), 'Windows-1252, since it is not UTF-8'];
  };

  // ---- to and fro

  const display = index => {
    at = index;
    const item = shown[at];
    stop.abort();
    stop = new AbortController();
    for (const playing of stage.querySelectorAll('video, audio')) playing.pause();
    title.textContent = item.name;
    place.textContent = `${count(at + 1)} of ${count(shown.length)}`;
    before.disabled = at === 0;
    next.disabled = at === shown.length - 1;
    for (const link of [download, open]) link.href = item.link;
    qr.href = `${item.link}?qr`;
    status.textContent = '';
    stage.className = `stage ${item.kind}`;
    stage.replaceChildren(show[item.kind](item));
    stage.scrollTo(0, 0);
    if (!dialog.open) {
      dialog.showModal();
      stage.focus();
    }
  };
  // The neighbour is there when it is asked for.
  const preload = direction => {
    const item = shown[at + direction];
    if (item?.kind === 'picture') new Image().src = item.link;
  };
  const address = () => MARK + nameOf(shown[at].link);
  const go = (index, direction = 1) => {
    if (index < 0 || index >= shown.length || index === at) return;
    display(index);
    history.replaceState({...history.state}, '', address());
    // What had the focus is gone, with a frame, or cannot be pressed any more.
    const focused = document.activeElement;
    if (!dialog.contains(focused) || focused.disabled) stage.focus();
    preload(direction);
  };
  const step = direction => go(at + direction, direction);

  // Whether the list is one step back in the history.
  const isAbove = () => history.state?.viewer === true;
  const leave = () => {
    if (isAbove()) return history.back();
    history.replaceState(null, '', location.pathname + location.search);
    closed();
  };
  const closed = () => {
    const last = shown[at];
    stop.abort();
    at = -1;
    dialog.close();
    stage.replaceChildren();
    if (last) glass.reach(last.entry)?.focus();
  };
  // Shows what the address says: on the way back and forth, and when a link to it was opened.
  const follow = () => {
    if (!location.hash.startsWith(MARK)) return dialog.open ? closed() : undefined;
    const wanted = location.hash.slice(MARK.length);
    if (at >= 0 && nameOf(shown[at].link) === wanted) return;
    shown = items();
    const index = shown.findIndex(({link}) => nameOf(link) === wanted);
    if (index >= 0) display(index);
    else if (dialog.open) closed();
  };

  // ---- keys, touch

  const keys = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => go(0),
    End: () => go(shown.length - 1, -1),
    Escape: () => leave(),
  };
  const press = event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !Object.hasOwn(keys, event.key)) return;
    // In what plays, these keys are its own.
    if (event.key !== 'Escape' && event.target.closest?.('video, audio')) return;
    event.preventDefault();
    keys[event.key]();
  };
  dialog.addEventListener('keydown', press);
  dialog.addEventListener('cancel', event => {
    event.preventDefault();
    leave();
  });
  let touch;
  stage.addEventListener('touchstart', ({touches}) => {
    touch = touches.length === 1 && !(window.visualViewport?.scale > 1) ? touches[0] : undefined;
  }, {passive: true});
  stage.addEventListener('touchend', ({changedTouches: [end], target}) => {
    if (!touch || target.closest('video, audio')) return;
    const [x, y] = [end.clientX - touch.clientX, end.clientY - touch.clientY];
    if (Math.abs(x) > 50 && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
  }, {passive: true});
  addEventListener('popstate', follow);

  // The link that was pressed, or nothing: then the address says what is meant.
  glass.viewer = async (event, target) => {
    if (!target && document.querySelector('script[data-many]')) {
      // Of a long list, what is meant may be among what is still to come.
      if (document.readyState !== 'complete') await new Promise(done => addEventListener('load', done));
      await glass.load('many');
    }
    if (!target) return follow();
    const link = target.getAttribute('href');
    shown = items();
    const index = shown.findIndex(item => item.link === link);
    if (index < 0) return location.assign(target.href);
    display(index);
    history.pushState({viewer: true}, '', address());
    preload(1);
  };
})();

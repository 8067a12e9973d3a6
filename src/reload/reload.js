// What --reload adds to each page: it listens to /.glass/reload, reloads the page when files change,
// and swaps style sheets without. See src/reload/mod.rs for what is said there.
(() => {
  "use strict";
  // Parts of pages that are fetched into others bring the script along once more.
  if (window.glassReload) return;
  window.glassReload = true;

  // What changes is told beside this script, wherever that is.
  const events = new URL("reload", document.currentScript?.src ?? new URL("/.glass/", location.href));
  const FIRST_PAUSE = 300;
  const LONGEST_PAUSE = 3000;
  const leaving = new WeakSet(); // links whose successor is about to take over
  let source = null;
  let timer = 0;
  let pause = FIRST_PAUSE;
  let known = null;              // the server and its counts, as heard last

  function connect() {
    clearTimeout(timer);
    if (source || document.hidden) return;
    source = new EventSource(events);
    source.addEventListener("hello", (event) => catchUp(JSON.parse(event.data)));
    source.addEventListener("reload", reload);
    source.addEventListener("lost", reload);
    source.addEventListener("css", (event) => {
      const change = JSON.parse(event.data);
      Object.assign(known, { styles: change.styles });
      swap(change.path);
    });
    // The server is away. That is how a restart looks: it is waited for.
    source.addEventListener("error", () => {
      disconnect();
      timer = setTimeout(connect, pause);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE);
    });
  }

  function disconnect() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  function reload() {
    disconnect();
    location.reload();
  }

  // The first that a server says: has this page missed something?
  function catchUp(now) {
    pause = FIRST_PAUSE;
    const before = known;
    known = now;
    if (!before) {
      // Between the page's own bytes and now?
      if (now.ago !== null && now.ago < Date.now() - performance.timeOrigin) reload();
    } else if (now.server !== before.server || now.reloads !== before.reloads) {
      reload();
    } else if (now.styles !== before.styles) {
      links().forEach(renew);
    }
  }

  // ---- style sheets

  function links() {
    return [...document.querySelectorAll("link[rel~=stylesheet]")]
      .filter((link) => !leaving.has(link) && link.href && new URL(link.href).host === location.host);
  }

  const pathOf = (url) => new URL(url, location.href).pathname;

  function isSame(one, other) {
    try {
      return decodeURIComponent(one) === decodeURIComponent(other);
    } catch {
      return one === other; // not UTF-8
    }
  }

  function swap(path) {
    const changed = links().filter((link) => isSame(pathOf(link.href), path));
    changed.forEach(renew);
    if (changed.length > 0) return;
    // Not by a link, but it may be here all the same, by an @import or in a shadow tree. What the
    // browser has noted of the page's files ends when its list is full.
    const files = performance.getEntriesByType("resource");
    if (files.length >= 250 || files.some((file) => isSame(pathOf(file.name), path))) reload();
  }

  // The new one takes over once it is there, so that the page is never without.
  function renew(link) {
    const url = new URL(link.href);
    url.searchParams.set("glass-reload", Date.now());
    if (link.disabled) {
      link.href = url.href; // it is not loaded, and so nothing would tell when it is there
      return;
    }
    const next = link.cloneNode();
    next.href = url.href;
    leaving.add(link);
    const done = () => link.remove();
    next.addEventListener("load", done);
    next.addEventListener("error", done);
    link.after(next);
  }

  // ---- in and out of sight

  // A browser opens six connections to a host, for all its tabs. One that nobody sees needs none.
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", connect);
  connect();
})();

// The script that --reload adds to each page. It listens to /.glass/reload, and reloads the page when files change; if
// only style sheets have changed, it swaps these. See src/glass/reload/mod.rs for the events.
(() => {
  "use strict";
  // A part of a page that is fetched into another page may have the script a second time. A sandboxed frame has an
  // origin of its own: the server would refuse it, and the page that embeds it reloads it.
  if (window.glassReload || self.origin === "null") return;

  // Visible in the console: the last known server and its counts, and whether this page listens.
  const page = window.glassReload = { known: null, leads: false };
  // The stream of events is beside this script, wherever that is.
  const events = new URL("reload", document.currentScript?.src ?? new URL("/.glass/", location.href));

  function reload() {
    leave();
    location.reload();
  }

  // An event of the server, received from it or from the page that listens.
  function take(event, change) {
    if (event === "lost") return reload();
    const before = page.known;
    if (event === "hello") failures = 0;
    if (before && isOld(change, before)) return;
    if (!before && event !== "hello") {
      // The hello that follows says how long ago it was.
      if (event === "css") swap(change.path);
      return;
    }
    const { reloads, styles, ago } = change;
    const changed = ago === null ? -Infinity : Date.now() - ago;
    page.known = { server: change.server ?? before.server, reloads, styles, changed };
    if (!before) {
      // Has something changed since the page was loaded?
      if (changed > performance.timeOrigin) reload();
    } else if (page.known.server !== before.server || reloads !== before.reloads) {
      reload();
    } else if (event === "css") {
      swap(change.path);
    } else {
      links().forEach(renew);
    }
  }

  // A page that was stopped, by a dialog or in a debugger, passes on events that the others already know.
  function isOld(change, known) {
    if (change.server !== undefined && change.server !== known.server) return false;
    return change.reloads < known.reloads
      || (change.reloads === known.reloads && change.styles <= known.styles);
  }

  // ---- one stream for all pages

  // A browser opens six connections to a host, for all its windows and frames. So the visible pages elect a leader,
  // which listens and tells the others:
  //
  //   {ask}             is there a leader?              a page becomes visible
  //   {lead: number}    I am the leader                 in answer to that, and as a heartbeat
  //   {gone}            I am no longer the leader       it is closed or hidden, or has lost its connection
  //   {event, change}   what the server says
  //
  // A page that hears nothing of a leader becomes the leader. If two do so at the same time, the smaller number wins.
  // (The Web Locks API would be simpler, but browsers do not offer it over plain http from another machine.)
  const me = Math.random();
  // All times are in milliseconds.
  const ANSWER = 30;      // how long to wait for an answer to {ask}
  const SPREAD = 30;      // a random delay, so that not all try at the same moment
  const SETTLE = 30;      // how long an election takes
  const BEAT = 2000;      // the pause between two heartbeats of the leader
  const PATIENCE = 5000;  // after so long without one, the leader is given up
  const FIRST_PAUSE = 300;
  const LONGEST_PAUSE = 3000;
  let channel = null;
  let source = null;
  let timer = 0;          // until this page becomes the leader; if it is, until its next heartbeat
  let opening = 0;        // until the leader connects
  let failures = 0;       // how often in a row the connection has failed
  let retry = 0;          // the time before which this page does not try again

  function join() {
    if (channel || document.hidden) return;
    try {
      channel = new BroadcastChannel(`glass-reload ${events.pathname}`);
    } catch {
      channel = { postMessage() {}, close() {} }; // an old browser, or one in which pages cannot communicate
    }
    channel.onmessage = ({ data }) => hear(data);
    say({ ask: true });
    leadAfter(ANSWER);
  }

  function leave() {
    if (!channel) return;
    if (page.leads) say({ gone: true });
    follow(0);
    clearTimeout(timer);
    channel.close();
    channel = null;
  }

  function say(message) {
    channel.postMessage(message);
  }

  function hear(message) {
    if (message.lead !== undefined) {
      if (!page.leads || message.lead < me) follow(PATIENCE);
      else beat();
    } else if (message.ask) {
      if (page.leads) answer();
    } else if (message.gone) {
      if (!page.leads) leadAfter(0);
    } else {
      take(message.event, message.change);
    }
  }

  // Tells a page that has just become visible the counts, so that it knows whether it has missed something.
  function answer() {
    beat();
    if (source?.readyState !== 1 || !page.known) return;
    const { changed, ...counts } = page.known;
    const ago = changed === -Infinity ? null : Date.now() - changed;
    say({ event: "hello", change: { ...counts, ago } });
  }

  function leadAfter(wait) {
    clearTimeout(timer);
    timer = setTimeout(lead, Math.max(wait, retry - Date.now()) + Math.random() * SPREAD);
  }

  function lead() {
    page.leads = true;
    beat();
    opening = setTimeout(connect, SETTLE);
  }

  function beat() {
    clearTimeout(timer);
    say({ lead: me });
    timer = setTimeout(beat, BEAT);
  }

  function follow(wait) {
    page.leads = false;
    clearTimeout(opening);
    if (source) source.close();
    source = null;
    leadAfter(wait);
  }

  function connect() {
    const stream = source = new EventSource(events);
    // Events that were on their way when the stream was closed are ignored.
    const listen = (event, hear) => stream.addEventListener(event, (said) => source === stream && hear(said));
    for (const event of ["hello", "reload", "lost", "css"]) {
      listen(event, ({ data }) => {
        const change = JSON.parse(data);
        say({ event, change });
        take(event, change);
      });
    }
    // The server is down: it may be restarting, so try again. Or this page may not connect, by a
    // Content-Security-Policy of its own: then another page tries.
    listen("error", () => {
      const pause = Math.min(FIRST_PAUSE * 1.5 ** failures, LONGEST_PAUSE);
      failures += 1;
      retry = Date.now() + pause;
      say({ gone: true });
      follow(0);
    });
  }

  // ---- style sheets

  const leaving = new WeakSet(); // links that are about to be replaced

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
    // No link leads to it, but the page may still use it, by an @import or in a shadow tree. The browser's list of
    // loaded resources shows that; the list may be full.
    const files = performance.getEntriesByType("resource");
    if (files.length >= 250 || files.some((file) => isSame(pathOf(file.name), path))) reload();
  }

  // The old link is removed when the new one is loaded, so that the page always has a style sheet.
  function renew(link) {
    const url = new URL(link.href);
    url.searchParams.set("glass-reload", Date.now());
    if (link.disabled) {
      link.href = url.href; // it is not loaded, so there would be no load event
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

  // ---- visible and hidden

  // A hidden page does not listen: by the counts it knows later what it has missed.
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : join()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", join);
  join();
})();

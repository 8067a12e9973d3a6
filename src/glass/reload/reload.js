// What --reload adds to each page: it hears from /.glass/reload, reloads the page when files change,
// and swaps style sheets without. See src/glass/reload/mod.rs for what is said there.
(() => {
  "use strict";
  // Parts of pages that are fetched into others bring the script along once more. A frame in a sandbox
  // has an origin of its own: the server would refuse it, and who embeds it reloads it.
  if (window.glassReload || self.origin === "null") return;

  // For the console: what was heard last of the server and its counts, and whether this page listens.
  const page = window.glassReload = { known: null, leads: false };
  // What changes is told beside this script, wherever that is.
  const events = new URL("reload", document.currentScript?.src ?? new URL("/.glass/", location.href));

  function reload() {
    leave();
    location.reload();
  }

  // What the server says, heard from it or from the page that listens.
  function take(event, change) {
    if (event === "lost") return reload();
    const before = page.known;
    if (event === "hello") failures = 0;
    if (before && isOld(change, before)) return;
    if (!before && event !== "hello") {
      // The hello that comes behind it says how long ago it was.
      if (event === "css") swap(change.path);
      return;
    }
    const { reloads, styles, ago } = change;
    const changed = ago === null ? -Infinity : Date.now() - ago;
    page.known = { server: change.server ?? before.server, reloads, styles, changed };
    if (!before) {
      // Between the page's own bytes and now?
      if (changed > performance.timeOrigin) reload();
    } else if (page.known.server !== before.server || reloads !== before.reloads) {
      reload();
    } else if (event === "css") {
      swap(change.path);
    } else {
      links().forEach(renew);
    }
  }

  // A page that was held up, by a dialog or in a debugger, passes on what others have long heard.
  function isOld(change, known) {
    if (change.server !== undefined && change.server !== known.server) return false;
    return change.reloads < known.reloads
      || (change.reloads === known.reloads && change.styles <= known.styles);
  }

  // ---- one stream for all pages

  // A browser opens six connections to a host, for all its windows and frames. So of all the pages
  // in sight one listens, and tells the others:
  //
  //   {ask}             is there one that listens?      a page comes into sight
  //   {lead: number}    I do                            in answer, and again and again
  //   {gone}            no longer                       it is closed or out of sight, or hears nothing
  //   {event, change}   what the server says
  //
  // Whoever hears nothing of one that listens does it itself. If two begin at once, the smaller number
  // goes on. (Locks would be simpler, and are not to be had by plain http from another machine.)
  const me = Math.random();
  const ANSWER = 30;      // so many milliseconds after a question somebody has answered,
  const SPREAD = 30;      // not all try at the same moment,
  const SETTLE = 30;      // it is known who goes on,
  const BEAT = 2000;      // who listens says so again, and
  const PATIENCE = 5000;  // is given up
  const FIRST_PAUSE = 300;
  const LONGEST_PAUSE = 3000;
  let channel = null;
  let source = null;
  let timer = 0;          // until this page listens; if it does, until it says so again
  let opening = 0;
  let failures = 0;       // to connect, one after another
  let retry = 0;          // not before this time

  function join() {
    if (channel || document.hidden) return;
    try {
      channel = new BroadcastChannel(`glass-reload ${events.pathname}`);
    } catch {
      channel = { postMessage() {}, close() {} }; // an old browser, or one that lets no pages talk
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

  // A page that has just come must learn whether it has missed something.
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
    // What was on its way when it was closed is nobody's any more.
    const listen = (event, hear) => stream.addEventListener(event, (said) => source === stream && hear(said));
    for (const event of ["hello", "reload", "lost", "css"]) {
      listen(event, ({ data }) => {
        const change = JSON.parse(data);
        say({ event, change });
        take(event, change);
      });
    }
    // The server is away: that is how a restart looks, and it is waited for. Or it is this page that
    // may not connect, by a policy of its own: another tries.
    listen("error", () => {
      const pause = Math.min(FIRST_PAUSE * 1.5 ** failures, LONGEST_PAUSE);
      failures += 1;
      retry = Date.now() + pause;
      say({ gone: true });
      follow(0);
    });
  }

  // ---- style sheets

  const leaving = new WeakSet(); // links whose successor is about to take over

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

  // One that nobody sees needs to hear nothing: by the counts it knows later what it has missed.
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : join()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", join);
  join();
})();

// What the inspector says that a browser keeps from a page is what browsers keep from it.

import {rm} from 'node:fs/promises';
import {makeFolder, PATIENCE, startServer} from './browsers.mjs';
import {assert, scenario} from './harness.mjs';

const FILES = {'index.html': '<!DOCTYPE html><title>Page</title>', 'data.json': '{"a": 1}', 'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'};
// The page asks another server, and what it may not read is an error in the console.
const ALLOW = /asks elsewhere|CORS|Cross-Origin|Access-Control|Failed to load/;

/** What a page of one server gets from another with these options, and what the inspector of that says of it. */
async function ask({page, server}, args, what) {
  const folder = await makeFolder(FILES);
  const other = await startServer(folder, ['--inspect', '--log', 'off', ...args]);
  try {
    await page.goto(server.url('/'));
    const isRead = await page.evaluate(what, other.url(''));
    return {isRead, exchanges: await all(other)};
  } finally {
    await other.stop();
    await rm(folder, {recursive: true, force: true});
  }
}

/** All exchanges, when the first is there: the others of one question are over before the page has its answer. */
async function all(server) {
  const found = [];
  for (const until = Date.now() + PATIENCE; Date.now() < until;) {
    const response = await fetch(server.url(`/.glass/exchange/${found.length + 1}`));
    if (response.ok) found.push(await response.json());
    else if (found.length > 0) return found;
  }
  throw new Error('waited in vain for an exchange');
}

// These run in the page, which knows nothing of this file.
const get = other => fetch(`${other}/data.json`).then(() => true, () => false);
const put = other => fetch(`${other}/new`, {method: 'PUT', body: 'new'}).then(() => true, () => false);
const withCookies = other => {
  document.cookie = 'a=b';
  return fetch(`${other}/data.json`, {credentials: 'include'}).then(() => true, () => false);
};
const picture = other => new Promise(done => {
  const one = new Image();
  one.onload = () => done(true);
  one.onerror = () => done(false);
  one.src = `${other}/dot.svg`;
});

for (const [name, args, what, isRead, expected] of [
  ['a page of another origin reads nothing', [], get, false, {blocked: true, preflight: false, starts: 'Blocked by the browser: the page of'}],
  ['a preflight is refused', [], put, false, {blocked: true, preflight: true, starts: 'Blocked by the browser: it asks whether'}],
  ['a picture needs nobody to allow it', [], picture, true, {blocked: false, preflight: false, starts: '200'}],
  ['with --cors a page of another origin reads', ['--cors'], get, true, {blocked: false, preflight: false, starts: '200'}],
  ['with --cors, but not with cookies', ['--cors'], withCookies, false, {blocked: true, preflight: false, starts: 'Blocked by the browser: the page of'}],
  ['with --cors, but no PUT without --upload', ['--cors'], put, false, {blocked: true, preflight: true, starts: 'Blocked by the browser: the page of'}],
  ['with --cors for others', ['--cors=http://other.example'], get, false, {blocked: true, preflight: false, starts: 'Blocked by the browser: the page of'}],
]) {
  scenario(name, {files: FILES, allow: ALLOW}, async given => {
    const {isRead: read, exchanges: [first]} = await ask(given, args, what);
    assert.equal(read, isRead);
    const {blocked, preflight, sentence} = first;
    assert.deepEqual({blocked, preflight}, {blocked: expected.blocked, preflight: expected.preflight}, sentence);
    assert.ok(sentence.startsWith(expected.starts), sentence);
  });
}

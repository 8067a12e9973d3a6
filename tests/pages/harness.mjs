// Real browsers against the real server: the same scenario runs in Chromium and in Firefox, by WebDriver BiDi and CDP.
//
//   import {scenario, assert} from './harness.mjs';
//   scenario('a click on a folder opens it', {files: {'a/b.txt': 'B'}}, async ({page, server}) => {
//     await page.goto(server.url('/'));
//     await page.click('a.dir');
//     await page.waitForFunction(() => location.pathname === '/a/');
//   });
//
// Nothing sleeps: waitForFunction waits for what is to happen, and all waits are bounded. A scenario fails, too, if the
// page threw an error, broke its Content-Security-Policy, or asked for something that is on no server of its own.
//
// GLASSHTTP_BINARY names the program (else target/debug/glasshttp), GLASSHTTP_BROWSERS which browsers are wanted
// (else all that are there, and both in .ci/run).

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {after, test} from 'node:test';
import puppeteer from 'puppeteer-core';

export {assert};

/** How long anything may take, in milliseconds: much longer than it does. */
export const PATIENCE = 30_000;

export const ROOT = join(import.meta.dirname, '../..');
const BINARY = process.env.GLASSHTTP_BINARY ?? join(ROOT, 'target/debug/glasshttp');

const BROWSERS = {
  chromium: {
    browser: 'chrome',
    paths: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-dev-shm-usage', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server',
    ],
  },
  firefox: {
    browser: 'firefox',
    paths: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
    extraPrefsFirefox: {
      'network.proxy.type': 0, 'app.update.enabled': false, 'browser.safebrowsing.malware.enabled': false,
      'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
    },
  },
};

/** The browsers in which scenarios run. */
export const wanted = Object.entries(BROWSERS).flatMap(([name, {paths, ...options}]) => {
  const asked = process.env.GLASSHTTP_BROWSERS?.split(',');
  const executablePath = paths.find(existsSync);
  if (asked && !asked.includes(name)) return [];
  if (asked && !executablePath) throw new Error(`${name} is not here`);
  return executablePath ? [{name, options: {...options, executablePath}}] : [];
});
if (wanted.length === 0) throw new Error('no browser is here: install chromium or firefox-esr');

// One browser of each kind for a file of scenarios; each scenario has a profile of its own (a browser context).
const running = new Map();
async function browserOf({name, options}) {
  if (!running.has(name)) {
    running.set(name, puppeteer.launch({headless: true, protocolTimeout: PATIENCE, ...options}));
  }
  return running.get(name);
}
after(async () => {
  for (const browser of running.values()) await (await browser).close();
});

/** A folder with these files ({'a/b.txt': text or bytes, 'empty/': null}), gone when the scenario is over. */
async function makeFolder(files) {
  const folder = await mkdtemp(join(tmpdir(), 'glasshttp-pages-'));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(name.endsWith('/') ? path : dirname(path), {recursive: true});
    if (!name.endsWith('/')) await writeFile(path, content);
  }
  return folder;
}

/** A server of this folder, with these arguments. `url('/a')` is an address there, `output` what it has printed. */
async function startServer(folder, args) {
  const child = spawn(BINARY, ['--port', '0', ...args, folder], {stdio: ['ignore', 'pipe', 'pipe']});
  const server = {output: '', process: child};
  child.stderr.on('data', data => { server.output += data; });
  server.origin = await new Promise((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the server ended with ${code}: ${server.output}`)));
    child.once('error', reject);
    createInterface({input: child.stdout}).on('line', line => {
      server.output += `${line}\n`;
      const found = /https?:\/\/[^\s/]+:\d+/.exec(line);
      if (found) resolve(found[0].replace('127.0.0.1', 'localhost'));
    });
  });
  server.url = path => server.origin + path;
  server.stop = () => new Promise(done => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', done);
    child.kill('SIGTERM');
  });
  return server;
}

/**
 * A test that runs in each browser.
 *
 * @param {string} name the promise that it keeps
 * @param {{files?: object, args?: string[], only?: string, allow?: RegExp}} options what is in the folder, with which
 *   arguments it is served; `only` one browser; `allow` which errors in the console are expected
 * @param {(given: {page, server, folder, browser, name, context}) => Promise<void>} run
 */
export function scenario(name, {files = {}, args = [], only, allow} = {}, run) {
  for (const kind of wanted) {
    if (only && kind.name !== only) continue;
    test(`${name} (${kind.name})`, {timeout: 2 * PATIENCE}, async () => {
      const folder = await makeFolder(files);
      const server = await startServer(folder, args);
      const browser = await browserOf(kind);
      const context = await browser.createBrowserContext();
      const troubles = [];
      try {
        const page = await context.newPage();
        page.setDefaultTimeout(PATIENCE);
        await page.setViewport({width: 1200, height: 900});
        page.on('pageerror', error => troubles.push(`error in the page: ${error.message}`));
        page.on('console', message => {
          if (message.type() === 'error') troubles.push(`in the console: ${message.text()}`);
        });
        page.on('request', request => {
          if (/^https?:/.test(request.url()) && !request.url().startsWith(server.origin)) {
            troubles.push(`asks elsewhere: ${request.url()}`);
          }
        });
        await run({page, server, folder, browser, name: kind.name, context});
        assert.deepEqual(troubles.filter(trouble => !allow?.test(trouble)), []);
      } finally {
        await context.close().catch(() => {});
        await server.stop();
        await rm(folder, {recursive: true, force: true});
      }
    });
  }
}

/** Makes a page look dark, or as with forced colours: Chromium alone can be told while it runs. */
export async function emulate(page, {dark = false, forced = false}) {
  const session = await page.createCDPSession();
  await session.send('Emulation.setEmulatedMedia', {
    features: [
      {name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'},
      {name: 'forced-colors', value: forced ? 'active' : 'none'},
    ],
  });
}

/** Saves a picture of the page if GLASSHTTP_PICTURES names a folder: for people, who look at them. */
export async function picture(page, name) {
  const folder = process.env.GLASSHTTP_PICTURES;
  if (folder) await page.screenshot({path: join(folder, `${name}.png`)});
}

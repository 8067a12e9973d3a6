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
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {launch, makeFolder, PATIENCE, ROOT, startServer, wanted} from './browsers.mjs';

export {assert, PATIENCE, ROOT, wanted};

// One browser of each kind for a file of scenarios; each scenario has a profile of its own (a browser context).
const running = new Map();
async function browserOf(kind) {
  if (!running.has(kind.name)) running.set(kind.name, launch(kind));
  return running.get(kind.name);
}
after(async () => {
  for (const browser of running.values()) await (await browser).close();
});

/**
 * A test that runs in each browser.
 *
 * @param {string} name the promise that it keeps
 * @param {{files?: object, serve?: string, args?: string[], only?: string, allow?: RegExp}} options what is in the folder
 *   (or the folder, if it is one of the repository), with which arguments it is served (with --course the course is, which is
 *   unpacked in the folder); `only` one browser; `allow` which errors in the console are expected
 * @param {(given: {page, server, folder, browser, name, context}) => Promise<void>} run
 */
export function scenario(name, {files = {}, serve, args = [], only, allow} = {}, run) {
  for (const kind of wanted) {
    if (only && kind.name !== only) continue;
    test(`${name} (${kind.name})`, {timeout: 2 * PATIENCE}, async () => {
      const folder = await makeFolder(files);
      const server = await startServer(serve ?? folder, args);
      const browser = await browserOf(kind);
      const context = await browser.createBrowserContext();
      const troubles = [];
      try {
        const page = await context.newPage();
        page.setDefaultTimeout(PATIENCE);
        waitByTheClock(page);
        // A window that starts on a busy machine may not have the focus yet, and then no element gets an event of it.
        if (kind.name === 'chromium') await page.emulateFocusedPage(true);
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
        try {
          await run({page, server, folder, browser, name: kind.name, context});
        } catch (error) {
          // What else went wrong may be why.
          error.message = [error.message, ...troubles].join('; ');
          throw error;
        }
        assert.deepEqual(troubles.filter(trouble => !allow?.test(trouble)), []);
      } finally {
        await context.close().catch(() => {});
        await server.stop();
        await rm(folder, {recursive: true, force: true});
      }
    });
  }
}

/** Has waitForFunction ask again by the clock: a page that lies behind, or is not shown yet, draws no frames. */
function waitByTheClock(page) {
  const wait = page.waitForFunction.bind(page);
  page.waitForFunction = (isSo, options, ...values) => wait(isSo, {polling: 50, ...options}, ...values);
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

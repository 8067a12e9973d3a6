// The browsers that are here, folders, and servers of them: for the scenarios of harness.mjs, and for benchmarks.

import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import puppeteer from 'puppeteer-core';

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

/** Starts one of them. */
export function launch({options}) {
  return puppeteer.launch({headless: true, protocolTimeout: PATIENCE, ...options});
}

/** A folder with these files ({'a/b.txt': text or bytes, 'empty/': null}), gone when the scenario is over. */
export async function makeFolder(files) {
  const folder = await mkdtemp(join(tmpdir(), 'glasshttp-pages-'));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(name.endsWith('/') ? path : dirname(path), {recursive: true});
    if (!name.endsWith('/')) await writeFile(path, content);
  }
  return folder;
}

/**
 * A server of this folder, with these arguments. `url('/a')` is an address there, `output` what it has printed.
 * With --course it serves the course, which it unpacks in this folder.
 */
export async function startServer(folder, args = []) {
  const [served, env] = args.includes('--course') ? [[], {...process.env, TMPDIR: folder}] : [[folder], process.env];
  const child = spawn(BINARY, ['--port', '0', ...args, ...served], {stdio: ['ignore', 'pipe', 'pipe'], env});
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

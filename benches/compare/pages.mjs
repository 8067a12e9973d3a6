#!/usr/bin/env node
// How soon the page of a folder of 10,000 files can be used: ours, in a browser, beside nginx's plain one.
//
//   cargo build --release && tests/pages/run --install && benches/compare/pages.mjs
//   benches/compare/pages.mjs --entries 1000 --rounds 3
//
// In each round each server's page is opened once, in a new profile, in each browser; a column is the median of the
// rounds, in milliseconds, and the ratio of ours to nginx's in the same run is what counts. Usable is when the rows in
// sight are painted and the browser is free to handle a click: the second of two frames after DOMContentLoaded. A key is
// the time from when the browser noticed it until the frame that shows what it did; nginx's page has no filter.

import {spawn} from 'node:child_process';
import {rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {launch, makeFolder, PATIENCE, ROOT, startServer, wanted} from '../../tests/pages/browsers.mjs';

const {values: options} = parseArgs({options: {
  entries: {type: 'string', default: '10000'},
  rounds: {type: 'string', default: '5'},
}});
const ENTRIES = Number(options.entries);
const ROUNDS = Number(options.rounds);
/** What is typed into the filter, letter by letter; a dot stands for taking one away. */
const TYPED = 'file 12...99....x.77'.split('');

process.env.GLASSHTTP_BINARY ??= join(ROOT, 'target/release/glasshttp');

/** nginx with a listing of this folder, in the foreground and as one process. */
async function startNginx(folder) {
  const home = await makeFolder({'logs/': null});
  const port = 20_000 + process.pid % 10_000;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${home}/${name};`).join(' ');
  await writeFile(join(home, 'nginx.conf'), `
    daemon off; master_process off; pid ${home}/pid; error_log ${home}/logs/error.log;
    events {}
    http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; root ${folder}; autoindex on; } }`);
  const child = spawn('nginx', ['-p', home, '-c', join(home, 'nginx.conf')], {stdio: 'inherit'});
  const url = `http://localhost:${port}/`;
  const end = Date.now() + PATIENCE;
  for (;;) {
    if (await fetch(url).then(response => response.ok, () => false)) break;
    if (Date.now() > end || child.exitCode !== null) throw new Error('nginx does not answer');
  }
  return {
    url: () => url,
    stop: async () => {
      await new Promise(done => child.once('exit', done).kill('SIGTERM'));
      await rm(home, {recursive: true});
    },
  };
}

/** Runs in the page before all else: notes when it can be used, and how long it kept everything waiting. */
function watch() {
  const noted = globalThis.noted = {usable: 0, blocked: 0, keys: []};
  addEventListener('DOMContentLoaded', () => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { noted.usable = performance.now(); })));
  });
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver(list => {
      for (const {duration} of list.getEntries()) noted.blocked += Math.max(0, duration - 50);
    }).observe({type: 'longtask', buffered: true});
  }
  addEventListener('keydown', event => {
    const began = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => noted.keys.push(performance.now() - began)));
  }, true);
}

/** What one visit comes to. */
async function visit(browser, url) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.setViewport({width: 1200, height: 900});
    await page.evaluateOnNewDocument(watch);
    await page.goto(url, {waitUntil: 'load'});
    await page.waitForFunction(() => globalThis.noted.usable > 0);
    const found = await page.evaluate(() => {
      const [navigation] = performance.getEntriesByType('navigation');
      const [paint] = performance.getEntriesByType('paint');
      return {
        'first paint': paint?.startTime ?? NaN,
        usable: globalThis.noted.usable,
        load: navigation.loadEventEnd,
        blocked: globalThis.noted.blocked,
        kB: navigation.decodedBodySize / 1000,
        elements: document.querySelectorAll('*').length,
      };
    });
    if (await page.$('#filter')) {
      await page.focus('#filter');
      for (const [index, letter] of TYPED.entries()) {
        await page.keyboard.press(letter === '.' ? 'Backspace' : letter);
        await page.waitForFunction(count => globalThis.noted.keys.length > count, {}, index);
      }
      const keys = await page.evaluate(() => globalThis.noted.keys);
      found['a key'] = median(keys);
      found['the slowest'] = Math.max(...keys);
    }
    return found;
  } finally {
    await context.close();
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const files = Object.fromEntries(Array.from({length: ENTRIES}, (_, index) => [`file ${index} of many.txt`, `${index}\n`]));
const folder = await makeFolder(files);
const ours = await startServer(folder);
const nginx = await startNginx(folder);
const servers = {glasshttp: ours.url('/'), nginx: nginx.url('/')};
try {
  for (const kind of wanted) {
    const browser = await launch(kind);
    const visits = {glasshttp: [], nginx: []};
    for (let round = 0; round < ROUNDS; round += 1) {
      // Who comes first changes.
      const order = Object.keys(servers);
      for (const name of round % 2 ? order.reverse() : order) visits[name].push(await visit(browser, servers[name]));
    }
    await browser.close();
    const columns = Object.keys(visits.glasshttp[0]);
    const of = name => Object.fromEntries(columns.map(column => [column, median(visits[name].map(one => one[column] ?? NaN))]));
    const [own, other] = [of('glasshttp'), of('nginx')];
    const number = value => Number.isFinite(value) ? value.toFixed(value < 10 ? 1 : 0) : '-';
    const row = (name, values) => console.log(`| ${[name, ...columns.map(column => values[column])].join(' | ')} |`);
    const shown = values => Object.fromEntries(columns.map(column => [column, number(values[column])]));
    console.log(`\n${kind.name}, ${ENTRIES} entries, ${ROUNDS} rounds, ms`);
    row('', Object.fromEntries(columns.map(column => [column, column])));
    console.log(`|---|${'--:|'.repeat(columns.length)}`);
    row('glasshttp', shown(own));
    row('nginx', shown(other));
    row('ratio', Object.fromEntries(columns.map(column => [column, other[column] > 0 ? (own[column] / other[column]).toFixed(2) : '-'])));
  }
} finally {
  await nginx.stop();
  await ours.stop();
  await rm(folder, {recursive: true});
}

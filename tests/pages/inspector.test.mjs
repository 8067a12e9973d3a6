// The inspector's page in real browsers: choosing, comparing, copying and saving exchanges, by mouse and by keys alone.

import axe from 'axe-core';
import {spawnSync} from 'node:child_process';
import {assert, emulate, picture, scenario} from './harness.mjs';

const OPTIONS = {args: ['--inspect', '--log', 'off'], files: {'index.html': '<title>Home</title>', 'a.txt': 'hello', 'b.css': 'b{}'}};

async function open(page, server) {
  await page.goto(server.url('/.glass/'));
  await page.waitForFunction(() => document.querySelector('#state').innerText.startsWith('Live'));
}

/** Asks the server for something, as no browser does. */
const ask = (server, path, options) => fetch(server.url(path), options).then(response => response.text().then(() => response));

/** The targets of the rows, from the top. */
const targets = page => page.$$eval('#rows tr[data-id] .open', rows => rows.map(row => row.textContent));

const waitForTargets = (page, expected) => page.waitForFunction(expected =>
  [...document.querySelectorAll('#rows tr[data-id] .open')].map(row => row.textContent).join(' ') === expected, {}, expected.join(' '));

const clickButton = (page, label) => page.evaluate(label =>
  [...document.querySelectorAll('button')].find(button => button.textContent.startsWith(label) && button.offsetParent).click(), label);

const focused = page => page.evaluate(() => document.activeElement.textContent || document.activeElement.id);

scenario('the filter is reached by a slash, takes what network panels take, and says what it does not understand', OPTIONS, async ({page, server}) => {
  await open(page, server);
  for (const path of ['/a.txt', '/gone', '/index.html']) await ask(server, path);
  await waitForTargets(page, ['/index.html', '/gone', '/a.txt']);
  await page.keyboard.press('/');
  assert.equal(await focused(page), 'filter');
  await page.keyboard.type('-status:404 size>10');
  await waitForTargets(page, ['/index.html']);
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.keyboard.type('status:odd nothing/like/it');
  await waitForTargets(page, []);
  assert.match(await page.$eval('#filter-problems', node => node.innerText), /status:odd: a status is 404/);
  assert.match(await page.$eval('#no-exchanges', node => node.innerText), /No exchange passes the filter/);
});

scenario('columns are sorted by their heads, and say so', OPTIONS, async ({page, server}) => {
  await open(page, server);
  for (const path of ['/b.css', '/index.html', '/a.txt']) await ask(server, path);
  await waitForTargets(page, ['/a.txt', '/index.html', '/b.css']);
  const orders = () => page.$$eval('th[aria-sort]', heads => heads.map(head => `${head.innerText} ${head.getAttribute('aria-sort')}`));
  assert.deepEqual(await orders(), ['Ended at descending']);
  for (const [key, expected, order] of [
    ['target', ['/a.txt', '/b.css', '/index.html'], 'Target ascending'],
    ['target', ['/index.html', '/b.css', '/a.txt'], 'Target descending'],
    ['bytes', ['/index.html', '/a.txt', '/b.css'], 'Sent descending'],
    ['bytes', ['/b.css', '/a.txt', '/index.html'], 'Sent ascending'],
    ['when', ['/a.txt', '/index.html', '/b.css'], 'Ended at descending'],
  ]) {
    await page.focus(`th[data-sort=${key}] button`);
    await page.keyboard.press('Enter');
    await waitForTargets(page, expected);
    assert.deepEqual(await orders(), [order]);
  }
  // What comes later goes to its place.
  await page.focus('th[data-sort=target] button');
  await page.keyboard.press('Enter');
  await ask(server, '/aa');
  await waitForTargets(page, ['/a.txt', '/aa', '/b.css', '/index.html']);
});

scenario('keys alone compare an exchange with the one before: why 200 then, and 304 now', OPTIONS, async ({page, server}) => {
  await open(page, server);
  const first = await ask(server, '/a.txt');
  await ask(server, '/a.txt', {headers: {'If-None-Match': first.headers.get('etag')}});
  await waitForTargets(page, ['/a.txt', '/a.txt']);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#exchange:not([hidden]) .actions');
  const label = 'Compare with the one before: 200';
  for (let tabs = 0; await focused(page) !== label; tabs += 1) {
    assert.ok(tabs < 10, await focused(page));
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.waitForSelector('#comparison:not([hidden]) .compared');
  const different = await page.$$eval('.compared .different th', heads => heads.map(head => head.textContent));
  assert.ok(different.some(name => /if-none-match$/i.test(name)), different.join());
  assert.ok(different.some(name => name.endsWith('status')), different.join());
  const equal = await page.$$eval('.compared tbody tr:not(.different, .group) th', heads => heads.map(head => head.textContent));
  assert.ok(equal.includes('request line'), equal.join());
  assert.deepEqual(await page.$$eval('.beside .sentence b', codes => codes.map(code => code.textContent)), ['200', '304']);
  await page.click('#comparison .switch input');
  assert.ok(await page.$$eval('.compared tbody tr', rows => rows.every(row => row.offsetParent === null || row.matches('.different, .group'))));
  await page.keyboard.press('Escape');
  await page.waitForSelector('#comparison[hidden]');
  assert.equal(await focused(page), '/a.txt');
});

scenario('any two exchanges are compared: one is chosen, then the other is opened', OPTIONS, async ({page, server}) => {
  await open(page, server);
  for (const path of ['/a.txt', '/b.css']) await ask(server, path);
  await waitForTargets(page, ['/b.css', '/a.txt']);
  await page.click('#rows tr[data-id]');
  await page.waitForSelector('#exchange:not([hidden]) .actions');
  await clickButton(page, 'Compare with another');
  assert.match(await page.$eval('#choosing', node => node.innerText), /compare with GET \/b\.css/);
  await page.keyboard.press('Escape');
  assert.ok(await page.$eval('#choosing', node => node.hidden));
  await page.click('#rows tr[data-id]');
  await page.waitForSelector('#exchange:not([hidden]) .actions');
  await clickButton(page, 'Compare with another');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#comparison:not([hidden]) .compared');
  const heads = await page.$$eval('.beside .about', nodes => nodes.map(node => node.innerText.split(' at ')[0]));
  assert.deepEqual(heads, ['GET /a.txt', 'GET /b.css']);
});

scenario('what is copied as curl sends the same request again', OPTIONS, async ({page, server}) => {
  await open(page, server);
  await ask(server, '/a.txt?q=it\'s', {method: 'POST', body: '{"a":"it\'s"}\n', headers: {'Content-Type': 'application/json', 'X-Odd': '"$x" `y`'}}).catch(() => {});
  await page.waitForSelector('#rows tr[data-id="1"]');
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', {value: {writeText: async text => { globalThis.copied = text; }}});
  });
  await page.click('#rows tr[data-id]');
  await page.waitForSelector('#exchange:not([hidden]) .actions');
  await clickButton(page, 'Copy as curl');
  const command = await page.waitForFunction(() => globalThis.copied).then(handle => handle.jsonValue());
  assert.match(await page.$eval('#said', node => node.innerText), /^Copied/);
  const {status, stderr} = spawnSync('bash', ['-c', command], {encoding: 'utf8', env: {...process.env, no_proxy: '*'}});
  assert.equal(status, 0, stderr);
  await page.waitForSelector('#rows tr[data-id="2"]');
  const [one, two] = await page.evaluate(() => Promise.all([1, 2].map(id => fetch(`./exchange/${id}`).then(answer => answer.json()))));
  const fieldsOf = ({request}) => request.split('\r\n').filter(line => !/^(connection|content-length):/i.test(line)).map(line => line.replace(/^[^:]+/, name => name.toLowerCase())).toSorted();
  assert.deepEqual(fieldsOf(two), fieldsOf(one));
  assert.equal(two.requestBody, one.requestBody);
});

scenario('what is shown is saved as HAR', OPTIONS, async ({page, server}) => {
  await open(page, server);
  for (const path of ['/a.txt?x=1', '/gone', '/b.css']) await ask(server, path);
  await waitForTargets(page, ['/b.css', '/gone', '/a.txt?x=1']);
  await page.evaluate(() => {
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => { blob.text().then(text => { globalThis.saved = text; }); return make(blob); };
  });
  await page.type('#filter', '-status:404');
  await waitForTargets(page, ['/b.css', '/a.txt?x=1']);
  await page.click('#export');
  const {log} = JSON.parse(await page.waitForFunction(() => globalThis.saved).then(handle => handle.jsonValue()));
  assert.deepEqual(log.entries.map(({request, response}) => [request.url, response.status, response.content.text]),
    [[server.url('/a.txt?x=1'), 200, 'hello'], [server.url('/b.css'), 200, 'b{}']]);
  assert.ok(Math.abs(Date.parse(log.entries[0].startedDateTime) - Date.now()) < 60_000);
});

scenario('lanes fold away, and stay so when the page is loaded again', OPTIONS, async ({page, server}) => {
  await open(page, server);
  await ask(server, '/a.txt');
  await page.waitForSelector('.exchange-bar');
  await page.focus('#fold');
  await page.keyboard.press('Enter');
  const isSeen = () => page.$eval('#lanes', lanes => lanes.offsetParent !== null);
  assert.equal(await isSeen(), false);
  await open(page, server);
  await page.waitForSelector('#rows tr[data-id]');
  assert.equal(await isSeen(), false);
  assert.equal(await page.$eval('#fold', button => button.getAttribute('aria-expanded')), 'false');
  await page.click('#fold');
  await page.waitForSelector('.exchange-bar');
});

scenario('what a browser keeps from a page of another origin is marked, and so is its preflight', OPTIONS, async ({page, server, context}) => {
  await open(page, server);
  const other = await context.newPage();
  await other.goto(server.url('/').replace('localhost', '127.0.0.1'));
  await other.evaluate(async url => {
    await fetch(url).catch(() => {});
    await fetch(url, {method: 'PUT', body: 'x'}).catch(() => {});
  }, server.url('/a.txt'));
  await page.bringToFront();
  await page.type('#filter', 'is:blocked');
  await page.waitForFunction(() => document.querySelectorAll('#rows tr.blocked').length === 2);
  const rows = await page.$$eval('#rows tr[data-id]', rows => rows.map(row => row.innerText.replaceAll(/\s+/g, ' ')));
  assert.match(rows[0], /OPTIONS \/a\.txt blocked preflight/);
  assert.match(rows[1], /^200 ⊘? ?GET \/a\.txt blocked/);
  await page.click('#rows tr[data-id] .open');
  await page.waitForSelector('#exchange .sentence.blocked');
  assert.match(await page.$eval('#exchange .sentence', node => node.innerText), /^204 Blocked by the browser: .*127\.0\.0\.1.*--cors/);
  assert.equal(await page.$$eval('#exchange .steps .deciding', steps => steps.length), 1);
});

scenario('a preflight that is in the table already names its request when that comes', OPTIONS, async ({page, server}) => {
  await open(page, server);
  const origin = {Origin: 'http://localhost:5173'};
  await ask(server, '/b.css');
  await ask(server, '/a.txt', {method: 'OPTIONS', headers: {...origin, 'Access-Control-Request-Method': 'GET'}});
  await page.waitForFunction(() => document.querySelector('#rows tr[data-id="2"]')?.innerText.includes('preflight'));
  await ask(server, '/a.txt', {headers: origin});
  await page.waitForFunction(() => document.querySelector('#rows tr[data-id="2"]')?.innerText.includes('preflight of GET'));
  assert.deepEqual(await targets(page), ['/a.txt', '/a.txt', '/b.css']);
});

scenario('what a browser loads for a page stands together', {...OPTIONS, files: {'index.html': '<!DOCTYPE html><title>Home</title><link rel="icon" href="data:,"><link rel="stylesheet" href="b.css">', 'b.css': 'b{}'}}, async ({page, server, context}) => {
  await open(page, server);
  await ask(server, '/by-a-program');
  const other = await context.newPage();
  await other.goto(server.url('/'));
  await page.bringToFront();
  await page.click('#by-page');
  await page.waitForFunction(() => document.querySelectorAll('.waterfall .open').length === 2);
  assert.deepEqual(await page.$$eval('.waterfall .open', rows => rows.map(row => row.textContent)), ['/', '/b.css']);
  assert.match(await page.$eval('.load summary', node => node.innerText), /^\/ .* 2 requests/);
  await page.waitForFunction(() => document.querySelector('#no-loads').innerText.startsWith('1 exchange belongs to no page'));
});

scenario('what a request brought is shown, counted and saved as it came', OPTIONS, async ({page, server}) => {
  await open(page, server);
  const body = JSON.stringify({name: 'Ada', text: 'x\u0000'.repeat(10)});
  await ask(server, '/a.txt', {method: 'PUT', body, headers: {'Content-Type': 'application/json'}});
  await page.waitForSelector('#rows tr[data-id="1"]');
  assert.equal(await page.$eval('#rows tr[data-id="1"] .c-received', cell => cell.innerText), `${body.length} B`);
  await page.click('#rows tr[data-id="1"] .open');
  await page.waitForFunction(() => document.querySelector('#exchange .carried')?.innerText.includes('"name": "Ada"'));
  const saved = await page.$$eval('#exchange .actions a', links => Promise.all(links.map(link => fetch(link.href).then(answer => answer.text()))));
  assert.equal(saved.length, 2);
  assert.ok(saved[0].startsWith('PUT /a.txt HTTP/1.1\r\n') && saved[0].endsWith(`\r\n\r\n${body}`), saved[0]);
  assert.match(saved[1], /^HTTP\/1\.1 405 /);
});

// ---- with events that are made up: what a server tells of ten thousand exchanges, of pages and of bodies

/** Makes the page hear these events in place of the server's: those of exchanges without what is usual. */
async function pretend(page, server, exchanges, stories = {}) {
  const events = exchanges.map((more, index) => ({
    id: index + 1, connection: 1 + Math.floor(index / 20), number: 1 + index % 20, worker: 0, client: '127.0.0.1', method: 'GET', target: '/', status: 200,
    phrase: 'OK', sent: 1000, length: 1000, complete: true, began: 20_000 * index, arrived: 20_000 * index + 100, decided: 20_000 * index + 300,
    ended: 20_000 * index + 900, ...more,
  }));
  await page.evaluateOnNewDocument((events, stories) => {
    const real = window.fetch;
    window.EventSource = class extends EventTarget {
      constructor() {
        super();
        const tell = (kind, data) => this.dispatchEvent(new MessageEvent(kind, {data: JSON.stringify(data)}));
        setTimeout(() => {
          tell('hello', {version: '1.2.3', workers: 1, now: 1e9, faults: []});
          for (const event of events) tell('exchange', event);
        });
      }
      close() {}
    };
    window.fetch = (url, options) => {
      const id = /^\.\/exchange\/(\d+)$/.exec(url)?.[1];
      if (!id) return real(url, options);
      const story = {request: '', response: '', body: '', steps: [], ...events[id - 1], ...stories[id]};
      return Promise.resolve(new Response(JSON.stringify(story)));
    };
  }, events, stories);
  await open(page, server);
}

const CORS = [
  {method: 'OPTIONS', target: '/api', status: 204, phrase: 'No Content', sent: 0, preflight: true, origin: 'http://localhost:5173'},
  {method: 'PUT', target: '/api', status: 405, phrase: 'Method Not Allowed', about: 1, blocked: true, origin: 'http://localhost:5173', received: 62},
];
const STEPS = ['target', 'cors', 'method'].map(name => ({name, text: `says ${name}`, rfc: null, url: null, file: 'src/lib.rs', line: 1, at: 100}));
const STORY = {
  request: 'PUT /api HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n', requestBody: '{"name":"Ada"}', requestBodyCut: true,
  response: 'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n\r\n', body: 'no', steps: STEPS, deciding: 1,
  sentence: 'Blocked by the browser: the page of http://localhost:5173 may not read this; start with `--cors=http://localhost:5173`',
};

scenario('an exchange opens with its sentence, which leads to the step that decided; a preflight and its request lead to each other', OPTIONS, async ({page, server}) => {
  await pretend(page, server, CORS, {2: STORY});
  await page.waitForSelector('#rows tr[data-id="2"].blocked');
  const row = await page.$eval('#rows tr[data-id="2"]', node => node.innerText);
  assert.match(row, /blocked/);
  assert.match(await page.$eval('#rows tr[data-id="2"] .open', node => node.getAttribute('aria-label')), /blocked, its preflight$/);
  assert.match(await page.$eval('#rows tr[data-id="1"]', node => node.innerText), /preflight of PUT/);
  await page.click('#rows tr[data-id="2"] .open');
  await page.waitForSelector('#exchange .sentence');
  const parts = await page.$eval('#exchange-content', node => [...node.children].map(child => child.className.split(' ')[0] || child.tagName));
  assert.deepEqual(parts.slice(0, 3), ['sentence', 'related', 'actions']);
  assert.equal(await page.$eval('#exchange .sentence code', node => node.textContent), '--cors=http://localhost:5173');
  await page.click('#exchange .sentence a');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'step-2');
  assert.match(await page.$eval('#exchange .steps .deciding', node => node.innerText), /this decided\s+cors says cors/);
  await clickButton(page, 'Its preflight');
  await page.waitForFunction(() => document.querySelector('#exchange-title').innerText.startsWith('OPTIONS /api'));
  await clickButton(page, 'The request: PUT 405');
  await page.waitForFunction(() => document.querySelector('#exchange-title').innerText.startsWith('PUT /api'));
});

scenario('what a request carried is read by its type, and is there byte for byte', OPTIONS, async ({page, server}) => {
  const story = (type, requestBody) => ({request: `POST / HTTP/1.1\r\nContent-Type: ${type}\r\n\r\n`, requestBody});
  const multipart = '--X\r\nContent-Disposition: form-data; name="file"; filename="<b>.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\0\r\n--X--\r\n';
  const stories = {
    1: {...story('application/json', '{"a":[1,"<img src=x>"]}'), requestBodyCut: true}, 2: story('application/x-www-form-urlencoded', 'name=Ada+L&town=M%C3%BCnchen'),
    3: story('multipart/form-data; boundary=X', multipart), 4: story('application/octet-stream', '\0\x01abc'), 5: story('text/plain', 'one\ntwo \xe2\x80\xaeevil'),
  };
  await pretend(page, server, Object.keys(stories).map(() => ({method: 'POST', received: 9})), stories);
  for (const [id, expected] of [
    [1, /JSON\. More came than is kept; this is its beginning\.\s+\{\s+"a": \[\s+1,\s+"<img src=x>"\s+\]\s+\}/],
    [2, /a form\.\s+Name\s+Value\s+name\s+Ada L\s+town\s+München/], [3, /file · file <b>\.png · image\/png · 5 bytes\s+00000\s+89 50 4e 47 00\s+·PNG·/],
    [4, /no text\.\s+00000 {2}00 01 61 62 63\s+··abc/], [5, /text\.\s+one\ntwo \\u\{202e\}evil/],
  ]) {
    await page.waitForSelector(`#rows tr[data-id="${id}"]`);
    await page.click(`#rows tr[data-id="${id}"] .open`);
    await page.waitForFunction(id => document.querySelector('#rows tr.selected')?.dataset.id === String(id) && !document.querySelector('#exchange').hidden, {}, id);
    await page.waitForFunction(pattern => new RegExp(pattern).test(document.querySelector('#exchange-content').innerText), {}, expected.source);
  }
  await page.click('#exchange details summary');
  await page.waitForFunction(() => document.querySelector('#exchange details').innerText.includes('6f 6e 65 0a'));
  assert.equal(await page.$$eval('#exchange img', images => images.length), 0);
});

const html = {dest: 'document', type: 'text/html'};
const PAGE = [
  {...html, target: '/'}, {target: '/style.css', referer: '/', type: 'text/css', sent: 30_000, dest: 'style'},
  {target: '/logo.png', referer: '/style.css', type: 'image/png', dest: 'image'},
  {target: '/logo.png', referer: '/', type: 'image/png', dest: 'image', cache: 'no-store'}, {target: '/by-curl'},
];

scenario('by page, what a page fetched stands together, with what would make it lighter', OPTIONS, async ({page, server}) => {
  await pretend(page, server, PAGE);
  await page.waitForSelector('#rows tr[data-id]');
  await page.focus('#by-page');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.load .waterfall');
  const text = await page.$eval('.load', node => node.innerText);
  assert.match(text, /^\/.*4 requests · 33\.0 kB/);
  assert.match(text, /2 of 4 answers are text that was not compressed: --compress would save about 21\.7 kB/);
  assert.match(text, /logo\.png was fetched twice/);
  assert.deepEqual(await page.$$eval('.waterfall .open', rows => rows.map(row => row.textContent)), ['/', '/style.css', '/logo.png', '/logo.png']);
  assert.match(await page.$eval('#no-loads', node => node.innerText), /^1 exchange belongs to no page/);
  await page.focus('.waterfall [data-id="2"]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#exchange-title').innerText.startsWith('GET /style.css'));
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement.textContent === '/style.css');
  await page.type('#filter', 'logo');
  await page.waitForFunction(() => document.querySelectorAll('.waterfall .open').length === 2);
  for (const [text, expected] of [['size>20k', '/style.css'], ['is:page', '/']]) {
    await page.$eval('#filter', box => { box.value = ''; });
    await page.type('#filter', text);
    await page.waitForFunction(expected => [...document.querySelectorAll('.waterfall .open')].map(row => row.textContent).join() === expected, {}, expected);
  }
});

scenario('of ten thousand exchanges those are drawn that are seen', OPTIONS, async ({page, server}) => {
  await pretend(page, server, Array.from({length: 10_050}, (_, index) => ({target: `/${index + 1}`, status: [200, 304, 404][index % 3]})));
  await page.waitForFunction(() => document.querySelector('#count').innerText === '10,000 of 10,050 exchanges shown');
  const drawn = () => page.evaluate(() => [document.querySelectorAll('#rows tr[data-id]').length, document.querySelectorAll('.exchange-bar').length]);
  const [rows, bars] = await drawn();
  assert.ok(rows < 100 && bars <= 500, `${rows} rows, ${bars} bars`);
  assert.equal(await page.$eval('#table', table => table.getAttribute('aria-rowcount')), '10001');
  await page.focus('#rows .open[tabindex="0"]');
  await page.keyboard.press('End');
  assert.equal(await focused(page), '/51');
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(page), '/52');
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr').getAttribute('aria-rowindex')), '10000');
  await page.keyboard.press('Home');
  assert.equal(await focused(page), '/10050');
  await page.type('#filter', 'status:404 /999');
  await page.waitForFunction(() => document.querySelector('#count').innerText === '5 of 10,050 exchanges shown');
  await waitForTargets(page, ['/9999', '/9996', '/9993', '/9990', '/999']);
});

// ---- looks

const VIEWS = [
  ['the table', async () => {}],
  ['one exchange', async page => {
    await page.click('#rows tr[data-id="2"] .open');
    await page.waitForSelector('#exchange .sentence');
  }],
  ['two exchanges', async page => {
    await page.click('#rows tr[data-id="8"] .open');
    await page.waitForSelector('#exchange .sentence');
    await clickButton(page, 'Compare with the one before');
    await page.waitForSelector('#comparison:not([hidden]) .compared');
  }],
  ['pages', async page => {
    await page.click('#by-page');
    await page.waitForSelector('.load .waterfall');
    await page.click('.syntax summary');
  }],
];

for (const [name, prepare] of VIEWS) {
  scenario(`axe finds nothing, and nothing is wider than a phone: ${name}`, {...OPTIONS, only: 'chromium'}, async ({page, server}) => {
    await pretend(page, server, [...CORS, ...PAGE, PAGE[0]].map(each => ({...each})), {2: STORY, 8: {...STORY, status: 200}, 3: {...STORY, steps: STEPS.slice(1), deciding: 0, sentence: undefined}});
    for (const {look, width, ...media} of [
      {look: 'light', width: 1200}, {look: 'dark', width: 1200, dark: true}, {look: 'forced', width: 1200, forced: true}, {look: 'phone', width: 390},
    ]) {
      await emulate(page, media);
      await page.setViewport({width, height: 844});
      await open(page, server);
      await page.waitForSelector('#rows tr[data-id="2"]');
      await prepare(page);
      await picture(page, `inspector-${name}-${look}`.replaceAll(/\W+/g, '-'));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, look);
      await page.evaluate(axe.source);
      const {violations} = await page.evaluate(() => globalThis.axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}));
      assert.deepEqual(violations.flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.target} ${node.html.slice(0, 150)}`)), [], look);
    }
  });
}

// The laboratory in the pages of the course: each block is played and compared with the exchange that was recorded.
//
// The blocks are found in the pages: a new one is tested without a line here. What the scenarios behind that need, they
// put into a page of their own.

import axe from 'axe-core';
import {readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {assert, emulate, PATIENCE, picture, ROOT, scenario} from './harness.mjs';

const COURSE = join(ROOT, 'www');
// A server without --inspect says so, and a catalogue of Chinese sentences need not be there.
const isNotThere = /status of 4\d\d/;
const WITH = {args: ['--course'], allow: isNotThere};
const LANGUAGES = ['/guide', '/zh/guide'];

const hasBlocks = async name => (await readFile(join(COURSE, 'guide', name), 'utf8')).includes('<figure class="lab"');
const names = (await readdir(join(COURSE, 'guide'))).filter(name => name.endsWith('.html'));
const chapters = (await Promise.all(names.map(async name => await hasBlocks(name) ? [name] : []))).flat();

// ---- what a reader does and sees

const blocks = page => page.$$eval('figure.lab', all => all.map(({id}) => id));
const opened = page => page.waitForSelector('figure.lab.on');
// A page in the background draws no frames, by which waitForFunction would look again.
const isOver = (page, id) => page.waitForFunction(
  id => document.getElementById(id).dataset.state === 'over', {polling: 'mutation'}, id);
const text = (page, selector) => page.$eval(selector, one => one.textContent);

async function play(page, id) {
  await page.$eval(`#${id} button.send`, button => button.click());
  await isOver(page, id);
  return page.$eval(`#${id}`, ({dataset}) => dataset.same);
}

/** What of an answer was not as in the book, to be read by people. */
const differences = (page, id) => page.$eval(`#${id}`, block =>
  [...block.querySelectorAll('.lab-verdict, .lab-problem, li.came, li.book, .lab-stream .event:last-child')]
    .map(({className, textContent}) => `${className}: ${textContent}`).join('\n'));

/** Writes this into a line, in place of what is there. */
async function write(page, selector, line) {
  await page.focus(selector);
  await page.$eval(selector, field => field.select());
  await page.keyboard.press('Backspace');
  await page.type(selector, line);
}

const focused = page => page.evaluate(() => document.activeElement.ariaLabel || document.activeElement.textContent);

// ---- each block of the course

for (const chapter of chapters) {
  scenario(`each block of ${chapter} is answered as it was recorded, in both languages`, WITH, async ({page, server, context}) => {
    const pages = await Promise.all(LANGUAGES.map(async folder => {
      const own = folder === '/guide' ? page : await context.newPage();
      await own.goto(server.url(`${folder}/${chapter}`));
      await opened(own);
      return own;
    }));
    const played = await Promise.all(pages.map(async own => {
      for (const id of await blocks(own)) {
        assert.equal(await play(own, id), 'yes', `${own.url()}#${id}\n${await differences(own, id)}`);
      }
      return blocks(own);
    }));
    assert.ok(played[0].length > 0);
    assert.deepEqual(played[0], played[1]);
  });
}

// ---- a page of our own

const ANSWER = ['HTTP/1.1 200 OK', 'Date: Sun, 29 Nov 2026 09:30:00 GMT', 'Server: glasshttp', 'Content-Length: 14',
  'Content-Type: text/plain; charset=utf-8', 'Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT', 'ETag: "e-29cd4ac39a5a-3e8"',
  'Cache-Control: no-cache', 'Accept-Ranges: bytes', 'X-Content-Type-Options: nosniff', '', 'Hello, world!\\n', '(open)'];
const REQUEST = ['GET /hello.txt HTTP/1.1', 'Host: localhost', ''];
const record = (sent, got, attributes = '') => `<figure class="transcript" data-recorded ${attributes}><pre tabindex="0"><code>${
  [...sent.map(line => `&gt; ${line}`.trim()), ...got.map(line => `&lt; ${line}`.trim())].join('\n')}</code></pre>
  <figcaption>As it was recorded.</figcaption></figure>`;
const block = (id, attributes, ...records) => `<figure class="lab" id="${id}" ${attributes}>
  <figcaption><strong>${id}</strong> Look at the answer.</figcaption>
  <div class="ask" id="ask-${id}"><p>What comes back to ${id}?</p>
    <details class="answer right"><summary>200</summary><p>The file is there.</p></details>
    <details class="answer"><summary>404</summary><p>The file is there, after all.</p></details></div>
  <pre class="terminal" tabindex="0"><code>printf 'GET /hello.txt HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' | nc localhost 8001</code></pre>
  ${records.join('\n')}</figure>`;

/** Opens a page with these blocks, in a course that is served with a laboratory. */
async function openOwn(page, server, folder, ...made) {
  const [unpacked] = await readdir(folder);
  const course = join(folder, unpacked, 'course');
  const chapter = await readFile(join(course, 'guide/http.html'), 'utf8');
  const [before, after] = [chapter.slice(0, chapter.indexOf('<main>')), chapter.slice(chapter.indexOf('</main>'))];
  await writeFile(join(course, 'own.html'), `${before}<main><h1>Blocks</h1>${made.join('\n')}${after}`);
  await page.goto(server.url('/own.html'));
  await opened(page);
}

const HELLO = block('lab-hello', 'data-options="--threads 1"', record(REQUEST, ANSWER));
const END = ANSWER.slice(0, -1);

const WAYS = [
  // The way, how many connections, and what the page says of what was sent.
  ['whole', 1, /^44 bytes sent$/],
  ['bytes', 1, /^44 bytes sent in 44 pieces$/],
  ['halves', 1, /^44 bytes sent in 2 pieces$/],
  ['twice', 2, /^44 bytes sent$/],
];
scenario('bytes are sent as a whole, one by one, in two pieces and twice', WITH, async ({page, server, folder}) => {
  await openOwn(page, server, folder, HELLO);
  for (const [way, connections, sent] of WAYS) {
    await page.select('#lab-hello .how select', way);
    assert.equal(await play(page, 'lab-hello'), 'yes', `${way}\n${await differences(page, 'lab-hello')}`);
    const told = await page.$$eval('#lab-hello .lab-connection', all => all.map(one =>
      [...one.querySelectorAll('.event span + span')].map(({textContent}) => textContent)));
    assert.equal(told.length, connections, way);
    for (const events of told) assert.ok(events.some(event => sent.test(event)), `${way}: ${events}`);
    assert.match(await text(page, '#lab-hello .lab-verdict'), /^The same as in the book, but for the date/);
  }
});

scenario('of the half of a request the page says how long the server waited', WITH, async ({page, server, folder}) => {
  const answer = ['HTTP/1.1 408 Request Timeout'];
  await openOwn(page, server, folder,
    block('lab-half', 'data-options="--head-timeout 1" data-send="half"', record(REQUEST, answer)));
  assert.equal(await play(page, 'lab-half'), 'yes', await differences(page, 'lab-half'));
  const [time] = await page.$$eval('#lab-half .lab-stream li:not(.event) .at', all => all.map(({textContent}) => textContent).filter(Boolean));
  assert.ok(parseInt(time, 10) >= 1000, time);
});

scenario('two connections, one later than the other, are both compared', WITH, async ({page, server, folder}) => {
  await openOwn(page, server, folder,
    block('lab-two', '', record(REQUEST, ANSWER), record(['HEAD /hello.txt HTTP/1.1', 'Host: localhost', ''], ANSWER.toSpliced(-2, 1), 'data-client="2" data-after="100"')));
  assert.equal(await play(page, 'lab-two'), 'yes', await differences(page, 'lab-two'));
  assert.match(await text(page, '#lab-two .lab-connection:last-child h3'), /connection 2, 100 ms after the first/);
});

scenario('what is changed is sent, is compared, and can be taken back', WITH, async ({page, server, folder}) => {
  await openOwn(page, server, folder, HELLO);
  await write(page, '#lab-hello li:nth-child(1) textarea', 'GET /nothing HTTP/1.1');
  assert.equal(await text(page, '#lab-hello li:nth-child(1) .size'), '23 bytes');
  assert.equal(await play(page, 'lab-hello'), 'no');
  const answer = await text(page, '#lab-hello .lab-stream');
  assert.ok(answer.includes('HTTP/1.1 404 Not Found') && answer.includes('in the bookHTTP/1.1 200 OK'), answer);
  assert.match(await text(page, '#lab-hello .lab-changed'), /^You changed what is sent/);
  // LF alone, by the switch beside the line. The server says why not, first and with its lines.
  await page.click('#lab-hello button.back');
  await page.select('#lab-hello li:nth-child(1) select', 'lf');
  assert.equal(await play(page, 'lab-hello'), 'no');
  assert.match(await text(page, '#lab-hello .lab-stream'), /HTTP\/1\.1 400 Bad Request/);
  const deciding = '#lab-hello .deciding';
  assert.match(await text(page, deciding), /a line ends with LF alone/);
  assert.equal(await page.$eval(`${deciding} a.rfc`, link => link.href), 'https://www.rfc-editor.org/rfc/rfc9112#section-2.2');
  assert.ok(await page.$eval(`${deciding} details`, details => details.open));
  assert.equal(await page.$$eval(`${deciding} .decides`, all => all.length), 1);
  // What the course says of that line is fetched from its map of the source.
  await page.waitForSelector(`${deciding} .idea a[href*="/guide/"]`);
  // A byte of any kind, many of them, and one that is none.
  await write(page, '#lab-hello li:nth-child(2) textarea', 'Host: \\xE9{a*300}');
  assert.equal(await text(page, '#lab-hello li:nth-child(2) .size'), '309 bytes');
  await write(page, '#lab-hello li:nth-child(2) textarea', 'Host: \\q');
  assert.match(await text(page, '#lab-hello li:nth-child(2) .wrong'), /\\q/);
  await page.click('#lab-hello button.send');
  assert.equal(await focused(page), 'Line 2');
  await page.click('#lab-hello button.back');
  assert.deepEqual(await page.$$eval('#lab-hello textarea', all => all.map(({value}) => value)), REQUEST);
  assert.equal(await play(page, 'lab-hello'), 'yes');
});

scenario('the entity tag of the book gives way to that of the file', WITH, async ({page, server, folder}) => {
  const again = ['HTTP/1.1 304 Not Modified', ANSWER[1]];
  await openOwn(page, server, folder,
    block('lab-tag', '', record(REQUEST, END).replace(/<\/code>[^]*/, '') + record([...REQUEST.slice(0, 2), `If-None-Match: ${ANSWER[6].slice(6)}`, ''], again).replace(/^[^]*?<code>/, '\n')));
  assert.equal(await play(page, 'lab-tag'), 'yes', await differences(page, 'lab-tag'));
  const sent = await page.$$eval('#lab-tag textarea', all => all.map(({value}) => value));
  assert.ok(!sent.join('').includes(ANSWER[6].slice(6)), String(sent));
  assert.equal(await page.$eval('#lab-tag button.back', ({ariaDisabled}) => ariaDisabled), 'true');
});

scenario('a run can be stopped, and what had come is there', WITH, async ({page, server, folder}) => {
  await openOwn(page, server, folder, HELLO);
  await page.select('#lab-hello .how select', 'half');
  await page.click('#lab-hello button.send');
  await page.waitForFunction(() => /22 bytes sent/.test(document.querySelector('.lab-stream')?.textContent));
  assert.equal(await page.$eval('#lab-hello', ({dataset}) => dataset.state), 'running');
  await page.focus('#lab-hello button.stop');
  await page.keyboard.press('Enter');
  await isOver(page, 'lab-hello');
  await page.waitForFunction(() => /^You stopped it/.test(document.querySelector('.lab-status').textContent));
  assert.equal(await page.$eval('#lab-hello', ({dataset}) => dataset.same), undefined);
  assert.equal(await focused(page), 'Send');
  await page.select('#lab-hello .how select', 'whole');
  assert.equal(await play(page, 'lab-hello'), 'yes');
});

scenario('by the keyboard alone a reader changes lines and sends them', WITH, async ({page, server, folder}) => {
  await openOwn(page, server, folder, HELLO);
  for (let steps = 0; steps < 60 && await focused(page) !== 'Line 1'; steps += 1) await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Line 1');
  const lines = () => page.$$eval('#lab-hello textarea', all => all.map(({value}) => value));
  // Down, a new line behind the second, and back again.
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'Line 2');
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Accept: */*');
  assert.deepEqual(await lines(), [REQUEST[0], REQUEST[1], 'Accept: */*', '']);
  assert.equal(await focused(page), 'Line 3');
  await page.keyboard.press('Home');
  await page.keyboard.press('Backspace');
  assert.deepEqual(await lines(), [REQUEST[0], 'Host: localhostAccept: */*', '']);
  assert.equal(await focused(page), 'Line 2');
  await page.keyboard.press('Enter');
  await page.keyboard.down('Control');
  await page.keyboard.press('Enter');
  await page.keyboard.up('Control');
  await isOver(page, 'lab-hello');
  assert.equal(await page.$eval('#lab-hello', ({dataset}) => dataset.same), 'yes');
  // The focus stays where the reader was.
  assert.equal(await focused(page), 'Line 3');
});

scenario('a bound that is met, and a server that is gone, are said in words', {...WITH, allow: /status of \d\d\d|ERR_CONNECTION_REFUSED|NetworkError|can't access|fetch/i}, async ({page, server, folder}) => {
  await openOwn(page, server, folder, HELLO);
  await write(page, '#lab-hello li:nth-child(1) textarea', 'GET /{a*200000} HTTP/1.1');
  assert.match(await text(page, '#lab-hello .wrong'), /more than 100,000 bytes/);
  await page.click('#lab-hello button.back');
  // More runs than the laboratory takes: it says so, and is free again afterwards.
  const slow = {folder: 'lab', options: [], seconds: 3, clients: [{after: 0, pieces: [{bytes: 'GET', wait: 0}], end: false, quiet: 0}]};
  await page.evaluate(async slow => {
    globalThis.runs = new AbortController();
    const start = () => fetch('/.glass/laboratory/play', {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(slow), signal: runs.signal});
    await Promise.all([start(), start(), start(), start()]);
  }, slow);
  await page.click('#lab-hello button.send');
  await page.waitForFunction(() => /^Others are playing/.test(document.querySelector('.lab-problem').textContent));
  await page.evaluate(() => runs.abort());
  // The laboratory notices in its own time that nobody listens any more.
  let same;
  for (const until = Date.now() + PATIENCE; same !== 'yes' && Date.now() < until;) same = await play(page, 'lab-hello');
  assert.equal(same, 'yes');
  await server.stop();
  await page.click('#lab-hello button.send');
  await page.waitForFunction(() => /^No answer came from the server/.test(document.querySelector('.lab-problem').textContent));
  assert.equal(await page.$eval('#lab-hello', ({dataset}) => dataset.state), 'over');
});

scenario('more than the laboratory shows is a bound that the page names', WITH, async ({page, server, folder}) => {
  const [unpacked] = await readdir(folder);
  await writeFile(join(folder, unpacked, 'course/large.txt'), 'x\n'.repeat(100_000));
  await openOwn(page, server, folder,
    block('lab-large', 'data-folder="course"', record(['GET /large.txt HTTP/1.1', 'Host: localhost', ''], ['HTTP/1.1 200 OK'])));
  await play(page, 'lab-large');
  assert.match(await text(page, '#lab-large .lab-problem'), /^A bound of the laboratory was met: .*bytes/);
  assert.ok(await page.$$eval('#lab-large .lab-stream li', all => all.length) < 400);
});

scenario('what is pasted becomes lines, and a transcript brings its line ends', {...WITH, only: 'chromium'}, async ({page, server, folder}) => {
  await openOwn(page, server, folder, HELLO);
  const paste = (line, text) => page.$eval(`#lab-hello li:nth-child(${line}) textarea`, (field, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    field.focus();
    field.select();
    field.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true}));
  }, text);
  const rows = () => page.$$eval('#lab-hello .rows li', all => all.map(row => `${row.querySelector('textarea').value}|${row.dataset.end}`));
  await paste(2, 'Host: localhost\r\nAccept: */*');
  assert.deepEqual(await rows(), [`${REQUEST[0]}|crlf`, 'Host: localhost|crlf', 'Accept: */*|crlf', '|crlf']);
  await page.click('#lab-hello button.back');
  await paste(1, '> GET / HTTP/1.1\\n\n> A: b\\');
  assert.deepEqual(await rows(), ['GET / HTTP/1.1|lf', 'A: b|none', 'Host: localhost|crlf', '|crlf']);
});

scenario('with --inspect the whole file is a link away', {args: ['--course', '--inspect']}, async ({page, server, folder}) => {
  await openOwn(page, server, folder, HELLO);
  assert.equal(await play(page, 'lab-hello'), 'yes');
  const link = await page.waitForSelector('.deciding .whole-file a');
  assert.match(await link.evaluate(({href}) => href), /\/\.glass\/source\/src\/.+\.rs#\d+$/);
});

// As tests/wire/notation.rs has it, and what differs from run to run.
const NOTATION = [
  ['', '\r\n'], ['Host: a', 'Host: a\r\n'], [' two', ' two\r\n'], ['a\\n', 'a\n'], ['a\\', 'a'], ['a\\r\\', 'a\r'], ['a\\\\', 'a\\\r\n'],
  ['a\\\\n', 'a\\n\r\n'], ['a\\nb\\x00\\xff\\0', 'a\nb\x00\xff\x00\r\n'], ['{ab*3}\\', 'ababab'], ['{a\\r\\n*2}', 'a\r\na\r\n\r\n'],
  ['{"a": 1}', '{"a": 1}\r\n'], ['\u{fc}\\', '\xc3\xbc'], ['\\q', null], ['\\x0', null], ['\\xzz', null], ['{a*1000001}', null],
];
const BOUNDARY = 'Content-Type: multipart/byteranges; boundary=';
const COMPARED = [
  // What came, what was recorded, whether that is all, and whether they are alike, but for what.
  ['a\r\nb', 'a\r\nb', true, true, []],
  ['a\r\nb', 'a\r\n', false, true, []],
  ['a\r\nb', 'a\r\n', true, false, []],
  ['a\r\n', 'a\n', true, false, []],
  ['Date: Sun, 29 Nov 2026 09:30:00 GMT\r\n', 'Date: Mon, 30 Nov 2026 09:30:00 GMT\r\n', true, true, ['date']],
  ['Date: Sun, 29 Nov 2026 09:30:00 GMT\r\n', 'Date: yesterday\r\n', true, false, []],
  ['ETag: "a"\r\n', 'ETag: "b"\r\n', true, true, ['tag']],
  ['ETag: W/"a"\r\n', 'ETag: "a"\r\n', true, false, []],
  [`${BOUNDARY}one\r\n--one\r\n--one--\r\n`, `${BOUNDARY}two\r\n--two\r\n--two--\r\n`, true, true, ['boundary']],
  [`${BOUNDARY}one\r\n--one\r\n`, `${BOUNDARY}two\r\n--three\r\n`, true, false, ['boundary']],
];
scenario('the notation is that of tests/wire, and the comparison knows what may differ', WITH, async ({page, server}) => {
  await page.goto(server.url(`/guide/${chapters[0]}`));
  const read = await page.evaluate(async lines => {
    const {divide, whole} = await import('/course/lab-notation.js');
    return lines.map(line => {
      try {
        return whole(divide(line));
      } catch {
        return null;
      }
    });
  }, NOTATION.map(([line]) => line));
  assert.deepEqual(read, NOTATION.map(([, bytes]) => bytes));
  const compared = await page.evaluate(async cases => {
    const {compare} = await import('/course/lab-compare.js');
    return cases.map(([came, recorded, isWhole]) => {
      const {isAlike, but} = compare(came, recorded, isWhole);
      return [isAlike, but];
    });
  }, COMPARED);
  assert.deepEqual(compared, COMPARED.map(([,,, isAlike, but]) => [isAlike, but]));
});

scenario('a script that is missing takes no other with it', {...WITH, only: 'chromium'}, async ({page, server, folder}) => {
  const missing = ['asks', 'transcripts', 'commands', 'live'];
  const [unpacked] = await readdir(folder);
  await Promise.all(missing.map(name => rm(join(folder, unpacked, 'course/course', `${name}.js`))));
  await openOwn(page, server, folder, HELLO);
  assert.equal(await play(page, 'lab-hello'), 'yes');
});

// ---- without it

const isSeen = (page, selector) => page.$$eval(selector, all => all.length > 0 && all.every(one => one.getClientRects().length > 0));

scenario('without scripts a block shows its command and its exchange', {...WITH, only: 'chromium'}, async ({page, server}) => {
  await page.setJavaScriptEnabled(false);
  for (const folder of LANGUAGES) {
    await page.goto(server.url(`${folder}/${chapters[0]}`));
    assert.ok(await isSeen(page, 'figure.lab .transcript pre') && await isSeen(page, 'figure.lab > pre.terminal'));
    assert.ok(await isSeen(page, 'figure.lab > .ask'));
    assert.equal(await page.$('.lab-play'), null);
  }
});

scenario('served as a folder, a block shows its command and its exchange', {serve: COURSE, allow: isNotThere}, async ({page, server}) => {
  await page.goto(server.url(`/guide/${chapters[0]}`), {waitUntil: 'networkidle0'});
  // The scripts of the page ran.
  await page.waitForSelector('.transcript .sent');
  assert.ok(await isSeen(page, 'figure.lab .transcript pre') && await isSeen(page, 'figure.lab > pre.terminal'));
  assert.equal(await page.$('.lab-play'), null);
});

scenario('in print a block shows its command and its exchange', {...WITH, only: 'chromium'}, async ({page, server}) => {
  await page.goto(server.url(`/guide/${chapters[0]}`));
  await opened(page);
  assert.ok(!await isSeen(page, 'figure.lab .transcript pre'));
  await page.emulateMediaType('print');
  assert.ok(await isSeen(page, 'figure.lab .transcript pre') && await isSeen(page, 'figure.lab pre.terminal'));
  assert.ok(!await isSeen(page, '.lab-play'));
});

scenario('a marked line of a transcript stays marked in its colour', {serve: COURSE, allow: isNotThere, only: 'chromium'}, async ({page, server}) => {
  for (const chapter of chapters) {
    const source = await readFile(join(COURSE, 'guide', chapter), 'utf8');
    const marks = (source.match(/<mark>&[lg]t;/g) ?? []).length;
    await page.goto(server.url(`/guide/${chapter}`));
    await page.waitForSelector('.transcript .sent');
    assert.ok(await page.$$eval('.transcript mark :is(.sent, .got)', all => all.length) >= marks, chapter);
  }
});

// ---- how it looks

const findings = async page => {
  await page.evaluate(axe.source);
  const result = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return result.violations.flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.target} ${node.html.slice(0, 150)}`));
};

/** Plays one block with an answer that differs, and opens all that can be opened. */
async function showAll(page) {
  const [id] = await blocks(page);
  await page.select(`#${id} .rows select`, 'lf');
  await play(page, id);
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('.lab details')) details.open = true;
    for (const button of document.querySelectorAll('.lab-open')) button.click();
  });
  return id;
}

const LOOKS = [{look: 'light', width: 1200}, {look: 'dark', dark: true, width: 1200}, {look: 'forced colours', forced: true, width: 1200}, {look: 'phone', width: 390}];
for (const folder of LANGUAGES) {
  for (const {look, width, ...media} of LOOKS) {
    scenario(`axe finds nothing on a played block of ${folder}/, ${look}`, {...WITH, only: 'chromium'}, async ({page, server}) => {
      await emulate(page, media);
      await page.setViewport({width, height: 844});
      await page.goto(server.url(`${folder}/${chapters[0]}`));
      await opened(page);
      await showAll(page);
      await picture(page, `laboratory-${folder.slice(1, 3)}-${look.slice(0, 5)}`);
      assert.deepEqual(await findings(page), []);
    });
  }
}

scenario('on a phone no played block is wider than the page', WITH, async ({page, server}) => {
  await page.setViewport({width: 390, height: 844});
  for (const chapter of chapters) {
    await page.goto(server.url(`/guide/${chapter}`));
    await opened(page);
    await showAll(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `${chapter}: ${width}`);
  }
});

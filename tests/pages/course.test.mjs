// What the scripts of the course do: questions, progress, contents, search, and the course in print.
//
// Most scenarios have a course of their own: www/, with a chapter in either language whose text stands here. So they say
// what is promised of any chapter, whatever the chapters say; what holds for all of them is asked of www/ itself.

import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {test} from 'node:test';
import {assert, emulate, picture, ROOT, scenario} from './harness.mjs';

const WWW = join(ROOT, 'www');
// A chapter asks whether the inspector is on, and a block whether there is a laboratory.
const allow = /status of 404/;

const sections = count => Array.from({length: count}, (_, index) => `
<section><h2 id="part-${index}">Part ${index}</h2>${'<p>Some words that fill the window.</p>'.repeat(12)}</section>`).join('');

const ENGLISH = `
<h1>1 A chapter</h1>
<p class="lead">What it is about.</p>
<section><h2 id="goal">What you will be able to say</h2>
<p>The server keeps a <code>set_nonblocking</code> socket, which is unmistakable: zebras graze here.</p>
<figure class="lab" id="lab-sample"><figcaption><strong>A block.</strong> Look.</figcaption>
<div class="ask" id="ask-sockets-predict"><p>What comes?</p>
<details class="answer right"><summary>An answer.</summary><p>It does.</p></details>
<details class="answer"><summary>Nothing.</summary><p>Something does.</p></details></div>
<figure class="transcript" data-recorded><pre tabindex="0"><code>&gt; GET / HTTP/1.1
&lt; HTTP/1.1 200 OK</code></pre><figcaption>Recorded.</figcaption></figure></figure>
</section>
${sections(6)}
<section><h2 id="asked">What you can answer now</h2>
<div class="ask" id="ask-sockets-lf"><p>What does the server do with a line that ends in LF alone?</p>
<details class="answer"><summary>It takes the line.</summary><p>Some do.</p></details>
<details class="answer right"><summary>400, and it closes the connection.</summary><p>Nobody can be sure where it ends.</p></details>
<details class="answer"><summary>It waits.</summary><p>For what?</p></details></div>
<div class="ask" id="ask-sockets-size" data-number="1000"><p>How many bytes are 0x3e8?</p>
<details class="answer"><summary>384</summary><p>That is no hexadecimal.</p></details>
<details class="answer right"><summary>1000</summary><p>3 × 256 + 14 × 16 + 8.</p></details>
<details class="answer other"><summary>another number</summary><p>Count in sixteens.</p></details></div>
<pre class="code" tabindex="0"><code>${'x'.repeat(74)}
${'y'.repeat(140)}
</code></pre>
<p>See <a href="https://example.org/a/very/long/address/that/goes/on/and/on/for/longer/than/a/line/of/a/page">a page</a>.</p>
</section>`;

const CHINESE = ENGLISH.replace('1 A chapter', '1 一章').replace('zebras graze here', '斑马在这里吃草')
  .replace('What you will be able to say', '读完你能说清什么');

/** The files of www/, with that chapter in place of the first. */
async function course() {
  const files = {};
  for (const entry of await readdir(WWW, {recursive: true, withFileTypes: true})) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(WWW.length + 1)] = await readFile(path);
  }
  for (const [path, main] of [['guide/sockets.html', ENGLISH], ['zh/guide/sockets.html', CHINESE]]) {
    files[path] = String(files[path]).replace(/<main>.*<\/main>/s, () => `<main>${main}</main>`);
  }
  return files;
}

const OWN = {files: await course(), allow};
const ALL = {serve: WWW, allow};
const CHAPTERS = (await readdir(join(WWW, 'guide'))).filter(name => name.endsWith('.html'));
const PAGES = ['/', '/zh/', ...CHAPTERS.flatMap(one => [`/guide/${one}`, `/zh/guide/${one}`])];

const LF = '#ask-sockets-lf';
const SIZE = '#ask-sockets-size';

/** Opens a page, whose scripts have begun when its questions have their buttons. */
async function open(page, address) {
  await page.goto(address);
  await page.waitForFunction(() => document.querySelector('.search input'));
}

const stateOf = (page, ask) => page.$eval(ask, node => node.dataset.state ?? '');
const textOf = (page, selector) => page.$eval(selector, node => node.innerText.trim());
const kept = page => page.evaluate(() => localStorage.getItem('glasshttp-course') ?? '');

// ---- questions

scenario('an answer opens its reason, says whether it is right, and is remembered in both languages', OWN, async ({page, server}) => {
  await open(page, server.url('/guide/sockets.html'));
  await page.click(`${LF} .answer:nth-of-type(1) summary`);
  assert.match(await textOf(page, `${LF} .answer:nth-of-type(1)`), /^It takes the line\.\s+Not so\. Some do\.$/);
  assert.equal(await stateOf(page, LF), 'wrong');
  await page.waitForFunction(ask => document.querySelector(`${ask} [role=status]`).textContent === 'Not so.', {}, LF);
  // A better one takes its place; what is opened later to be read does not.
  await page.click(`${LF} .answer.right summary`);
  assert.match(await textOf(page, `${LF} .answer.right`), /Right\. Nobody can be sure/);
  await page.click(`${LF} .answer:nth-of-type(3) summary`);
  assert.equal(await stateOf(page, LF), 'right');
  for (const path of ['/guide/sockets.html', '/zh/guide/sockets.html']) {
    await open(page, server.url(path));
    assert.equal(await stateOf(page, LF), 'right', path);
    const opened = await page.$$eval(`${LF} .answer`, answers => answers.map(({open}) => open));
    assert.deepEqual(opened, [false, true, false], path);
  }
  assert.match(await textOf(page, `${LF} .answer.right`), /正确。/);
  await page.click(`${LF} .again`);
  assert.equal(await stateOf(page, LF), '');
  assert.deepEqual(await page.$$eval(`${LF} .answer[open]`, all => all.length), 0);
  assert.doesNotMatch(await kept(page), /ask-sockets-lf/);
  await open(page, server.url('/guide/sockets.html'));
  assert.equal(await stateOf(page, LF), '');
});

scenario('questions are answered by the keyboard alone', OWN, async ({page, server}) => {
  await open(page, server.url('/guide/sockets.html'));
  await page.focus(`${LF} .answer:nth-of-type(1) summary`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForFunction(ask => document.querySelector(ask).dataset.state === 'right', {}, LF);
  await page.focus(`${LF} .again`);
  await page.keyboard.press('Enter');
  assert.equal(await stateOf(page, LF), '');
  // One goes on where the question begins.
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'It takes the line.');
  await page.focus(`${SIZE} input`);
  await page.keyboard.type('1,000\n');
  await page.waitForFunction(ask => document.querySelector(ask).dataset.state === 'right', {}, SIZE);
});

scenario('a number is written into a field, and each has its reason', OWN, async ({page, server}) => {
  const shown = () => page.$$eval(`${SIZE} .answer`, all => all.filter(one => one.checkVisibility()).map(one => one.innerText));
  const write = async text => {
    await page.$eval(`${SIZE} input`, input => { input.value = ''; });
    await page.type(`${SIZE} input`, text);
    await page.click(`${SIZE} form button:not([type=button])`);
  };
  await open(page, server.url('/guide/sockets.html'));
  assert.deepEqual(await shown(), []);
  await write('many');
  assert.equal(await textOf(page, `${SIZE} .told`), 'Write a number here.');
  assert.equal(await stateOf(page, SIZE), '');
  for (const [text, reason, state] of [
    ['384', /Not so\. That is no hexadecimal/, 'wrong'], ['7', /Not so\. Count in sixteens/, 'wrong'],
    [' 1000 ', /Right\. 3 × 256/, 'right'],
  ]) {
    await write(text);
    const [one, ...more] = await shown();
    assert.match(one, reason);
    assert.deepEqual([more.length, await stateOf(page, SIZE)], [0, state]);
  }
  await open(page, server.url('/zh/guide/sockets.html'));
  assert.deepEqual([await page.$eval(`${SIZE} input`, input => input.value), await stateOf(page, SIZE)], ['1000', 'right']);
  await page.click(`${SIZE} .again`);
  assert.deepEqual([await shown(), await page.$eval(`${SIZE} input`, input => input.value)], [[], '']);
  await write('5');
  await page.click(`${SIZE} .give`);
  assert.match((await shown())[0], /正确/);
});

// ---- progress

scenario('progress is beside the chapters and on the welcome pages, and forgotten on demand', OWN, async ({page, server}) => {
  await open(page, server.url('/guide/sockets.html'));
  assert.match(await textOf(page, '.masthead nav li:first-child'), /^1 Sockets\s+0\/3/);
  await page.click('#ask-sockets-predict .answer.right summary');
  await page.click(`${LF} .answer.right summary`);
  assert.match(await textOf(page, '.masthead nav li:first-child'), /^1 Sockets\s+2\/3/);
  await page.$eval('#lab-sample', lab => lab.dispatchEvent(new CustomEvent('lab:played', {bubbles: true})));
  for (const [path, told] of [['/', /2 of 3 questions answered · 1 of 1 blocks played/], ['/zh/', /3 道题答了 2 道 · 1 个实验做了 1 个/]]) {
    await open(page, server.url(path));
    assert.match(await textOf(page, '.toc li:first-child'), told);
    assert.equal((await page.$$('.toc .tally')).length, 1, path);
  }
  // Another tab that is open learns of it.
  const other = await page.browserContext().newPage();
  await open(other, server.url('/guide/sockets.html'));
  assert.equal(await stateOf(other, LF), 'right');
  await page.bringToFront();
  await page.click('.forget');
  assert.equal((await page.$$('.toc .tally')).length, 0);
  assert.equal(await kept(page), '');
  // By the clock: what lies behind draws no frames.
  await other.waitForFunction(ask => !document.querySelector(ask).dataset.state, {polling: 100}, LF);
  await open(page, server.url('/guide/sockets.html'));
  assert.equal(await stateOf(page, LF), '');
});

scenario('nothing is kept where storage is refused, full or holds nonsense, and all works', OWN, async ({page, server}) => {
  const address = server.url('/guide/sockets.html');
  await open(page, address);
  for (const nonsense of ['{', '[]', 'null', '{"version":1,"pages":{"sockets":{"asks":{"ask-sockets-lf":99,"ask-sockets-size":[]},"of":"x"}}}',
    '{"version":1,"pages":{"sockets":{"asks":{"ask-sockets-lf":-1,"ask-sockets-size":"x"},"labs":7,"of":[1e9,2]}}}',
    '{"version":2,"pages":{"sockets":{"asks":{"ask-sockets-lf":1}}}}', '{"version":1,"pages":{"sockets":null,"echo":7}}']) {
    await page.evaluate(text => localStorage.setItem('glasshttp-course', text), nonsense);
    await open(page, address);
    assert.deepEqual([await stateOf(page, LF), await stateOf(page, SIZE)], ['', ''], nonsense);
    assert.match(await textOf(page, '.masthead nav li:first-child'), /^1 Sockets\s+0\/3/, nonsense);
  }
  for (const refuse of [
    () => Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }}),
    () => Object.defineProperty(window, 'localStorage', {value: null}),
    () => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; },
  ]) {
    const {identifier} = await page.evaluateOnNewDocument(refuse);
    await open(page, address);
    await page.click(`${LF} .answer.right summary`);
    assert.equal(await stateOf(page, LF), 'right');
    assert.match(await textOf(page, '.masthead nav li:first-child'), /^1 Sockets\s+1\/3/);
    await page.click(`${LF} .again`);
    assert.equal(await stateOf(page, LF), '');
    assert.match(await textOf(page, '.next-steps'), /lets the page keep nothing/);
    await open(page, server.url('/'));
    await page.removeScriptToEvaluateOnNewDocument(identifier);
  }
});

// ---- contents and next steps

scenario('the contents mark the section that is read', OWN, async ({page, server}) => {
  const present = () => page.$$eval('.contents a[aria-current]', links => links.map(link => link.hash).join(' '));
  const becomes = hash => page.waitForFunction(
    wanted => [...document.querySelectorAll('.contents a[aria-current]')].map(link => link.hash).join() === wanted, {}, hash);
  await open(page, server.url('/guide/sockets.html'));
  const titles = await page.$$eval('.contents a', links => links.map(link => link.textContent));
  assert.deepEqual(titles, ['What you will be able to say', ...[0, 1, 2, 3, 4, 5].map(index => `Part ${index}`), 'What you can answer now']);
  for (const id of ['part-2', 'part-4', 'goal']) {
    await page.$eval(`#${id}`, heading => heading.scrollIntoView());
    await becomes(`#${id}`);
  }
  await page.click('.contents a[href="#part-3"]');
  await becomes('#part-3');
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await becomes('#asked');
  assert.equal(await present(), '#asked');
});

scenario('next steps name what is unanswered here, the exercises and the next page', OWN, async ({page, server}) => {
  const links = () => page.$$eval('.next-steps a', all => all.map(link => new URL(link.href).pathname + new URL(link.href).hash));
  await open(page, server.url('/guide/sockets.html'));
  const onward = ['/guide/exercises.html#exercise-2', '/guide/echo.html'];
  const at = id => `/guide/sockets.html#${id}`;
  assert.deepEqual(await links(), [at('ask-sockets-predict'), at('ask-sockets-lf'), at('ask-sockets-size'), ...onward]);
  await page.click(`${LF} .answer.right summary`);
  await page.click('#ask-sockets-predict .answer:not(.right) summary');
  assert.deepEqual(await links(), [at('ask-sockets-size'), at('ask-sockets-predict'), ...onward]);
  assert.match(await textOf(page, '.next-steps'), /Answered wrongly: try again/);
  await page.click('#ask-sockets-predict .answer.right summary');
  await page.type(`${SIZE} input`, '1000\n');
  assert.deepEqual(await links(), onward);
  assert.match(await textOf(page, '.next-steps'), /You have answered every question of this page/);
});

test('the exercises that next steps name are there, and say so', async () => {
  const source = await readFile(join(WWW, 'course/contents.js'), 'utf8');
  const table = /EXERCISES = \{(.*?)\n\}/s.exec(source)[1];
  const page = await readFile(join(WWW, 'guide/exercises.html'), 'utf8');
  let count = 0;
  for (const [, chapter, numbers] of table.matchAll(/"(.*?)": \[(.*?)\]/g)) {
    for (const number of numbers.split(', ')) {
      count++;
      const section = page.split('<section').find(one => one.includes(`id="exercise-${number}"`));
      assert.ok(section, `exercise ${number}`);
      assert.ok(section.includes(`/guide/${chapter}.html"`), `exercise ${number} does not name ${chapter}`);
    }
  }
  assert.ok(count >= 10);
});

scenario('the first Tab leads past the navigation', OWN, async ({page, server}) => {
  for (const path of ['/guide/sockets.html', '/', '/zh/']) {
    await open(page, server.url(path));
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.outerHTML.slice(0, 16)), '<a class="skip" ', path);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash !== '');
    assert.ok(await page.evaluate(() => document.querySelector(`main${location.hash}, main ${location.hash}`) !== null), path);
  }
});

// ---- search

const results = page => page.$$eval('.found a', links => links.map(link =>
  [new URL(link.href).pathname + new URL(link.href).hash, link.querySelector('strong').textContent]));
const counted = (page, pattern) => page.waitForFunction(
  source => new RegExp(source).test(document.querySelector('.found .count').textContent), {}, pattern.source);

scenario('the search finds words in any chapter, marks them and leads to their section', OWN, async ({page, server}) => {
  await open(page, server.url('/guide/echo.html'));
  const asked = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  await page.type('.search input', 'ZEBR graze');
  await counted(page, /^1 place\.$/);
  assert.deepEqual(await results(page), [['/guide/sockets.html#goal', 'What you will be able to say']]);
  assert.deepEqual(await page.$$eval('.found mark', marks => marks.map(mark => mark.textContent)), ['zebr', 'graze']);
  assert.match(await textOf(page, '.found a'), /1 A chapter/);
  // The pages of this language, and nothing else.
  assert.deepEqual(asked.filter(path => path !== '/' && !/^\/guide\/[a-z-]+\.html$/.test(path)), []);
  await page.click('.found a');
  await page.waitForFunction(() => location.pathname === '/guide/sockets.html' && location.hash === '#goal');
  // In the middle of a word nothing is found; behind a low line a word begins.
  await page.waitForFunction(() => document.querySelector('.search input'));
  for (const [text, count] of [['ebras', /Nothing found/], ['nonblocking socket unmistak', /^1 place/], ['<b>', /Nothing/], ['.*(', /Nothing/], ['\\', /Nothing|place/]]) {
    await page.$eval('.search input', input => { input.value = ''; });
    await page.type('.search input', text);
    await counted(page, count);
  }
});

scenario('the search finds Chinese anywhere in a line', OWN, async ({page, server}) => {
  await open(page, server.url('/zh/'));
  await page.type('.search input', '马在这里');
  await counted(page, /^共 1 处。$/);
  assert.deepEqual(await results(page), [['/zh/guide/sockets.html#goal', '读完你能说清什么']]);
  assert.equal(await textOf(page, '.found mark'), '马在这里');
});

scenario('the search works by the keyboard', OWN, async ({page, server}) => {
  const isFocused = selector => page.evaluate(wanted => document.activeElement.matches(wanted), selector);
  await open(page, server.url('/guide/sockets.html'));
  await page.focus('.search input');
  await page.keyboard.type('server');
  await counted(page, /places/);
  await page.keyboard.press('ArrowDown');
  assert.ok(await isFocused('.found li:first-child a'));
  await page.keyboard.press('ArrowDown');
  assert.ok(await isFocused('.found li:nth-child(2) a'));
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  assert.ok(await isFocused('.search input'));
  await page.keyboard.press('Tab');
  assert.ok(await isFocused('.found li:first-child a'));
  await page.keyboard.press('Escape');
  assert.ok(await isFocused('.search input'));
  assert.equal(await page.$eval('.found', panel => panel.hidden), true);
  await page.keyboard.type('zebras');
  await counted(page, /1 place/);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.hash === '#goal');
});

scenario('the search says what it could not read', {...OWN, only: 'chromium', allow: /ERR_FAILED|status of 404/}, async ({page, server}) => {
  await page.setRequestInterception(true);
  page.on('request', request => (request.url().endsWith('/guide/echo.html') ? request.abort() : request.continue()));
  await open(page, server.url('/guide/sockets.html'));
  await page.type('.search input', 'zebras');
  await counted(page, /1 place\. 1 page could not be read/);
});

// ---- everywhere

scenario('a phone shows all of it without sideways scrolling', ALL, async ({page, server, name}) => {
  for (const path of PAGES) {
    await open(page, server.url(path));
    for (const width of [390, 320]) {
      await page.setViewport({width, height: 800});
      const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= shown, `${path} is ${wide} wide at ${width}`);
    }
  }
  await open(page, server.url('/guide/sockets.html'));
  await page.type('.search input', 'socket');
  await counted(page, /places/);
  await picture(page, `search-phone-${name}`);
  const {left, right} = await page.$eval('.found', panel => panel.getBoundingClientRect().toJSON());
  assert.ok(left >= 0 && right <= 320);
});

scenario('without scripts each answer opens by itself', {serve: WWW, only: 'chromium'}, async ({page, server}) => {
  await page.setJavaScriptEnabled(false);
  await page.goto(server.url('/guide/http.html'));
  const [answer] = await page.$$('div.ask > details.answer');
  const summary = await answer.$('summary');
  await summary.click();
  assert.ok(await answer.evaluate(node => node.open));
  assert.equal(await page.$('.search, .contents, .next-steps, .tally'), null);
});

scenario('each question of the course can be answered', ALL, async ({page, server}) => {
  let count = 0;
  for (const chapter of CHAPTERS) {
    for (const folder of ['/guide', '/zh/guide']) {
      await open(page, server.url(`${folder}/${chapter}`));
      const asked = await page.evaluate(() => [...document.querySelectorAll('div.ask')].map(ask => {
        const number = ask.dataset.number;
        if (number === undefined) {
          // In the other language it was answered already.
          if (!ask.dataset.state) ask.querySelector('.answer.right > summary').click();
        } else {
          ask.querySelector('input').value = number;
          ask.querySelector('form').requestSubmit();
        }
        const right = ask.querySelector('.answer.right');
        return [ask.id, ask.dataset.state, right.checkVisibility() && right.querySelector('summary + *').checkVisibility()
          && /^(Right|正确|对)/.test(right.querySelector('summary + *').textContent)];
      }));
      for (const [id, state, isSeen] of asked) assert.deepEqual([state, isSeen], ['right', true], `${folder}/${chapter} ${id}`);
      count += asked.length;
    }
  }
  assert.ok(count >= 2 * 20, `${count} questions`);
});

scenario('the welcome pages list all chapters by their titles', {...ALL, only: 'chromium'}, async ({page, server}) => {
  for (const path of ['/', '/zh/']) {
    await page.goto(server.url(path));
    const listed = await page.$$eval('.toc a', links => links.map(link => [link.getAttribute('href'), link.textContent.trim().replace(/\s+/g, ' ')]));
    assert.equal(listed.length, CHAPTERS.length);
    for (const [href, title] of listed) {
      await page.goto(server.url(href));
      assert.equal(await page.$eval('h1', h1 => h1.textContent.trim()), title, href);
    }
  }
});

scenario('where nothing is, the reader\'s language says so', ALL, async ({page, server, name}) => {
  for (const [path, lang, words, home] of [
    ['/no/such/page', 'en', /Nothing behind this pane/, '/'], ['/zh/guide/no-such-page.html', 'zh-Hans', /什么也没有/, '/zh/'],
  ]) {
    await page.goto(server.url(path));
    const headings = await page.$$eval('h1', all => all.map(one => one.textContent).join());
    assert.match(headings, words);
    assert.equal((await page.$$('h1')).length, 1);
    assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
    assert.deepEqual(await page.$$eval('main a', links => links.map(link => link.getAttribute('href'))), [home]);
  }
  if (name === 'firefox') return;
  await page.setJavaScriptEnabled(false);
  await page.goto(server.url('/zh/nothing'));
  assert.equal((await page.$$('h1')).length, 2);
});

// ---- print

/** What a page has in print that is cut off or closed. The sheet is as wide as the text on A4. */
async function faultsInPrint(page) {
  await page.setViewport({width: Math.floor(166 / 25.4 * 96), height: 900});
  await page.emulateMediaType('print');
  await page.waitForFunction(() => matchMedia('print').matches);
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const faults = [];
    for (const details of document.querySelectorAll('main details')) {
      const [inside] = [...details.children].filter(child => child.localName !== 'summary');
      if (inside && !inside.checkVisibility({contentVisibilityAuto: true})) faults.push(`closed: ${details.textContent.slice(0, 60)}`);
    }
    for (const node of document.querySelectorAll('main *')) {
      if (node.closest('.unseen') || !node.checkVisibility()) continue;
      const {right, width: own} = node.getBoundingClientRect();
      if (own > 0 && right > width + 1) faults.push(`too wide: ${node.localName}.${node.className} ${right} ${node.textContent.slice(0, 60)}`);
      if (node.localName === 'pre' && node.scrollWidth > node.clientWidth + 1) faults.push(`cut off: ${node.textContent.slice(0, 60)}`);
    }
    for (const node of document.querySelectorAll('nav:not(.contents-of-book), form, button, .search, .next-steps')) {
      if (node.checkVisibility()) faults.push(`printed: ${node.localName}.${node.className}`);
    }
    if (document.documentElement.scrollWidth > width) faults.push(`${document.documentElement.scrollWidth} wide`);
    return faults;
  });
}

// Chromium alone can be told to look as in print, and to run no scripts.
const PRINT = {only: 'chromium'};

scenario('in print all answers are open and nothing is wider than the page', {...OWN, ...PRINT}, async ({page, server}) => {
  await open(page, server.url('/guide/sockets.html'));
  await page.click(`${LF} .answer.right summary`);
  assert.deepEqual(await faultsInPrint(page), []);
  // 74 columns fit into a line, whatever is longer goes on in the next.
  const lines = await page.$eval('pre.code', pre => Math.round((pre.clientHeight - 2 * parseFloat(getComputedStyle(pre).paddingTop)) / parseFloat(getComputedStyle(pre).lineHeight)));
  assert.equal(lines, 3);
  assert.match(await page.$eval('main a[href^=https]', link => getComputedStyle(link, '::after').content), /very\/long\/address/);
  await emulate(page, {dark: true});
  await page.emulateMediaType('print');
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  // On the screen it is as it was.
  await page.emulateMediaType('screen');
  const opened = await page.$$eval(`${LF} .answer`, answers => answers.map(({open}) => open));
  assert.deepEqual(opened, [false, true, false]);
});

scenario('no page of the course is cut off in print', {...ALL, ...PRINT}, async ({page, server}) => {
  for (const path of PAGES) {
    await page.emulateMediaType('screen');
    await open(page, server.url(path));
    assert.deepEqual(await faultsInPrint(page), [], path);
  }
});

scenario('the book has all chapters in order, and its links stay in it', ALL, async ({page, server, name}) => {
  for (const [path, folder] of [['/book.html', '/guide'], ['/zh/book.html', '/zh/guide']]) {
    await page.goto(server.url(path));
    await page.waitForFunction(() => document.documentElement.dataset.book === 'ready');
    const found = await page.evaluate(() => ({
      chapters: [...document.querySelectorAll('main > article')].map(article => article.id),
      listed: [...document.querySelectorAll('.contents-of-book a')].map(link => link.hash.slice(1)),
      twice: [...document.querySelectorAll('[id]')].map(({id}) => id).filter((id, index, all) => all.indexOf(id) !== index),
      lost: [...document.querySelectorAll('main a[href^="#"]')].map(link => link.getAttribute('href'))
        .filter(hash => !document.getElementById(decodeURIComponent(hash.slice(1)))),
      away: [...document.querySelectorAll('main article a')].map(link => new URL(link.href))
        .filter(({origin, pathname}) => origin === location.origin && pathname.includes('/guide/')).map(String),
      closed: document.querySelectorAll('details:not([open])').length,
    }));
    const order = await page.evaluate(async first => {
      const text = await (await fetch(first)).text();
      const links = new DOMParser().parseFromString(text, 'text/html').querySelectorAll('nav a');
      return [...links].map(link => link.getAttribute('href').split('/').at(-1).replace('.html', ''));
    }, `${folder}/sockets.html`);
    assert.deepEqual(found, {chapters: order, listed: order, twice: [], lost: [], away: [], closed: 0}, path);
    if (name === 'chromium') assert.deepEqual(await faultsInPrint(page), [], path);
    await page.setViewport({width: 1200, height: 900});
    if (name === 'chromium') await page.emulateMediaType('screen');
  }
});

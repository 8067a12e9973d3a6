// Chapter 9: what the load maker prints is pasted, and the page draws it.

import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {test} from 'node:test';
import {assert, picture, ROOT, scenario} from './harness.mjs';

const WWW = join(ROOT, 'www');
// A chapter asks whether the inspector is on.
const allow = /status of 404/;

const HEADER = 'clients  served   ans/s  p50-us  p99-us  errors threads  rss-kb  cpu-us  own-us';
const RUN = `# threads echo://127.0.0.1:7004 seconds=2 idle=0
${HEADER}
      1       1   25131       8     444       0       2    2104       4       4
     10      10  127488      63     248       0      11    2240       6       8
# 130 of 500 could connect: connection timed out
    500       4       0       -       -     370     501    8936       -       -
# pool http://127.0.0.1:7009/a.txt seconds=2 idle=100
${HEADER}
      1       1   44090      11      35       0       -       -       -       5
     10       4   84308      37     139       0       -       -       -      10
`;

async function draw(page, text) {
  await page.evaluate(text => { document.querySelector('[data-own] textarea').value = text; }, text);
  await page.click('[data-own] button');
  return page.$eval('[data-own] [role="status"]', said => said.textContent);
}

const drawn = page => page.evaluate(() => ({
  legend: [...document.querySelectorAll('[data-own] .legend li')].map(item => item.textContent),
  drawings: document.querySelectorAll('[data-own] figure svg').length,
  curves: document.querySelector('[data-own] figure svg')?.querySelectorAll('.curve').length ?? 0,
  points: [...document.querySelectorAll('[data-own] figure:first-of-type svg .curve')].map(path => path.getAttribute('d').split(/[ML]/).length - 1),
  rows: [...document.querySelectorAll('[data-own] figure:first-of-type tr')].map(row => [...row.children].map(cell => cell.textContent)),
  tables: document.querySelectorAll('[data-own] table').length,
}));

for (const [path, said] of [['/guide/measured.html', 'The curves of 2 servers:'], ['/zh/guide/measured.html', '2 个服务器的曲线：']]) {
  scenario(`a run that is pasted is drawn, with its numbers in a table (${path})`, {serve: WWW, allow}, async ({page, server, name}) => {
    await page.goto(server.url(path));
    await page.waitForSelector('[data-own] textarea');
    assert.equal(await draw(page, RUN), said);
    const found = await drawn(page);
    assert.equal(found.legend.length, 2);
    assert.match(found.legend[1], /pool.*100/);
    assert.equal(found.drawings, 5);
    assert.equal(found.tables, 5);
    assert.equal(found.curves, 2);
    // A rate of 0 is in the table, and has no place on a logarithmic scale.
    assert.deepEqual(found.points, [2, 2]);
    assert.deepEqual(found.rows.slice(1), [['1', '25131', '44090'], ['10', '127488', '84308'], ['500', '0', '-']]);
    // Each curve is told from the others without its colour, too.
    const looks = await page.$$eval('[data-own] figure:first-of-type svg .curve', all => all.map(path => getComputedStyle(path).strokeDasharray));
    assert.equal(new Set(looks).size, 2);
    await picture(page, `curves-${name}-${path.includes('zh') ? 'zh' : 'en'}`);
  });
}

scenario('what is no run is answered with a sentence, and draws nothing', {serve: WWW, allow}, async ({page, server}) => {
  await page.goto(server.url('/guide/measured.html'));
  await page.waitForSelector('[data-own] textarea');
  await draw(page, RUN);
  const head = RUN.split('\n')[0];
  for (const [text, expected] of [
    ['', /^Paste what the load maker has printed/],
    ['hello', /^Line 1 is not a row/],
    ['1 1 1 1 1 1 1 1 1 1', /^Line 1: a row, and no line before it/],
    [`${head}\n${HEADER}`, /^There is no row for threads/],
    [`${head}\n1 1 1 1 1 1 1 1 1`, /^Line 2 is not a row/],
    [`${head}\n1 1 1 1 1 1 1 1 1 1e9`, /^Line 2 is not a row/],
    [`${head}\n0 1 1 1 1 1 1 1 1 1`, /^Line 2 is not a row/],
    [`${head}\n${'1 1 1 1 1 1 1 1 1 1\n'.repeat(25)}`, /^Line 26: more than 24 rows/],
    [`${head}\n1 1 1 1 1 1 1 1 1 1\n`.repeat(9), /^Those are more than 8 servers/],
    ['x'.repeat(70_000), /^That is more than 65536 letters/],
    [`${head}\n<img src=x onerror=alert(1)>`, /^Line 2 is not a row/],
  ]) {
    assert.match(await draw(page, text), expected);
    assert.equal((await drawn(page)).drawings, 0, text);
  }
});

scenario('a name is text and never markup', {serve: WWW, allow}, async ({page, server}) => {
  await page.goto(server.url('/guide/measured.html'));
  await page.waitForSelector('[data-own] textarea');
  await draw(page, RUN.replace('threads', '<b>x</b>'));
  assert.equal((await drawn(page)).legend[0], '<b>x</b>');
  assert.equal(await page.$('[data-own] b'), null);
});

// What stands in the page without scripts is what the script makes of the recorded run.
const {figures, parse} = await import(`data:text/javascript,${encodeURIComponent(await readFile(join(WWW, 'course/curves.js'), 'utf8'))}`);
const text = part => typeof part === 'string' ? [part] : part.children.flatMap(text);
const paths = part => typeof part === 'string' ? [] : [...(part.name === 'path' ? [part.attributes.d] : []), ...part.children.flatMap(paths)];
for (const [path, language] of [['guide/measured.html', 'en'], ['zh/guide/measured.html', 'zh']]) {
  test(`the recorded curves are those of the recorded run (${language})`, async () => {
    const page = await readFile(join(WWW, path), 'utf8');
    const recorded = page.match(/<pre class="output" tabindex="0"><code>(# iterative.*?)<\/code>/s)[1];
    const {runs} = parse(recorded.replaceAll('&gt;', '>'));
    assert.equal(runs.length, 7);
    const made = figures(runs, language);
    const shown = page.match(/<div class="curves">.*?<\/div>\n *<details>/s)[0];
    assert.deepEqual([...shown.matchAll(/ d="([^"]*)"/g)].map(([, path]) => path), made.flatMap(paths));
    const words = [...shown.replace(/<details><summary>[^<]*<\/summary>\n *<pre.*/s, '').matchAll(/>([^<\n]+)</g)].map(([, word]) => word.trim()).filter(Boolean);
    assert.deepEqual(words, made.flatMap(text));
  });
}

// Every page of the server, checked by axe-core: in light, in dark, in forced colours, wide and on a phone.

import axe from 'axe-core';
import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {assert, emulate, picture, ROOT, scenario} from './harness.mjs';

const LOOKS = [
  {look: 'light', width: 1200},
  {look: 'dark', dark: true, width: 1200},
  {look: 'forced colours', forced: true, width: 1200},
  {look: 'phone', width: 390},
];

const FILES = {
  'README.md': '# Holiday\n\nSome *words*, a [link](notes.txt) and\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [ ] open\n- [x] done\n',
  'notes.txt': 'Notes.\n', 'photo1.png': '', 'photo10.png': '', 'sub/inner.txt': 'x', 'empty/': null,
  'video.mp4': '', 'strange \u202egpj.exe': '', 'App.css': '',
};

/** What axe finds, a line for each node. */
async function findings(page) {
  await page.evaluate(axe.source);
  const result = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return result.violations.flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.target} ${node.html.slice(0, 150)} ${node.any[0]?.message ?? ""}`));
}

function check(name, path, options, prepare = async () => {}) {
  scenario(`axe finds nothing on ${name}`, {...options, only: 'chromium'}, async ({page, server}) => {
    for (const {look, width, ...media} of LOOKS) {
      await emulate(page, media);
      await page.setViewport({width, height: 844});
      await page.goto(server.url(path));
      await prepare(page);
      await picture(page, `${name} ${look}`.replaceAll(/\W+/g, '-'));
      assert.deepEqual(await findings(page), [], look);
    }
  });
}

const isNotThere = /status of 4\d\d/;

check('a listing', '/', {files: FILES});
check('a listing as a gallery', '/?view=gallery', {files: FILES, allow: isNotThere});
check('an empty folder', '/empty/', {files: FILES});
check('a listing with uploads', '/', {files: FILES, args: ['--upload']});
check('a 404', '/app.css', {files: FILES, allow: isNotThere});
check('a 403', '/', {files: FILES, args: ['--no-listing'], allow: isNotThere});
check('a Markdown file as a page', '/README.md?markdown', {files: FILES});
check('a QR code', '/sub/inner.txt?qr', {files: FILES});
check('the viewer', '/#view=notes.txt', {files: FILES}, page => page.waitForSelector('.viewer[open] .note:not(:empty)'));
check('the inspector', '/.glass/', {files: FILES, args: ['--inspect']});

// A chapter asks whether the inspector is on.
const COURSE = {serve: join(ROOT, 'www'), allow: isNotThere};
check('the start page', '/', COURSE);
check('the start page in Chinese', '/zh/', COURSE);
check('the 404 of the course', '/nothing', COURSE);
check('the 404 of the course in Chinese', '/zh/nothing', COURSE);
// Its chapters are checked one by one below; all at once would take minutes.
async function isBound(page) {
  await page.waitForFunction(() => document.documentElement.dataset.book === 'ready');
  await page.$$eval('article:nth-of-type(n + 2)', all => all.forEach(one => one.remove()));
}
check('the course as a book', '/book.html', COURSE, isBound);
check('the course as a book in Chinese', '/zh/book.html', COURSE, isBound);
check('the search over the course', '/guide/http.html', COURSE, async page => {
  await (await page.waitForSelector('.search input')).type('socket');
  await page.waitForSelector('.found a');
});
check('a question that is answered', '/guide/http.html', COURSE, async page => {
  await page.waitForSelector('.ask .after');
  await page.$$eval('.ask .answer:not([open]) > summary', all => all.forEach(summary => summary.click()));
});
for (const chapter of (await readdir(join(ROOT, 'www/guide'))).filter(name => name.endsWith('.html'))) {
  for (const folder of ['/guide', '/zh/guide']) check(`the course ${folder}/${chapter}`, `${folder}/${chapter}`, COURSE);
}

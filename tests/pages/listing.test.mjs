// The page of a folder: the filter, keys, very many entries, picking several, news.

import {mkdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {assert, picture, scenario} from './harness.mjs';

const isNotThere = /status of 4\d\d/;
const FEW = {'a.txt': 'a', 'b.jpg': 'b', 'c.rs': 'c', 'dé.txt': 'd', 'sub/e.txt': 'e'};
const MANY = Object.fromEntries(Array.from({length: 3000}, (_, number) => [`file ${String(number).padStart(4, '0')}.txt`, '']));

const names = page => page.$$eval('td:first-child > :is(a, span):not(.up)', all => all.map(one => one.textContent));
const focused = page => page.evaluate(() => document.activeElement.textContent);
const scripts = page => page.evaluate(() =>
  performance.getEntriesByType('resource').map(({name}) => new URL(name).pathname).filter(path => path.includes('/.glass/page/')));

scenario('a page loads no script until somebody needs one', {files: FEW, allow: isNotThere}, async ({page, server}) => {
  await page.goto(server.url('/'));
  assert.deepEqual(await scripts(page), []);
  await page.type('#filter', 'txt');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2);
  assert.deepEqual(await scripts(page), ['/.glass/page/list.js']);
});

scenario('the filter is in the address, and comes back with it', {files: FEW, allow: isNotThere}, async ({page, server}) => {
  await page.goto(server.url('/'));
  await page.type('#filter', 'DE t');
  await page.waitForFunction(() => location.search === '?q=DE+t');
  assert.deepEqual(await names(page), ['dé.txt']);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  assert.equal(await page.$eval('#filter', filter => filter.value), 'DE t');
  // To sort keeps it.
  await Promise.all([page.waitForNavigation(), page.click('th:nth-child(2) button')]);
  assert.match(page.url(), /\?sort=size&order=desc&q=DE\+t$/);
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
});

scenario('by the keyboard alone one filters, goes, picks and downloads', {files: FEW, allow: isNotThere}, async ({page, server}) => {
  await page.goto(server.url('/'));
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => document.activeElement.textContent === 'sub/');
  await page.keyboard.press('x');
  await page.waitForFunction(() => document.querySelector('#pick [role=status]')?.textContent.startsWith('1 picked, 1 folder'));
  await page.keyboard.press('/');
  await page.keyboard.type('.txt');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2);
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'a.txt');
  await page.keyboard.press('x');
  await page.waitForFunction(() => document.querySelector('#pick [role=status]').textContent === '2 picked, 1 B and 1 folder: ');
  await picture(page, 'picked');
  // The button is one of those that Tab goes to.
  const asked = page.waitForRequest(request => request.url().includes('archive='));
  for (let steps = 0; steps < 20 && await focused(page) !== 'Download as zip'; steps += 1) {
    await page.keyboard.down('Shift');
    await page.keyboard.press('Tab');
    await page.keyboard.up('Shift');
  }
  await page.keyboard.press('Enter');
  assert.equal(new URL((await asked).url()).search, '?archive=zip&name=sub&name=a.txt');
});

scenario('of very many entries only those near to what is in sight have rows, and all are found', {files: MANY, allow: isNotThere}, async ({page, server}) => {
  await page.goto(server.url('/'));
  await page.waitForFunction(() => typeof glass === 'object' && glass.entries?.length === 3000);
  const rows = () => page.$$eval('tbody tr', all => all.length);
  assert.ok(await rows() < 100, String(await rows()));
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForFunction(() => document.querySelector('tbody').textContent.includes('file 2999.txt'));
  assert.ok(await rows() < 100, String(await rows()));
  // From where the focus is, the keys go on.
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForFunction(() => document.querySelector('tbody').textContent.includes('file 0000.txt'));
  for (let steps = 0; steps < 70; steps += 1) await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'file 0069.txt');
  await page.type('#filter', '299');
  await page.waitForFunction(() => document.querySelector('#shown').textContent === '13 of 3,000 shown');
  // All of these, and then so many that their names are too long for a target.
  await page.click('[name=pick]');
  await page.waitForSelector('td input');
  const press = text => page.evaluate(text => [...document.querySelectorAll('#pick button')].find(one => one.textContent === text).click(), text);
  await press('Pick all shown');
  await page.waitForFunction(() => document.querySelector('#pick [role=status]').textContent.startsWith('13 picked'));
  await page.evaluate(() => {
    const filter = document.getElementById('filter');
    filter.value = '';
    filter.dispatchEvent(new Event('input'));
  });
  await press('Pick all shown');
  await page.waitForFunction(() => document.querySelector('#pick [role=status]').textContent.startsWith('3,000 picked'));
  const asked = page.waitForRequest(request => request.method() === 'POST');
  await press('as tar.gz');
  assert.equal(new URL((await asked).url()).search, '?archive=tar.gz');
});

scenario('without scripts all rows are there, and what is ticked is downloaded', {files: {...MANY, 'odd &+%.txt': 'x'}, allow: isNotThere, only: 'chromium'}, async ({page, server}) => {
  await page.setJavaScriptEnabled(false);
  await page.goto(server.url('/'));
  const html = await page.content();
  assert.equal(html.match(/<tr><td><a /g).length, 3001);
  await picture(page, 'without-scripts');
  await Promise.all([page.waitForNavigation(), page.click('[name=pick]')]);
  await page.click('input[value="./file%200001.txt"]');
  await page.click('input[value="./odd%20%26%2B%25.txt"]');
  await picture(page, 'picks-without-scripts');
  const asked = page.waitForRequest(request => request.url().includes('archive='));
  await page.click('#pick button');
  const answer = await fetch((await asked).url());
  const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
  assert.ok(text.includes('file 0001.txt') && text.includes('odd &+%.txt') && !text.includes('file 0002.txt'));
});

const DEEP = Object.fromEntries(Object.entries(FEW).map(([name, text]) => [`in/a $& b/${name}`, text]));
scenario('a page says that its folder has changed, and shows it', {files: DEEP, args: ['--base-path', '/base'], allow: isNotThere}, async ({page, server, folder}) => {
  await page.goto(server.url('/base/in/a%20$&%20b/'));
  await writeFile(join(folder, 'in/a $& b/new.txt'), '');
  await mkdir(join(folder, 'in/a $& b/other'));
  await rm(join(folder, 'in/a $& b/a.txt'));
  await page.waitForSelector('.news');
  await page.waitForFunction(() => document.querySelector('.news').textContent.startsWith('This folder has changed: 2 new, 1 gone.'));
  await Promise.all([page.waitForNavigation(), page.click('.news button')]);
  assert.deepEqual(await names(page), ['other/', 'sub/', 'b.jpg', 'c.rs', 'dé.txt', 'new.txt']);
});

scenario('times are those of the clock on the wall, and a name shows all that is in it', {files: {'\u202egpj.exe': '', 'b.txt': ''}, allow: isNotThere}, async ({page, server}) => {
  await page.goto(server.url('/'));
  assert.ok((await names(page)).includes('[U+202E]gpj.exe'));
  const time = await page.$eval('time', ({dateTime, title, textContent}) => ({dateTime, title, textContent}));
  assert.match(time.dateTime, /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/);
  assert.equal(time.title, `${time.dateTime.slice(0, 10)} ${time.dateTime.slice(11, 16)} UTC`);
  const shown = await page.evaluate(text => new Date(text).getTime(), time.textContent.replace(' ', 'T'));
  assert.equal(shown, new Date(time.dateTime).getTime());
});

scenario('on a phone the date and its order are there', {files: FEW, allow: isNotThere}, async ({page, server}) => {
  await page.setViewport({width: 390, height: 844});
  await page.goto(server.url('/'));
  const isSeen = selector => page.$eval(selector, one => {
    const {left, right, height} = one.getBoundingClientRect();
    return height > 0 && left >= 0 && right <= innerWidth;
  });
  assert.ok(await isSeen('tbody time') && await isSeen('th:nth-child(3) button'));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  await picture(page, 'listing-on-a-phone');
  await Promise.all([page.waitForNavigation(), page.click('th:nth-child(3) button')]);
  assert.equal(await page.$eval('th[aria-sort]', head => head.ariaSort), 'descending');
});

scenario('of one that is picked, the address is there to be copied, and as a QR code', {files: {'a b.zip': '', 'c.zip': ''}, allow: isNotThere}, async ({page, server}) => {
  await page.goto(server.url('/'));
  await page.click('[name=pick]');
  const button = text => `::-p-xpath(//form[@id="pick"]//button[not(@hidden) and text()="${text}"])`;
  await page.waitForSelector('tbody input');
  assert.equal(await page.$(button('QR code')), null);
  await page.click('tbody input');
  await (await page.waitForSelector(button('Copy link'))).click();
  await page.waitForFunction(() => /^The link/.test(document.querySelector('#pick [role=status]').textContent));
  const [first, second] = await page.$$('tbody input');
  await second.click();
  assert.equal(await page.$(button('Copy link')), null);
  await second.click();
  assert.equal(await first.evaluate(box => box.checked), true);
  await Promise.all([page.waitForNavigation(), page.click(button('QR code'))]);
  assert.equal(page.url(), server.url('/a%20b.zip?qr'));
});

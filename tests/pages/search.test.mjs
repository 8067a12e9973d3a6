// Searching below a folder: from its listing, by a form that needs no script.

import axe from 'axe-core';
import {assert, emulate, picture, scenario} from './harness.mjs';

const FILES = {'trip/day 1/Ämter 1.txt': 'one', 'trip/amter.png': '', 'other/amter/x.txt': 'x', 'strange/<b>ämter&.txt': '', 'z.txt': ''};

// Of a plain text a browser asks for an icon.
scenario('what is below is found from the listing, and its links lead there and back', {files: FILES, allow: /status of 404/}, async ({page, server, name}) => {
  await page.goto(server.url('/'));
  await page.type('.tools [name=search]', 'AMTER');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  assert.equal(await page.evaluate(() => location.search), '?search=AMTER');
  assert.equal(await page.$eval('[name=search]', box => box.value), 'AMTER');
  const found = await page.$$eval('td > a', links => links.map(link => link.textContent));
  assert.deepEqual(found, ['amter/', '<b>ämter&.txt', 'amter.png', 'Ämter 1.txt']);
  assert.equal(await page.$eval('.outcome', element => element.textContent), '4 found. 10 names looked at.');
  await picture(page, `search-${name}`);
  await page.click('td span a[href="./trip/day%201/"]');
  await page.waitForFunction(() => location.pathname === '/trip/day%201/');
  await page.goto(server.url('/?search=AMTER'));
  await page.click('td > a[href$="1.txt"]');
  await page.waitForFunction(() => document.body.innerText === 'one');
});

scenario('nothing that is found is said, and the next term can be typed there', {files: FILES}, async ({page, server}) => {
  await page.goto(server.url('/trip/?search=%3Cscript%3E'));
  assert.match(await page.$eval('.outcome', element => element.textContent), /Nothing below \/trip\/ has "<script>" in its name/);
  await page.$eval('[name=search]', box => { box.value = ''; });
  await page.type('[name=search]', 'day');
  await Promise.all([page.waitForNavigation(), page.click('[role=search] button')]);
  assert.deepEqual(await page.$$eval('td > a', links => links.map(link => link.textContent)), ['day 1/']);
});

scenario('axe finds nothing on the page of a search', {files: FILES, only: 'chromium'}, async ({page, server}) => {
  for (const [look, width, media] of [['light', 1200, {}], ['dark', 1200, {dark: true}], ['forced', 1200, {forced: true}], ['phone', 390, {}]]) {
    await emulate(page, media);
    await page.setViewport({width, height: 844});
    await page.goto(server.url('/?search=amter'));
    await page.evaluate(axe.source);
    const {violations} = await page.evaluate(() => globalThis.axe.run(document));
    assert.deepEqual(violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html)}`), [], look);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), look);
    await picture(page, `search-${look}`);
    await page.goto(server.url('/'));
    await picture(page, `listing-${look}`);
  }
});

// Adding files from a listing: picked, dropped, whole folders; progress, cancelling, and what is refused.

import {readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import axe from 'axe-core';
import {assert, emulate, picture, scenario} from './harness.mjs';

const UPLOAD = {args: ['--upload']};
// What a refusal leaves in the console.
const isRefusal = /status of (4\d\d|503)|ERR_|NS_/;

/** Loads the script for uploads, as whoever comes to their place by keyboard does. */
async function start(page) {
  await page.focus('#upload input[name=file]');
  await page.waitForSelector('#upload .said');
}

/** Drops files and folders on the page: {'a.txt': 'text', 'folder': {'b.txt': 'text'}}; a number stands for so many bytes. */
async function drop(page, tree) {
  await page.evaluate(tree => {
    const file = (name, content) => new File([typeof content === 'number' ? new Uint8Array(content) : content], name);
    const entry = (name, content) => typeof content === 'object' && content !== null ? {
      name, isDirectory: true, isFile: false,
      createReader: () => {
        const all = Object.entries(content).map(([name, content]) => entry(name, content));
        // As browsers do it, some at a time.
        return {readEntries: done => done(all.splice(0, 2))};
      },
    } : {name, isDirectory: false, isFile: true, file: done => done(file(name, content))};
    const items = Object.entries(tree).map(([name, content]) => ({
      kind: 'file', webkitGetAsEntry: () => entry(name, content), getAsFile: () => file(name, content),
    }));
    globalThis.drag = type => {
      const event = new Event(type, {bubbles: true, cancelable: true});
      event.dataTransfer = {types: ['Files'], items};
      document.body.dispatchEvent(event);
    };
    globalThis.drag('dragenter');
  }, tree);
  await page.waitForSelector('.over:not([hidden])');
  await page.evaluate(() => globalThis.drag('drop'));
}

const said = page => page.$eval('#upload .said', element => element.textContent);
const saysAtLast = (page, text) => page.waitForFunction(text => document.querySelector('#upload .said')?.textContent === text, {}, text);
const press = (page, text) => page.evaluate(text => [...document.querySelectorAll('#upload button')]
  .find(button => button.textContent.startsWith(text) && !button.hidden).click(), text);

scenario('picked files are added, and marked in the page as it is then', {...UPLOAD, files: {'there.txt': 'x'}}, async ({page, server, folder, name}) => {
  const own = join(folder, 'sub');
  await page.goto(server.url('/'));
  const input = await page.$('#upload input[name=file]');
  await writeFile(`${folder}-1.txt`, 'one');
  await input.uploadFile(`${folder}-1.txt`);
  await input.dispose();
  await start(page).catch(() => {});
  await saysAtLast(page, '1 added.');
  assert.equal(await page.$$eval('tr.new', rows => rows.length), 1);
  await picture(page, `upload-added-${name}`);
  const names = await readdir(folder);
  assert.equal(names.length, 2, `${own} ${names}`);
});

scenario('a folder that is dropped is there with all that is in it', {...UPLOAD, files: {'deep/a.txt': 'x'}}, async ({page, server, folder}) => {
  await page.goto(server.url('/deep/'));
  await start(page);
  await drop(page, {'trip': {'ü & #1.txt': 'one', '.DS_Store': 'x', 'day 1': {'b.txt': 'two', 'c.txt': 'three', 'd.txt': 'four'}}, 'single.txt': 'five'});
  await saysAtLast(page, '5 added, 1 file with a name that starts with a dot left out.');
  assert.deepEqual((await readdir(join(folder, 'deep/trip/day 1'))).sort(), ['b.txt', 'c.txt', 'd.txt']);
  assert.equal(await readFile(join(folder, 'deep/trip/ü & #1.txt'), 'utf8'), 'one');
  assert.deepEqual((await readdir(join(folder, 'deep/trip'))).sort(), ['day 1', 'ü & #1.txt']);
  assert.deepEqual(await page.$$eval('tr.new a', links => links.map(link => link.textContent)), ['trip/', 'single.txt']);
});

scenario('what is refused stands first, in words, and can go under another name', {...UPLOAD, files: {'there.txt': 'before'}, allow: isRefusal}, async ({page, server, folder, name}) => {
  await page.goto(server.url('/'));
  await start(page);
  await drop(page, {'a.txt': 'a', 'there.txt': 'new', 'z.txt': 'z'});
  await saysAtLast(page, '2 added, 1 not added.');
  const first = await page.$eval('#upload li', line => [line.className, line.innerText]);
  assert.equal(first[0], 'refused');
  assert.match(first[1], /A file of that name is there already/);
  await picture(page, `upload-refused-${name}`);
  if (name === 'chromium') {
    for (const look of [{}, {dark: true}, {forced: true}]) {
      await emulate(page, look);
      await page.evaluate(axe.source);
      const {violations} = await page.evaluate(() => globalThis.axe.run(document));
      assert.deepEqual(violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html)}`), []);
      await picture(page, `upload-refused-${Object.keys(look)}`);
    }
    await emulate(page, {});
    await page.setViewport({width: 390, height: 844});
    await picture(page, 'upload-refused-390');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  }
  await press(page, 'Send as “there (2).txt”');
  await page.waitForSelector('tr.new');
  assert.equal(await readFile(join(folder, 'there.txt'), 'utf8'), 'before');
  assert.equal(await readFile(join(folder, 'there (2).txt'), 'utf8'), 'new');
});

scenario('where files may be replaced they are only when that is wanted', {args: ['--upload', '--overwrite'], files: {'a.txt': 'before', 'b.txt': 'before', 'large': 'before'}, allow: isRefusal}, async ({page, server, folder}) => {
  await page.goto(server.url('/'));
  await start(page);
  await drop(page, {'a.txt': 'new', 'b.txt': 'new', 'large': 2_000_000});
  await saysAtLast(page, '3 not added.');
  assert.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'before');
  await press(page, 'Replace all');
  await saysAtLast(page, '3 replaced.');
  assert.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'new');
  assert.equal((await readFile(join(folder, 'large'))).length, 2_000_000);
});

scenario('what is being sent can be cancelled and sent again, and leaving is asked about', {...UPLOAD, allow: isRefusal}, async ({page, server, folder, name}) => {
  await page.goto(server.url('/'));
  await start(page);
  // No file comes to its end until it is let.
  await page.evaluate(() => {
    globalThis.send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function () { this.upload.onprogress({loaded: 500, total: 1000}); };
    globalThis.abort = XMLHttpRequest.prototype.abort;
    XMLHttpRequest.prototype.abort = function () { this.onloadend(); };
  });
  const files = Object.fromEntries(Array.from({length: 20}, (_, number) => [`${number}.txt`, 'x'.repeat(1000)]));
  await drop(page, files);
  await page.waitForFunction(() => document.querySelectorAll('#upload li.sending').length === 3);
  await page.waitForFunction(() => document.querySelector('#upload li.sending span').textContent === '50 %');
  assert.equal(await page.$eval('#upload .more', line => line.textContent), '12 more are waiting');
  assert.match(await page.$eval('#upload .sum', line => line.textContent), /^0 of 20 files · 1\.5 kB of 20 kB/);
  await picture(page, `upload-sending-${name}`);
  assert.equal(await page.evaluate(() => {
    const event = new Event('beforeunload', {cancelable: true});
    dispatchEvent(event);
    return event.defaultPrevented;
  }), true);
  await page.click('#upload li.sending button');
  await page.waitForFunction(() => document.querySelectorAll('#upload li.cancelled').length === 1);
  await press(page, 'Cancel all');
  await saysAtLast(page, '20 cancelled.');
  assert.deepEqual(await readdir(folder), []);
  await page.evaluate(() => void Object.assign(XMLHttpRequest.prototype, {send: globalThis.send, abort: globalThis.abort}));
  await press(page, 'Try all again');
  await saysAtLast(page, '20 added.');
  assert.equal((await readdir(folder)).length, 20);
});

scenario('a thousand files are added with few lines on the page', UPLOAD, async ({page, server, folder}) => {
  await page.goto(server.url('/'));
  await start(page);
  await page.evaluate(() => {
    globalThis.most = 0;
    new MutationObserver(() => { globalThis.most = Math.max(globalThis.most, document.querySelectorAll('#upload li').length); })
      .observe(document.querySelector('#upload'), {childList: true, subtree: true});
    addEventListener('beforeunload', () => { sessionStorage.most = globalThis.most; });
  });
  await drop(page, Object.fromEntries(Array.from({length: 1000}, (_, number) => [`f${number}`, 'x'])));
  await saysAtLast(page, '1,000 added.');
  assert.equal((await readdir(folder)).length, 1000);
  const most = Number(await page.evaluate(() => sessionStorage.most));
  assert.ok(most > 0 && most <= 9, `${most}`);
});

scenario('hostile names are text, and too large a file is not sent', {args: ['--upload', '--max-upload', '1k'], allow: isRefusal}, async ({page, server, folder}) => {
  await page.goto(server.url('/'));
  await start(page);
  await drop(page, {'<img src=x onerror=document.title="run">': 5000, 'folder': {}});
  await saysAtLast(page, '1 not added.');
  assert.match(await page.$eval('#upload li', line => line.innerText), /<img src=x.*5\.0 kB.*1\.0 kB at most/s);
  assert.notEqual(await page.title(), 'run');
  assert.deepEqual(await readdir(folder), []);
});

// Firefox cannot be told to run no scripts while it runs.
scenario('without scripts a form takes files, and says how else', {...UPLOAD, only: 'chromium'}, async ({page, server, folder, name}) => {
  await page.setJavaScriptEnabled(false);
  await page.goto(server.url('/'));
  await picture(page, `upload-plain-${name}`);
  await writeFile(`${folder}-2.txt`, 'two');
  const input = await page.$('#upload input[name=file]');
  await input.uploadFile(`${folder}-2.txt`);
  await Promise.all([page.waitForNavigation(), page.click('#upload form button')]);
  assert.equal((await readdir(folder)).length, 1);
  assert.match(await page.$eval('#upload', element => element.textContent), /curl -T FILE/);
});

scenario('with --auth-for upload everybody reads, and a password is asked for once', {args: ['--upload', '--auth', 'pia:secret', '--auth-for', 'upload'], allow: isRefusal}, async ({page, server, folder}) => {
  await page.authenticate({username: 'pia', password: 'secret'});
  const statuses = [];
  page.on('response', response => { if (response.request().method() === 'PUT') statuses.push(response.status()); });
  await page.goto(server.url('/'));
  await start(page);
  await drop(page, {'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c'});
  await saysAtLast(page, '3 added.');
  assert.equal((await readdir(folder)).length, 3);
  // The first is refused, and none of the files; Firefox tells of what it asks again twice.
  const first = statuses.lastIndexOf(409);
  assert.deepEqual(statuses.slice(first + 1), [201, 201, 201], `${statuses}`);
});

scenario('that a password is wrong is said, and nothing is sent', {args: ['--upload', '--auth', 'pia:secret', '--auth-for', 'upload'], allow: isRefusal}, async ({page, server, folder}) => {
  await page.authenticate({username: 'pia', password: 'wrong'});
  await page.goto(server.url('/'));
  await start(page);
  await drop(page, {'a.txt': 'a'});
  await saysAtLast(page, '1 not added.');
  assert.match(await page.$eval('#upload li', line => line.innerText), /name and a password are needed/);
  assert.deepEqual(await readdir(folder), []);
  assert.equal(await said(page), '1 not added.');
});

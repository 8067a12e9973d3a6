// The viewer of a listing: files of the folder in place, one after another; and what is shown of Markdown.

import {assert, picture, scenario} from './harness.mjs';

const RED = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="64" height="48" fill="red"/></svg>';
const FILES = {
  'a.svg': RED,
  'b.txt': 'two <b>words</b>\n',
  'c.zip': 'PK',
  'd.md': '# Deep\n\nNo <script>document.title = "run"</script> [to b](b.txt) [down](#end)\n\n- [x] done\n\n## End\n',
  'e.mp4': 'no film',
  'f.png': 'no picture',
  'page.html': '<title>a page</title>',
  'sub/x.txt': 'x',
};
const titleOf = page => page.$eval('dialog.viewer h2', heading => heading.textContent);
const shows = (page, name) => page.waitForFunction(
  name => document.querySelector('dialog.viewer[open] h2')?.textContent === name, {}, name);
const isClosed = page => page.waitForFunction(() => !document.querySelector('dialog.viewer[open]'));

scenario('by keys alone: open, to and fro, close, and the focus is at what was seen last', {files: FILES, allow: /decode|media|load/i}, async ({page, server}) => {
  await page.goto(server.url('/'));
  await page.focus('a[href="./a.svg"]');
  await page.keyboard.press('Enter');
  await shows(page, 'a.svg');
  assert.equal(await page.$eval('.viewer .place', place => place.textContent), '1 of 5');
  await page.waitForFunction(() => document.querySelector('.viewer img')?.naturalWidth === 64);
  assert.equal(new URL(page.url()).hash, '#view=a.svg');
  await picture(page, 'viewer-picture');
  await page.keyboard.press('ArrowRight');
  await shows(page, 'b.txt');
  await page.waitForFunction(() => document.querySelector('.viewer pre')?.textContent === 'two <b>words</b>\n');
  assert.match(await page.$eval('.viewer .note', note => note.textContent), /^17 bytes, read as UTF-8$/);
  await page.keyboard.press('End');
  await shows(page, 'f.png');
  await page.keyboard.press('Home');
  await shows(page, 'a.svg');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await titleOf(page), 'a.svg');
  await page.keyboard.press('ArrowRight');
  await shows(page, 'b.txt');
  await page.keyboard.press('Escape');
  await isClosed(page);
  await page.waitForFunction(() => document.activeElement.getAttribute('href') === './b.txt');
  await page.waitForFunction(() => location.hash === '');
});

scenario('Back closes it, Forward opens it again, and a link to it can be shared', {files: FILES}, async ({page, server}) => {
  await page.goto(server.url('/'));
  await page.click('a[href="./b.txt"]');
  await shows(page, 'b.txt');
  await page.evaluate(() => history.back());
  await isClosed(page);
  await page.evaluate(() => history.forward());
  await shows(page, 'b.txt');
  await page.goto('about:blank');
  await page.goto(server.url('/#view=b.txt'));
  await shows(page, 'b.txt');
  await page.click('.viewer button[aria-label="Close"]');
  await isClosed(page);
  await page.waitForFunction(() => location.hash === '' && document.activeElement.getAttribute('href') === './b.txt');
});

scenario('Markdown is a page in a frame, whose keys and links work', {files: FILES, allow: /404/}, async ({page, server}) => {
  await page.goto(server.url('/#view=d.md'));
  await shows(page, 'd.md');
  const handle = await page.waitForSelector('.viewer iframe');
  const frame = await handle.contentFrame();
  await frame.waitForSelector('h2#md-deep');
  await page.waitForFunction(() => !document.querySelector('.viewer iframe').contentDocument?.querySelector('header.about'));
  assert.equal(await frame.$eval('article', article => article.querySelector('script')), null);
  assert.equal(await frame.$eval('input', box => box.checked), true);
  await picture(page, 'viewer-markdown');
  await frame.click('a[href="#md-end"]');
  assert.equal(new URL(page.url()).hash, '#view=d.md');
  await frame.focus('a[href="./b.txt"]');
  await page.keyboard.press('ArrowLeft');
  await shows(page, 'b.txt');
  await page.keyboard.press('ArrowRight');
  await shows(page, 'd.md');
  const again = await (await page.waitForSelector('.viewer iframe')).contentFrame();
  await again.waitForSelector('a[href="./b.txt"]');
  await page.waitForFunction(() => !document.querySelector('.viewer iframe').contentDocument?.querySelector('header.about'));
  await again.click('a[href="./b.txt"]');
  await page.waitForFunction(() => location.pathname === '/b.txt');
});

scenario('what cannot be shown says so, with a download', {files: FILES, allow: /decode|media|load|e\.mp4|f\.png/i}, async ({page, server}) => {
  for (const [name, what] of [['e.mp4', 'play'], ['f.png', 'show']]) {
    await page.goto('about:blank');
    await page.goto(server.url(`/#view=${name}`));
    await page.waitForFunction(what => document.querySelector('.viewer .stage')?.textContent === `This browser cannot ${what} it. Download it.`, {}, what);
    assert.equal(await page.$eval('.viewer .stage a[download]', link => link.href), server.url(`/${name}`));
  }
});

scenario('only what the filter shows is gone through, and all else opens as ever', {files: FILES, allow: /404/}, async ({page, server}) => {
  await page.goto(server.url('/?q=.txt'));
  await page.click('a[href="./b.txt"]');
  await shows(page, 'b.txt');
  assert.equal(await page.$eval('.viewer .place', place => place.textContent), '1 of 1');
  assert.equal(await page.$eval('.viewer button[aria-label="Next"]', button => button.disabled), true);
  await page.keyboard.press('Escape');
  await isClosed(page);
  await page.goto(server.url('/'));
  await page.click('a[href="./page.html"]');
  await page.waitForFunction(() => document.title === 'a page');
});

scenario('a long text is cut, and its charset is found out', {
  files: {'long.txt': 'ä'.repeat(200_000), 'old.txt': Buffer.from('Gr\xfc\xdfe', 'latin1'), 'empty.txt': '', 'utf16.txt': Buffer.from('\ufeffhej', 'utf16le')},
}, async ({page, server}) => {
  const table = {
    'long.txt': [/^ä{131072}$/, /^Cut: the first 262,144 bytes of 400,000 bytes, read as UTF-8$/],
    'old.txt': [/^Grüße$/, /^5 bytes, read as Windows-1252, since it is not UTF-8$/],
    'empty.txt': [/^$/, /^0 bytes, read as UTF-8$/],
    'utf16.txt': [/^hej$/, /^8 bytes, read as UTF-16LE$/],
  };
  for (const [name, [text, note]] of Object.entries(table)) {
    await page.goto('about:blank');
    await page.goto(server.url(`/#view=${name}`));
    await page.waitForFunction(() => document.querySelector('.viewer .note')?.textContent);
    assert.match(await page.$eval('.viewer .note', note => note.textContent), note);
    assert.match(await page.$eval('.viewer pre', box => box.textContent), text);
  }
});

scenario('names that are hostile are names', {files: {'<img src=x onerror=alert(1)>&.txt': 'x', 'a b#c?.svg': RED}}, async ({page, server}) => {
  await page.goto(server.url('/'));
  await page.click('a.t');
  await shows(page, '<img src=x onerror=alert(1)>&.txt');
  await page.keyboard.press('ArrowRight');
  await shows(page, 'a b#c?.svg');
  await page.waitForFunction(() => document.querySelector('.viewer img')?.naturalWidth === 64);
});

scenario('an address has its QR code, and a link is copied by a key', {files: FILES}, async ({page, server}) => {
  await page.goto(server.url('/'));
  // The focus brings the script; on a busy machine the first may come before the page itself has it.
  await page.waitForFunction(() => {
    const link = document.querySelector('a[href="./c.zip"]');
    if (!glass.keys?.c) link.blur();
    link.focus();
    return glass.keys?.c;
  });
  await page.keyboard.press('c');
  await page.waitForFunction(() => /^The link/.test(document.getElementById('shown').textContent));
  await page.focus('a[href="./c.zip"]');
  await page.keyboard.press('q');
  await page.waitForFunction(() => location.search === '?qr');
  assert.match(await page.$eval('main', main => main.textContent), /Start the server with --lan/);
  assert.equal(await page.$eval('svg[role=img]', code => code.getBoundingClientRect().width >= 280), true);
});

const MANY = Object.fromEntries(Array.from({length: 3000}, (_, number) => [`n${number}.txt`, `${number}`]));
scenario('among thousands, of which most are not in the table, it goes to each and comes back to its row', {files: MANY}, async ({page, server}) => {
  await page.goto(server.url('/#view=n2500.txt'));
  await shows(page, 'n2500.txt');
  assert.equal(await page.$eval('.viewer .place', place => place.textContent), '2,501 of 3,000');
  await page.keyboard.press('ArrowRight');
  await shows(page, 'n2501.txt');
  await page.waitForFunction(() => document.querySelector('.viewer pre').textContent === '2501');
  await page.keyboard.press('Escape');
  await isClosed(page);
  await page.waitForFunction(() => document.activeElement.getAttribute('href') === './n2501.txt');
});

scenario('a swipe goes on and back', {files: FILES, only: 'chromium'}, async ({page, server}) => {
  await page.goto(server.url('/#view=a.svg'));
  await shows(page, 'a.svg');
  const swipe = async (from, to) => {
    const touch = await page.touchscreen.touchStart(from, 400);
    await touch.move(to, 405);
    await touch.end();
  };
  await swipe(500, 300);
  await shows(page, 'b.txt');
  await swipe(300, 500);
  await shows(page, 'a.svg');
});

scenario('on a phone nothing is wider than it: a 404, a QR code, Markdown, the viewer', {
  files: {'a.md': `# ${'Long'.repeat(40)}\n\n${'word'.repeat(60)}\n\n| ${'a | '.repeat(30)}\n|${'-|'.repeat(30)}\n`, 'b.txt': 'x'.repeat(300)}, allow: /404/,
}, async ({page, server}) => {
  await page.setViewport({width: 390, height: 844});
  for (const path of [`/${'nothing'.repeat(40)}`, '/b.txt?qr', '/a.md?markdown', '/#view=b.txt']) {
    await page.goto(server.url(path));
    if (path.includes('view')) await shows(page, 'b.txt');
    const widest = await page.evaluate(() => (document.querySelector('dialog[open]') ?? document.documentElement).scrollWidth);
    assert.equal(widest <= 390, true, `${path}: ${widest}`);
  }
});

// Pages of errors, and that the harness sees what a page does wrong.

import {assert, scenario} from './harness.mjs';

scenario('a page that is not there leads back', {allow: /404/}, async ({page, server}) => {
  const response = await page.goto(server.url('/nothing/here'));
  assert.equal(response.status(), 404);
  await page.click('main a');
  await page.waitForFunction(() => location.pathname === '/');
});

scenario('a README cannot run a script', {files: {'README.md': '<script>document.title = "run"</script>'}}, async ({page, server}) => {
  await page.goto(server.url('/'));
  assert.notEqual(await page.title(), 'run');
});

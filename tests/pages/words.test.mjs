// The words of the course's scripts: both languages have the same, so that nobody reads half a sentence of the other.
// No browser is needed: the modules are imported with as much of a document as they look at when they begin.

import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {test} from 'node:test';

const COURSE = join(import.meta.dirname, '../../www/course');

/** Import a module of the course, with a stub in place of the page. */
async function load(name) {
  globalThis.document ??= {documentElement: {lang: 'en'}, querySelector: () => null, querySelectorAll: () => []};
  globalThis.location ??= {href: 'http://localhost/guide/http.html', pathname: '/guide/http.html', protocol: 'http:'};
  return import(join(COURSE, name));
}

/** How the two differ, as paths: a name that one lacks, or a sentence where the other has a function. */
function differences(one, other, path) {
  if (typeof one !== typeof other) return [`${path}: ${typeof one}, ${typeof other}`];
  if (typeof one === 'function') return one.length === other.length ? [] : [`${path}: other arguments`];
  if (typeof one !== 'object') return [];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap(name => differences(one[name], other[name], `${path}.${name}`));
}

test('both languages have the same words, and what the one computes the other does', async () => {
  // Modules that have words, by their text: a new one cannot be forgotten.
  const found = [];
  for (const name of await readdir(COURSE)) {
    if (name.endsWith('.js') && /^ {2}zh: \{/m.test(await readFile(join(COURSE, name), 'utf8'))) found.push(name);
  }
  const {tables} = await load('dom.js');
  const checked = [];
  for (const name of found) {
    const before = tables.length;
    const {WORDS} = await load(name);
    checked.push(...tables.slice(before).map(table => [name, table]), ...(WORDS ? [[name, WORDS]] : []));
  }
  assert.ok(found.length >= 4, found.join());
  assert.deepEqual([...new Set(checked.map(([name]) => name))].sort(), found.sort());
  assert.deepEqual(checked.flatMap(([name, {en, zh}]) => differences(en, zh, name)), []);
});

test('a word that only one language has is found', () => {
  const en = {a: 'x', of: count => `${count}`, inner: {b: 'y'}};
  assert.deepEqual(differences(en, {a: 'x', of: count => `${count}`, inner: {b: 'z'}}, 't'), []);
  assert.deepEqual(differences(en, {a: 'x', of: () => '', inner: {}}, 't'),
    ['t.of: other arguments', 't.inner.b: string, undefined']);
});

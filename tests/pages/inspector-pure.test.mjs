// What the inspector's page works out without a page: the filter, curl commands, bodies, HAR, pages, comparisons.

import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {createServer} from 'node:net';
import {test} from 'node:test';
import {asText, indent, readBody} from '../../src/glass/inspect/page/body.js';
import {compare, sameBefore, sideBySide} from '../../src/glass/inspect/page/compare.js';
import {curlOf, quote} from '../../src/glass/inspect/page/curl.js';
import {matches, parse} from '../../src/glass/inspect/page/filter.js';
import {harOf} from '../../src/glass/inspect/page/har.js';
import {adviceOf, factsOf, loadsOf, spanOf} from '../../src/glass/inspect/page/loads.js';

/** An exchange as the server tells of it. */
const exchange = (more = {}) => ({
  id: 1, connection: 3, number: 1, worker: 0, client: '127.0.0.1', method: 'GET', target: '/a/App.js?x=1', status: 200,
  phrase: 'OK', sent: 12_000, length: 12_000, complete: true, began: 1000, arrived: 1100, decided: 1500, ended: 121_000,
  type: 'text/javascript; charset=utf-8', ...more,
});

test('the filter knows words, fields, numbers and a minus', () => {
  const preflight = {method: 'OPTIONS', status: 204, phrase: 'No Content', preflight: true, origin: 'http://localhost:5173'};
  const table = [
    ['', {}, true], ['app.js', {}, true], ['APP js?x', {}, true], ['app.css', {}, false],
    ['-app.css', {}, true], ['-app.js', {}, false], ['"not found"', {phrase: 'Not Found', status: 404}, true],
    ['-"not found"', {phrase: 'Not Found', status: 404}, false], ['"not found', {phrase: 'Not Found'}, true],
    ['304', {status: 304}, true], ['-304', {status: 304}, false], ['-304', {}, true],
    ['status:200', {}, true], ['status:2xx', {}, true], ['status:20x', {}, true], ['status:4xx', {}, false],
    ['status-code:404', {status: 404}, true], ['status:>=400', {status: 404}, true], ['status>=400', {}, false],
    ['status:<300', {}, true], ['-status:304', {status: 304}, false],
    ['method:get', {}, true], ['method:post', {}, false], ['method:P*', {method: 'PUT'}, true], ['-method:GET', {}, false],
    ['type:javascript', {}, true], ['mime-type:json', {}, false], ['type:"text/javascript; charset"', {}, true],
    ['url:/a/*', {}, true], ['url:*.css', {}, false], ['path:app', {}, true],
    ['size>10k', {}, true], ['size:>10k', {}, true], ['size>12k', {}, false], ['size:>=12k', {}, true], ['size<1M', {}, true],
    ['larger-than:10k', {}, true], ['larger-than:1M', {}, false], ['smaller-than:1M', {}, true], ['size:12000', {}, true],
    ['received>0', {received: 5}, true], ['received>0', {}, false],
    ['time>100', {}, true], ['time>120', {}, false], ['time>119ms', {}, true], ['time<1s', {}, true], ['time>20us', {}, true],
    ['connection:3', {}, true], ['connection:30', {}, false],
    ['is:preflight', preflight, true], ['is:preflight', {}, false], ['-is:preflight', preflight, false],
    ['is:blocked', {blocked: true}, true], ['is:blocked', {}, false], ['is:cached', {status: 304}, true],
    ['is:from-cache', {status: 304}, true], ['is:compressed', {coding: 'br'}, true], ['is:broken', {complete: false}, true],
    ['is:error', {status: 500}, true], ['is:error', {}, false],
    ['domain:localhost', preflight, true], ['domain:*:5173', preflight, true], ['domain:localhost', {}, false],
    ['origin:http://localhost:5173', preflight, true], ['http://localhost:5173', preflight, true], ['localhost:5173', preflight, true],
    ['has-response-header:content-encoding', {coding: 'gzip'}, true], ['has-response-header:content-encoding', {}, false],
    ['coding:gzip', {coding: 'gzip'}, true], ['cache:no-store', {cache: 'no-store'}, true], ['dest:script', {dest: 'script'}, true],
    ['größe', {target: '/gr%C3%B6%C3%9Fe.txt'}, true], ['/', {target: '/100%'}, true],
    ['status: method:', {}, true], ['- app', {target: '/-app'}, true],
    ['status:2xx -type:json size>10k app', {}, true], ['status:2xx type:json', {}, false],
  ];
  for (const [text, more, expected] of table) {
    const parsed = parse(text);
    assert.deepEqual(parsed.problems, [], text);
    assert.equal(matches(parsed, exchange(more)), expected, `${text} of ${JSON.stringify(more)}`);
  }
});

test('what the filter does not understand is said, and is no test', () => {
  const table = [
    ['status:abc', /a status is 404/], ['status:>=x', /a status is/], ['size>big', /a size is 500/], ['time>10k', /a time is/],
    ['is:odd', /one of blocked, preflight/], ['has-response-header:etag', /content-type/], ['connection:x', /a number/],
    // What every object has is none of these.
    ['is:constructor', /one of blocked, preflight/], ['has-response-header:constructor', /content-type/], ['size>5constructor', /a size is/],
  ];
  for (const [text, problem] of table) {
    const {tests, problems} = parse(text);
    assert.equal(tests.length, 0, text);
    assert.match(problems.join(), problem);
  }
  // This may be a word that has a colon.
  const {tests, problems} = parse('foo:bar');
  assert.equal(tests.length, 1);
  assert.match(problems.join(), /foo is no key/);
  assert.match(parse('constructor:x').problems.join(), /constructor is no key/);
});

test('a body is read by its type, and what is not what it says is text or bytes', () => {
  const utf8 = text => Buffer.from(text).toString('latin1');
  const table = [
    ['{"a":[1,2.50,{}],"b":"x,{"}', 'application/json', {kind: 'json', text: '{\n  "a": [\n    1,\n    2.50,\n    {}\n  ],\n  "b": "x,{"\n}'}],
    [utf8('{"a":"ü"}'), 'application/problem+json; charset=utf-8', {kind: 'json', text: '{\n  "a": "ü"\n}'}],
    ['[1]', 'text/plain;charset=UTF-8', {kind: 'json', text: '[\n  1\n]'}],
    ['{"a":', 'application/json', {kind: 'text', text: '{"a":'}],
    ['a=1&b=%C3%BC+x&c&=d', 'application/x-www-form-urlencoded', {kind: 'form', pairs: [['a', '1'], ['b', 'ü x'], ['c', ''], ['', 'd']], left: 0}],
    ['a=\0', 'application/x-www-form-urlencoded', {kind: 'bytes'}],
    [utf8('Grüße'), 'text/plain', {kind: 'text', text: 'Grüße'}],
    ['abc', '', {kind: 'text', text: 'abc'}],
    ['\xff\0', 'text/plain', {kind: 'bytes'}],
    ['x', 'multipart/form-data', {kind: 'text', text: 'x'}],
  ];
  for (const [bytes, type, expected] of table) assert.deepEqual(readBody(bytes, type), expected, `${type} ${bytes}`);
  const many = readBody('a&'.repeat(5000), 'application/x-www-form-urlencoded');
  assert.equal(many.pairs.length, 1000);
  assert.equal(many.left, 4000);
  // Indents of depth 30,000 would be a gigabyte.
  assert.equal(indent('['.repeat(30_000) + ']'.repeat(30_000)), null);
});

test('the parts of a multipart body have names, files and bodies', () => {
  const part = (fields, body) => `--X\r\n${fields}\r\n\r\n${body}\r\n`;
  const body = part('Content-Disposition: form-data; name="a"', 'hello')
    + part('content-disposition: form-data; name="f"; filename="x \\"y.json"\r\nContent-Type: application/json', '[1]')
    + part('X: y', '\0') + '--X--\r\n';
  const {kind, parts} = readBody(body, 'multipart/form-data; boundary=X');
  assert.equal(kind, 'multipart');
  const seen = parts.map(({name, file, type, bytes, body}) => [name, file, type, bytes, body.kind]);
  assert.deepEqual(seen, [
    ['a', null, '', 'hello', 'text'], ['f', 'x \\"y.json', 'application/json', '[1]', 'json'], [null, null, '', '\0', 'bytes'],
  ]);
  // What was cut within a part shows its beginning.
  const cut = readBody(body.slice(0, body.indexOf('hello') + 3), 'multipart/form-data; boundary="X"', true);
  assert.deepEqual(cut.parts.map(({name, bytes}) => [name, bytes]), [['a', 'hel']]);
});

test('text that is cut within a character is still text', () => {
  assert.equal(asText('a\xc3', true), 'a');
  assert.equal(asText('a\xc3'), null);
});

test('a word for the shell comes out of it as the bytes that went in, and holds no control character', () => {
  const table = ['', 'plain', "it's", '$HOME `id` "x" \\ !x', 'a\nb\tc\r', '\x1b[31m', '\xff\xfe', 'gr\xc3\xb6\xc3\x9fe', "\x01'7!", '-n', '\xe2\x80\xae'];
  for (const bytes of table) {
    const word = quote(bytes);
    assert.doesNotMatch(word, /[\0-\x1f\x7f]/);
    const {stdout} = spawnSync('bash', ['-c', `printf %s ${word}`], {encoding: 'buffer'});
    assert.equal(stdout.toString('latin1'), bytes, word);
  }
});

/** What reaches a server when this command runs. */
async function received(make) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const got = new Promise(done => server.once('connection', socket => {
    let bytes = '';
    socket.setEncoding('latin1');
    socket.on('data', data => {
      bytes += data;
      const end = bytes.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(bytes)?.[1] ?? 0);
      const isWhole = /transfer-encoding: chunked/i.test(bytes) ? bytes.endsWith('\r\n0\r\n\r\n') : bytes.length >= end + 4 + length;
      if (end < 0 || !isWhole) return;
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      done(bytes);
    });
  }));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const child = spawn('bash', ['-c', make(origin)], {stdio: 'ignore', env: {...process.env, no_proxy: '*'}});
  await once(child, 'exit');
  const bytes = await Promise.race([got, new Promise(done => setTimeout(done, 2000, 'nothing came'))]);
  server.close();
  return bytes;
}

test('a curl command sends the same request again', {timeout: 60_000}, async () => {
  const table = [
    ['GET /a?b=[1]&c={x} HTTP/1.1', ['Host: HOST', 'Accept: */*', 'User-Agent: x']],
    ["GET /it's%20here/../a HTTP/1.1", ['Host: HOST', 'User-Agent: a "b" $c', 'Accept: x']],
    ['GET * HTTP/1.1', ['Host: HOST', 'User-Agent: x', 'Accept: x']],
    ['HEAD / HTTP/1.1', ['Host: other.example', 'User-Agent: x', 'Accept: x']],
    ['DELETE /a HTTP/1.1', ['Host: HOST']],
    ['GET / HTTP/1.0', []],
    ['GET /%ff HTTP/1.1', ['Host: HOST', 'User-Agent: caf\xe9', 'Accept: x', 'X-Empty: ']],
    ['POST /api HTTP/1.1', ['Host: HOST', 'User-Agent: x', 'Accept: x', 'Content-Type: application/json'], '{"a":"it\'s"}'],
    ['PUT /a HTTP/1.1', ['Host: HOST', 'User-Agent: x', 'Accept: x'], 'a\nb\r\n\xff!\\'],
    ['POST / HTTP/1.1', ['Host: HOST', 'User-Agent: x', 'Accept: x'], '\0\x01%s -x'],
    ['POST / HTTP/1.1', ['Host: HOST', 'User-Agent: x', 'Accept: x'], '@/etc/hostname'],
    ['POST / HTTP/1.1', ['Host: HOST', 'User-Agent: x', 'Accept: x'], ''],
  ];
  for (const [line, lines, body] of table) {
    let expected;
    const came = await received(origin => {
      const fields = lines.map(field => field.replace('HOST', new URL(origin).host));
      const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
      const head = [...fields, ...length];
      expected = {line, fields: head.map(field => field.trim()).toSorted(), body: body ?? ''};
      const request = `${line}\r\n${[...head, 'Connection: keep-alive, X-Hop', 'X-Hop: 1'].map(field => `${field}\r\n`).join('')}\r\n`;
      return curlOf({request, requestBody: body}, origin);
    });
    const [head, ...rest] = came.split('\r\n\r\n');
    const [first, ...fields] = head.split('\r\n');
    assert.deepEqual({line: first, fields: fields.map(field => field.trim()).toSorted(), body: rest.join('\r\n\r\n')}, expected);
  }
});

test('chunks stay chunks, and what curl cannot send has no command', async () => {
  const came = await received(origin => curlOf({
    request: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', requestBody: 'hello',
  }, origin));
  assert.match(came, /\r\n5\r\nhello\r\n0\r\n\r\n$/);
  for (const request of ['', 'GET /\r\n\r\n', 'G{T / HTTP/1.1\r\n\r\n', 'GET /a b HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\na b: c\r\n\r\n']) {
    assert.equal(curlOf({request}, 'http://localhost:1'), null, request);
  }
});

const stories = [
  exchange({
    id: 1, request: 'GET /a/App.js?x=1&y=%C3%BC HTTP/1.1\r\nHost: localhost:80\r\nCookie: a=1; b=2\r\n\r\n', target: '/a/App.js?x=1&y=%C3%BC',
    response: 'HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nSet-Cookie: c=3; Path=/\r\n\r\n', body: 'x', sentence: '200: here it is',
  }),
  exchange({id: 2, method: 'POST', request: 'POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n', requestBody: 'a\xff', received: 2, response: 'HTTP/1.1 204 No Content\r\n\r\n', body: '', sent: 0, status: 204}),
  exchange({id: 3, request: 'GET / HTTP/1.1\r\n\r\n', response: 'HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n', body: '\x01', sent: 1, full: 10, coding: 'br'}),
  exchange({id: 4, request: 'GET / HTTP/1.1\r\n\r\n', response: 'HTTP/1.1 200 OK\r\n\r\n', body: '\0\xff', sent: 2, began: 500}),
  exchange({id: 5}),
  exchange({id: 6, method: '', target: '', status: 400, phrase: 'Bad Request', request: '\x01\x02', response: ''}),
];

test('HAR has what was kept, in the order of time, and says what was not', () => {
  const {log} = harOf(stories, {
    origin: 'http://localhost:80', version: '1', at: moment => moment / 1000, pages: [{id: 'p1', began: 0, title: '/'}],
    pageOf: ({id}) => id === 1 ? 'p1' : null,
  });
  assert.deepEqual(log.entries.map(entry => entry.startedDateTime.slice(-5)), ['.000Z', ...Array(5).fill('.001Z')]);
  const [bytes, first, post, coded] = log.entries;
  assert.deepEqual([first.pageref, first.comment, first.request.url], ['p1', '200: here it is', 'http://localhost:80/a/App.js?x=1&y=%C3%BC']);
  assert.deepEqual(first.request.queryString, [{name: 'x', value: '1'}, {name: 'y', value: 'ü'}]);
  assert.deepEqual(first.request.cookies, [{name: 'a', value: '1'}, {name: 'b', value: '2'}]);
  assert.deepEqual(first.response.cookies, [{name: 'c', value: '3'}]);
  assert.match(first.response.content.comment, /beginning alone/);
  assert.deepEqual(first.timings, {blocked: -1, dns: -1, connect: -1, ssl: -1, send: .1, wait: .4, receive: 119.5});
  assert.deepEqual(post.request.postData, {mimeType: 'text/plain', text: 'a\xff', comment: 'each character is a byte'});
  assert.deepEqual(coded.response.content, {size: 10, mimeType: 'text/javascript; charset=utf-8', compression: 9, comment: 'the body was compressed, and is left out'});
  assert.deepEqual([bytes.response.content.text, bytes.response.content.encoding], ['AP8=', 'base64']);
});

/** What the specification wants of each object: the type of each field, with a question mark for those that may be missing. */
const HAR = {
  log: {version: 'string', creator: 'creator', pages: ['page'], entries: ['entry']},
  creator: {name: 'string', version: 'string'},
  page: {startedDateTime: 'date', id: 'string', title: 'string', pageTimings: 'pageTimings'},
  pageTimings: {onContentLoad: 'number', onLoad: 'number'},
  entry: {'pageref?': 'string', startedDateTime: 'date', time: 'number', request: 'request', response: 'response', cache: 'cache', timings: 'timings', 'connection?': 'string', 'comment?': 'string'},
  request: {method: 'string', url: 'url', httpVersion: 'string', cookies: ['pair'], headers: ['pair'], queryString: ['pair'], 'postData?': 'postData', headersSize: 'number', bodySize: 'number'},
  response: {status: 'number', statusText: 'string', httpVersion: 'string', cookies: ['pair'], headers: ['pair'], content: 'content', redirectURL: 'string', headersSize: 'number', bodySize: 'number'},
  pair: {name: 'string', value: 'string'},
  postData: {mimeType: 'string', text: 'string', 'comment?': 'string'},
  content: {size: 'number', mimeType: 'string', 'compression?': 'number', 'text?': 'string', 'encoding?': 'string', 'comment?': 'string'},
  cache: {},
  timings: {blocked: 'number', dns: 'number', connect: 'number', ssl: 'number', send: 'number', wait: 'number', receive: 'number'},
};

function check(value, kind, place) {
  if (Array.isArray(kind)) return value.forEach((each, index) => check(each, kind[0], `${place}[${index}]`));
  if (kind === 'date') return assert.equal(new Date(value).toISOString(), value, place);
  if (kind === 'url') return assert.ok(URL.canParse(value), `${place}: ${value}`);
  if (!HAR[kind]) return assert.equal(typeof value, kind, place);
  const known = new Map(Object.entries(HAR[kind]).map(([name, type]) => [name.replace('?', ''), {type, isNeeded: !name.endsWith('?')}]));
  for (const name of Object.keys(value)) assert.ok(known.has(name), `${place}.${name}`);
  for (const [name, {type, isNeeded}] of known) {
    if (isNeeded || name in value) check(value[name], type, `${place}.${name}`);
  }
}

test('HAR is as its specification wants it', () => {
  const har = harOf(stories, {origin: 'http://localhost:80', version: '', at: moment => moment / 1000, pages: [{id: 'p', began: 0, title: 't'}]});
  check(har.log, 'log', 'log');
  assert.equal(har.log.version, '1.2');
});

test('two exchanges stand side by side, and what differs is marked', () => {
  const head = fields => `GET / HTTP/1.1\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`;
  const steps = (...names) => names.map(name => ({name: name.split('=')[0], text: name}));
  const before = exchange({request: head(['Host: a', 'Accept: x']), response: 'HTTP/1.1 200 OK\r\nETag: 1\r\nContent-Length: 5\r\n\r\n', steps: steps('target=/', 'file=a', 'status=200')});
  const now = exchange({status: 304, phrase: 'Not Modified', sent: 0, request: head(['host: a', 'If-None-Match: 1', 'Accept: x']), response: 'HTTP/1.1 304 Not Modified\r\nETag: 1\r\n\r\n', steps: steps('target=/', 'condition=1', 'file=a', 'status=304')});
  const groups = compare(before, now).map(({rows}) => rows.map(({name, left, right, differs}) => [name, left, right, differs]));
  assert.deepEqual(groups, [
    [['request line', 'GET / HTTP/1.1', 'GET / HTTP/1.1', false], ['Host', 'a', 'a', false], ['Accept', 'x', 'x', false], ['If-None-Match', null, '1', true]],
    [['target', 'target=/', 'target=/', false], ['condition', null, 'condition=1', true], ['file', 'file=a', 'file=a', false], ['status', 'status=200', 'status=304', true]],
    [['status', '200 OK', '304 Not Modified', true], ['ETag', '1', '1', false], ['Content-Length', '5', null, true], ['bytes of body', '12000', '0', true]],
  ]);
  const table = [['', '', ''], ['abc', 'abc', 'aa bb cc'], ['abc', 'xbz', 'a- -x bb c- -z'], ['ab', '', 'a- b-'], ['aab', 'ab', 'aa a- bb']];
  for (const [left, right, expected] of table) {
    const pairs = sideBySide([...left], [...right], each => each).map(([a, b]) => `${a ?? '-'}${b ?? '-'}`);
    assert.equal(pairs.join(' '), expected, `${left} ${right}`);
  }
});

test('the one before is the newest of the same client that asked for the same', () => {
  const all = [exchange({id: 1}), exchange({id: 2, client: '::1'}), exchange({id: 3, target: '/b'}), exchange({id: 4}), exchange({id: 5, method: 'HEAD'}), exchange({id: 6})];
  assert.equal(sameBefore(all, all[5]).id, 4);
  assert.equal(sameBefore(all, all[0]), undefined);
});

/** Exchanges of a page, from [target, more] each: one after the other, 1 ms each. */
function sequence(list, start = 0) {
  return list.map(([target, more], index) => {
    const began = start + 10_000 * index;
    return exchange({id: start / 1000 + index + 1, target, began, arrived: began, decided: began + 500, ended: began + 1000, type: 'text/css', sent: 10_000, ...more});
  });
}

test('exchanges belong to the page that caused them', () => {
  const html = {dest: 'document', type: 'text/html'};
  const all = [
    ...sequence([
      ['/', html], ['/a.css', {referer: '/', dest: 'style'}], ['/frame.html', {referer: '/', dest: 'iframe', type: 'text/html'}],
      ['/b.png', {referer: '/a.css', dest: 'image'}], ['/c.js', {referer: '/frame.html', dest: 'script'}],
      ['/curl', {}], ['/other', {...html, client: '::1'}], ['/d.js', {referer: '/', dest: 'script'}],
    ]),
    // The same page again, whose style sheet comes from the browser's memory; then a redirect and where it leads.
    ...sequence([['/', html], ['/b.png', {referer: '/a.css', dest: 'image'}]], 1e6),
    ...sequence([['/old', {...html, status: 301}], ['/new', html], ['/new.js', {referer: '/new', dest: 'script'}]], 2e6),
    // Pages of elsewhere: one, and again after a pause.
    ...sequence([['/api', {referer: 'http://a:1/'}], ['/api2', {referer: 'http://a:1/'}]], 3e6),
    ...sequence([['/api', {referer: 'http://a:1/'}]], 60e6),
  ];
  const seen = loadsOf(all).map(({title, own, exchanges}) => [title, own, exchanges.map(each => each.target).join(' ')]);
  assert.deepEqual(seen, [
    ['/', true, '/ /a.css /frame.html /b.png /c.js /d.js'], ['/other', true, '/other'], ['/', true, '/ /b.png'],
    ['/new', true, '/old /new /new.js'], ['http://a:1/', false, '/api /api2'], ['http://a:1/', false, '/api'],
  ]);
  // Where browsers do not say what a request is for, a page is HTML that others name as their Referer.
  const plain = sequence([['/', {type: 'text/html'}], ['/a.css', {referer: '/'}], ['/x.html', {type: 'text/html'}]]);
  assert.deepEqual(loadsOf(plain).map(({title, exchanges}) => [title, exchanges.length]), [['/', 2]]);
});

test('what would make a page lighter is said, and nothing else', () => {
  const html = {dest: 'document', type: 'text/html', sent: 500};
  const of = (...list) => adviceOf(factsOf(loadsOf(sequence([['/', html], ...list.map(([target, more]) => [target, {referer: '/', ...more}])]))[0]));
  const table = [
    [[], []],
    [[['/a.css', {}], ['/b.js', {type: 'text/javascript', sent: 20_000}], ['/c.png', {type: 'image/png'}]], [/^2 of 4 answers are text that was not compressed: `--compress` would save about 21.0 kB\.$/]],
    [[['/a.css', {coding: 'br'}]], []], [[['/a.css', {sent: 900}]], []],
    [[['/l.png', {type: 'image/png'}], ['/l.png', {type: 'image/png', cache: 'no-store'}]], [/^l\.png was fetched twice, 10\.0 kB more: its Cache-Control is no-store/]],
    [[['/l.png', {type: 'image/png'}], ['/l.png', {type: 'image/png', status: 304}]], [/^1 answer said that the copy is still good \(304\): with `--cache 'PATTERN=3600'` .* ask for l\.png\.$/]],
    [[['/gone.css', {status: 404}]], [/^Not there, and asked for in vain: gone\.css\.$/]],
    [[['/old', {status: 302}]], [/^1 request led elsewhere/]],
    [[['/film.mp4', {type: 'video/mp4', sent: 3e6}]], [/^film\.mp4: 3\.0 MB of 3\.0 MB in all\.$/]],
  ];
  for (const [list, expected] of table) {
    const advice = of(...list);
    assert.equal(advice.length, expected.length, advice.join());
    expected.forEach((pattern, index) => assert.match(advice[index], pattern));
  }
});

test('what is not asked for again came from the browser\'s memory, unless it may not be kept', () => {
  const html = {dest: 'document', type: 'text/html'};
  const first = sequence([['/', html], ['/a.css', {referer: '/'}], ['/b.css', {referer: '/', cache: 'no-store'}], ['/c.css', {referer: '/'}]]);
  const again = sequence([['/', html], ['/c.css', {referer: '/', status: 304}]], 1e6);
  const facts = factsOf(loadsOf([...first, ...again])[1]);
  assert.deepEqual(facts.remembered, ['/a.css']);
  assert.deepEqual(facts.unchanged.map(each => each.target), ['/c.css']);
});

test('the picture of a page ends when nothing has come for a while', () => {
  const load = loadsOf([...sequence([['/', {dest: 'document'}], ['/a', {referer: '/'}]]), ...sequence([['/poll', {referer: '/'}]], 30e6)])[0];
  assert.equal(load.exchanges.length, 3);
  assert.deepEqual(spanOf(load), {from: 0, to: 11_000});
});

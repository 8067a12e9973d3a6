// What the server tells, in Chinese: the catalogue of the course, and how a sentence is found in it. That it has all of them,
// and none that nobody tells, is in tests/it/decisions_zh.rs.

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {NAMES, SENTENCES} from '../../www/course/decisions.zh.data.js';
import {translate, translateName} from '../../www/course/decisions.zh.js';

const tag = '"e-29cd4ac39a5a-3e8-b2f1"';

test('sentences with names and numbers in them', () => {
  const table = [
    ['closes, as the client asks', '关闭，客户端这样要求'],
    ['2 fields, each split at its first colon', '2 个字段，各从第一个冒号处分开'],
    ['split at its two spaces: method "GET", target "/a b", version HTTP/1.1',
      '从两个空格处分开：方法 "GET"，目标 "/a b"，版本 HTTP/1.1'],
    ['"/sub/" is the root', '"/sub/" 就是根'],
    ['the folder itself is a directory', '这个文件夹本身是目录'],
    ['"hello.txt" is a file of 14 bytes', '"hello.txt" 是 14 字节的文件'],
    ['400 Bad Request: a line ends with LF alone; HTTP lines end with CR LF',
      '400 Bad Request：有一行只以 LF 结尾，而 HTTP 的行以 CR LF 结尾'],
    ['403 Forbidden: this is neither a file nor a directory', '403 Forbidden：它既不是文件，也不是目录'],
    ['409 Conflict: "a.txt": a folder has that name', '409 Conflict："a.txt"：有一个文件夹叫这个名字'],
    ['409 Conflict: "a: b \\" c: d": a folder has that name', '409 Conflict："a: b \\" c: d"：有一个文件夹叫这个名字'],
    [`If-None-Match ${'"a b", '.repeat(11)}... names this version, ${tag}: go on`,
      `If-None-Match ${'"a b", '.repeat(11)}... 指的就是这个版本（${tag}）：继续`],
    [`If-None-Match "cut off... names this version, ${tag}: go on`, `If-None-Match "cut off... 指的就是这个版本（${tag}）：继续`],
    ['409 Conflict: "a" is a file, and no folder to add to', '409 Conflict："a" 是文件，不是可以添加文件的文件夹'],
    ['TLS 1.3, TLS13_AES_128_GCM_SHA256, with keys agreed on by X25519', 'TLS 1.3，TLS13_AES_128_GCM_SHA256，密钥由 X25519 协商'],
    ['409 Conflict: a folder has that name; taken before that: "x", "y"',
      '409 Conflict：有一个文件夹叫这个名字；在这之前已收下："x", "y"'],
    ['409 Conflict: a folder has that name; taken before that: "x", "y" and 3 more',
      '409 Conflict：有一个文件夹叫这个名字；在这之前已收下："x", "y" 以及另外 3 个'],
    [`If-None-Match "a", ${tag} names our version, ${tag}: the client has these bytes already, so 304`,
      `If-None-Match "a", ${tag} 指的就是我们的版本（${tag}）：客户端已经有这些字节，所以 304`],
    ['404 Not Found: nothing that was picked is in this folder (any more): "x", "y", and 12 more',
      '404 Not Found：选中的东西都不在这个文件夹里（或者已经不在了）："x", "y" 以及另外 12 个'],
    ['Range "bytes=0-4" of 1000 bytes is the bytes 0 to 4', 'Range "bytes=0-4"，文件共 1000 字节：这个范围是第 0 到第 4 字节'],
    [`14 bytes of text/plain, by the file's name and its first bytes; this version has the tag ${tag}`,
      `14 字节，类型 text/plain，依据是文件名和开头的字节；这个版本的标签是 ${tag}`],
    [`14 bytes of text/plain, by the file's name and its first bytes, coded as br; this version has the tag ${tag}`,
      `14 字节，类型 text/plain，依据是文件名和开头的字节，编码为 br；这个版本的标签是 ${tag}`],
    ['the target is a directory and has no "/" at its end: a redirect to "/sub/" adds it',
      '目标是目录，末尾却没有 "/"：重定向到 "/sub/"，把它补上'],
    ['in memory, and found unchanged on disk just now: no need to open it', '在内存里，刚刚确认磁盘上的没有变：不必打开文件'],
    ['making an entity tag of all 9000000 bytes takes longer than others should wait: a helper answers this request',
      '用全部 9000000 字节计算实体标签要花太久，别人等不起：由辅助线程来响应这个请求'],
    ['400: two values; it is in doubt where the next request would begin, so the connection closes',
      '400：two values；下一个请求从哪里开始已不能确定，所以关闭连接'],
    ['400: there are two different values of Content-Length; it is in doubt where the next request would begin, so the ' +
      'connection closes', '400：有两个值不同的 Content-Length；下一个请求从哪里开始已不能确定，所以关闭连接'],
    ['404: no file and no folder is at `/nowhere`', '404：`/nowhere` 处既没有文件，也没有文件夹'],
    ['200: the whole of `/a`, 14 B; slow: 1.0 s of 1.2 s to send, as fast as the client took it: 14 B a second',
      '200：整个 `/a`，14 B；慢：1.2 s 之中，发送用了 1.0 s，客户端收多快就发多快：每秒 14 B'],
    ['the laboratory cannot do this: it takes 8 clients at most, and these are 9', '实验台做不了这个：最多 8 个客户端，而这里是 9'],
  ];
  for (const [english, chinese] of table) assert.equal(translate(english), chinese);
});

test('names of decisions', () => {
  assert.equal(translateName('request line'), '请求行');
  assert.equal(translate('request line'), '请求行');
  for (const name of ['', 'closes, as the client asks', 'constructor', '__proto__']) assert.equal(translateName(name), null);
});

test('what is left out of a value is said in Chinese, and nothing else in it is changed', () => {
  const long = `"/${'a'.repeat(79)}"`;
  assert.equal(translate(`${long} and 8112 bytes more is the root`), `${long}（后面还有 8112 字节）就是根`);
  for (const value of ['"the folder itself"', '"(.*)+$ [a-z]{2} \\\\1 $& $1"', '"{0} {1!} {x}"', '"a: b, c; slow: d"', '"<b>"', '"窗 口"',
    '"is the root"', '" and 3 more"', '"x\\" and 3 bytes more"']) {
    assert.equal(translate(`${value} is the root`), `${value} 就是根`);
    assert.equal(translate(`404; \`/${value}\` is there, \`/x\` was asked for`), `404：\`/${value}\` 是有的，请求的却是 \`/x\``);
  }
});

test('what is not in the catalogue stays as it is', () => {
  for (const text of ['', ' ', '200 OK', 'something else', 'closes, as the client asks!', ' closes, as the client asks',
    'CLOSES, AS THE CLIENT ASKS', '{count} fields', null, undefined, 7, {}, ['closes, as the client asks']]) {
    assert.equal(translate(text), null, JSON.stringify(text));
  }
});

test('no text takes long', () => {
  const began = performance.now();
  const words = ['a ', ': ', '" ', '; slow: ', ', ', ' is ', ' and ', 'a: b, c; taken before that: ', '; with CORS off ', '{', '\\'];
  for (const word of words) {
    for (const end of ['', ' adds it', ', coded', '; taken before that: x', ' and 3 more', ' is the root', ' is a directory']) {
      translate(word.repeat(100_000 / word.length) + end);
      translate(word.repeat(4000 / word.length) + end);
      translate(`400 Bad Request: ${word.repeat(300)}${end}`);
    }
  }
  assert.ok(performance.now() - began < 20_000, `${performance.now() - began} ms`);
});

test('each template translates what is made of it', () => {
  // A hole that must hold a sentence gets one; others get what a client could have sent.
  const fill = (text, isSentence, sentence) => {
    let hole = -1;
    return text.replace(/\{[^{}]*\}/g, (written) => {
      const number = written.match(/^\{(\d)[?!]?\}$/)?.[1] ?? (hole += 1);
      return isSentence(Number(number)) ? sentence : `"v${number}"`;
    });
  };
  const joined = (text) => text.replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, '');
  // These are sentences of others, with a name before them: what stands between the two says little.
  const isBare = (text) => !/[\p{L}\d]/u.test(text.replace(/\{[^{}]*\}/g, ''));
  for (const [english, chinese] of SENTENCES) {
    const isSentence = (hole) => chinese.includes(`{${hole}!}`);
    const expected = joined(fill(chinese, isSentence, '没有字段'));
    const translated = translate(fill(english, isSentence, 'no fields'));
    if (isBare(english)) assert.ok(translated?.includes('没有字段'), english);
    else assert.equal(translated, expected, english);
  }
});

test('Chinese is written as Chinese is', () => {
  for (const [english, chinese] of [...SENTENCES, ...NAMES]) {
    const outside = chinese.replace(/`[^`]*`/g, '').replace(/"[^"]*"/g, '');
    assert.equal(/\p{Script=Han} \p{Script=Han}/u.test(outside), false, `a space between two letters: ${chinese}`);
    assert.equal(/\p{Script=Han}[,.:;?!()]|[,:;?!()]\p{Script=Han}/u.test(outside), false, `punctuation of another script: ${chinese}`);
    assert.equal(/\p{Script=Han}[a-zA-Z0-9{]|[a-zA-Z0-9]\p{Script=Han}/u.test(outside.replace(/\{\d[?!]\}/g, '')), false, `no space: ${chinese}`);
    assert.equal(/[。]$/.test(chinese), false, `${english}: it is one sentence, without a full stop`);
  }
});

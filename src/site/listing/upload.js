// Lets people add files to a folder from its listing: dropped anywhere on the page, or chosen. Each is
// sent with PUT, one after the other, with its progress. The server says what it does not take. (Without
// scripts there is a form, which does less.)
'use strict';
(() => {
  const zone = document.getElementById('upload');
  const list = zone.querySelector('ul');
  const form = zone.querySelector('form');
  const waiting = [];
  let sending = false;
  let added = 0;
  let refused = 0;

  const element = (name, ...children) => {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  };

  // Phones give the same name to all that is chosen at once: the second is image (2).jpg, and no new version
  // of the first. (The server does the same with forms.)
  const nameNotIn = (used, name) => {
    const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length;
    let free = name;
    for (let number = 2; used.has(free); number += 1) free = `${name.slice(0, dot)} (${number})${name.slice(dot)}`;
    used.add(free);
    return free;
  };

  const send = (file, name, line, progress, words) => new Promise(done => {
    const request = new XMLHttpRequest();
    request.open('PUT', './' + encodeURIComponent(name));
    request.setRequestHeader('Accept', 'text/plain');
    request.upload.onprogress = event => {
      progress.max = event.total || 1;
      progress.value = event.loaded;
    };
    const end = (isThere, text) => {
      progress.remove();
      line.className = isThere ? 'done' : 'refused';
      words.textContent = text;
      if (isThere) added += 1; else refused += 1;
      done();
    };
    request.onload = () => request.status < 300
      ? end(true, request.status === 201 ? 'added' : 'replaced')
      : end(false, request.responseText.trim().slice(0, 200) || `refused: ${request.status}`);
    // A server that answers before it has read all may close while we send.
    request.onerror = () => end(false, 'not sent: the server refused it, or cannot be reached');
    request.send(file);
  });

  const sendAll = async () => {
    if (sending) return;
    sending = true;
    while (waiting.length > 0) await send(...waiting.shift());
    sending = false;
    // What was added is to be seen; what was refused is to be read first.
    if (added > 0 && refused === 0) location.reload();
    else if (added > 0) list.append(element('li', Object.assign(element('a', 'Show the folder as it is now'), {href: ''})));
  };

  const take = files => {
    const used = new Set();
    for (const file of files) {
      const name = nameNotIn(used, file.name);
      const progress = element('progress');
      const words = element('span');
      const line = element('li', name, ' ', progress, words);
      list.append(line);
      waiting.push([file, name, line, progress, words]);
    }
    sendAll();
  };

  zone.querySelector('input').onchange = event => take(event.target.files);
  const isFiles = event => event.dataTransfer?.types.includes('Files');
  let depth = 0;
  const mark = isOver => document.body.classList.toggle('drop', isOver);
  // The script of the page has the listener for it, since it loads this one then.
  glass.upload = event => { if (event?.type === 'dragenter' && isFiles(event)) { depth += 1; mark(true); } };
  addEventListener('dragleave', event => { if (isFiles(event)) { depth -= 1; mark(depth > 0); } });
  addEventListener('dragover', event => { if (isFiles(event)) event.preventDefault(); });
  addEventListener('drop', event => {
    if (!isFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark(false);
    const items = [...event.dataTransfer.items].filter(item => item.kind === 'file');
    // A folder looks like a file here, but cannot be read like one.
    const isFolder = item => item.webkitGetAsEntry?.()?.isDirectory;
    const folders = items.filter(isFolder).length;
    if (folders > 0) {
      const line = element('li', 'Folders cannot be sent; open them and send the files inside.');
      line.className = 'refused';
      list.append(line);
    }
    take(items.filter(item => !isFolder(item)).map(item => item.getAsFile()));
  });
  form.querySelector('label').firstChild.data = 'Add files: drop them anywhere here, or ';
  form.querySelector('button').remove();
  form.onsubmit = event => event.preventDefault();
})();

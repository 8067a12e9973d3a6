// Where files for an upload come from: they are dropped anywhere on the page, alone or in folders, or picked. `upload.js`
// sends them.
'use strict';
(() => {
  const {make} = glass;
  const {zone, files, folder, take, MOST} = glass.uploads;
  // How deep folders are looked into. The server makes no deeper ones.
  const DEPTH = 32;

  // Names that the server takes from nobody, such as .DS_Store, are left out and counted.
  const withoutHidden = found => {
    const [kept, left] = [found.filter(({path}) => !/(^|\/)\./.test(path)), []];
    if (kept.length < found.length) left.push(`${files(found.length - kept.length)} with a name that starts with a dot left out`);
    return [kept, left];
  };
  for (const input of zone.querySelectorAll('input[type=file]')) {
    input.onchange = () => {
      const found = [...input.files].map(file => ({file, path: file.webkitRelativePath || file.name}));
      take(...(input.webkitdirectory ? withoutHidden(found) : [found]));
      input.value = '';
    };
    // Somebody may have been faster than this script.
    if (input.files.length) input.onchange();
  }
  {
    const form = zone.querySelector('form');
    form.onsubmit = event => event.preventDefault();
    form.querySelector('button').remove();
  }

  // All files below what was dropped, folder by folder.
  const walk = async (entries, singles) => {
    const [found, left] = [[...singles], []];
    const read = (entry, method) => new Promise((done, fail) => entry[method](done, fail));
    let unreadable = 0;
    for (let next = entries.map(entry => [entry, entry.name, 0]); next.length && found.length <= MOST;) {
      const [entry, path, depth] = next.pop();
      try {
        if (entry.isFile) found.push({file: await read(entry, 'file'), path});
        else if (depth >= DEPTH) left.push(`${path} lies deeper than ${DEPTH} folders`);
        else {
          // Some are given at a time, until there are none.
          const reader = entry.createReader();
          for (let some; (some = await read(reader, 'readEntries')).length;) {
            next.push(...some.map(one => [one, `${path}/${one.name}`, depth + 1]));
            if (next.length > MOST) break;
          }
        }
      } catch {
        unreadable += 1;
      }
    }
    const [kept, hidden] = withoutHidden(found);
    if (unreadable) left.push(`${files(unreadable)} could not be read`);
    take(kept, [...left.slice(0, 3), ...hidden]);
  };
  const over = make('div', {className: 'over', textContent: `Drop to add to ${folder}`, hidden: true});
  const isFiles = event => event.dataTransfer?.types.includes('Files');
  // The script of the page has the listener for it, since it loads this one then.
  glass.upload = event => { if (event?.type === 'dragenter' && isFiles(event)) over.hidden = false; };
  addEventListener('dragleave', event => { if (!event.relatedTarget || event.target === over) over.hidden = true; });
  // While something is dragged no pointer moves: it was dropped before this script was there.
  addEventListener('pointermove', () => { over.hidden = true; });
  addEventListener('dragover', event => { if (isFiles(event)) event.preventDefault(); });
  addEventListener('drop', event => {
    over.hidden = true;
    if (!isFiles(event)) return;
    event.preventDefault();
    // They are there only now.
    const entries = [];
    const singles = [];
    for (const item of [...event.dataTransfer.items].filter(({kind}) => kind === 'file')) {
      const entry = item.webkitGetAsEntry?.();
      if (entry?.isDirectory) entries.push(entry);
      else {
        const file = item.getAsFile();
        singles.push({file, path: file.name});
      }
    }
    walk(entries, singles);
  });

  document.body.append(over);
})();

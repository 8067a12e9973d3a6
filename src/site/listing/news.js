// Says that the folder has changed since the page was made, and offers to show it as it is now.
'use strict';
(() => {
  // How many entries are compared; with more it says only that something has changed.
  const MOST = 1000;

  const words = document.createElement('span');
  words.setAttribute('role', 'status');
  const show = Object.assign(document.createElement('button'), {type: 'button', textContent: 'Show'});
  show.addEventListener('click', () => location.reload());
  const bar = document.createElement('p');
  bar.className = 'news';
  bar.append(words, ' ', show);

  const compare = async () => {
    const answer = await fetch('?format=json', {cache: 'no-store'});
    const now = new Set((await answer.json()).entries.map(entry => entry.href).filter(Boolean));
    const before = new Set(glass.entries.map(entry => entry.link).filter(Boolean));
    const added = [...now].filter(link => !before.has(link)).length;
    const gone = [...before].filter(link => !now.has(link)).length;
    return [added && `${glass.count(added)} new`, gone && `${glass.count(gone)} gone`].filter(Boolean).join(', ');
  };
  glass.news = async isThere => {
    let what = '';
    if (isThere && glass.entries.length <= MOST) {
      try {
        what = await compare();
      } catch {
        return;
      }
      // Something came and went.
      if (!what) return bar.remove();
    }
    const changed = what ? `This folder has changed: ${what}.` : 'This folder has changed.';
    words.textContent = isThere ? changed : 'This folder is not there any more.';
    show.hidden = !isThere;
    if (!bar.isConnected) document.querySelector('.tools').append(bar);
  };
})();

// Shows a picture beside the pointer that is on its name.
'use strict';
(() => {
  const {main, body} = glass;
  const canHover = matchMedia('(hover: hover) and (pointer: fine)').matches;
  const preview = Object.assign(document.createElement('div'), {className: 'preview', hidden: true});
  preview.setAttribute('aria-hidden', 'true');
  main.append(preview);
  let waiting;
  const hide = () => {
    clearTimeout(waiting);
    preview.hidden = true;
    preview.replaceChildren();
  };
  const showBeside = (link, x, y) => {
    const image = Object.assign(new Image(), {alt: '', decoding: 'async', src: link.href});
    image.addEventListener('load', () => {
      if (image.parentNode !== preview) return;
      preview.hidden = false;
      const box = preview.getBoundingClientRect();
      const within = (at, size, room) => Math.max(8, Math.min(at, room - size - 8));
      preview.style.left = `${within(x + 24, box.width, innerWidth)}px`;
      preview.style.top = `${within(y - box.height / 2, box.height, innerHeight)}px`;
    });
    preview.replaceChildren(image);
  };
  // Not if it is large.
  const isSmall = row => /^[^MGTPE]*$|^(1?\d|20)(\.\d)?\sMB/.test(row.cells[1].textContent);
  glass.preview = (event, link) => {
    const row = link.closest('tr');
    if (event.pointerType !== 'mouse' || !canHover || glass.isGallery() || !isSmall(row)) return;
    hide();
    waiting = setTimeout(showBeside, 150, link, event.clientX, event.clientY);
  };
  body.addEventListener('pointerover', event => event.target.closest('a.p') || hide());
  body.addEventListener('pointerleave', hide);
  for (const name of ['scroll', 'keydown', 'blur']) addEventListener(name, hide, {passive: true});
})();

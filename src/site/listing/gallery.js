// Shows the same rows as cards with pictures, without loading the page again. There are pictures only near what is in
// sight, however many there are.
'use strict';
(() => {
  const {main, body, isGallery} = glass;
  const buttons = [...document.querySelectorAll('[name=view]')].filter(button => button.type === 'submit');
  const link = row => row.querySelector('a');

  // Whether it is shown as a picture: not if it is large.
  const isPicture = row => {
    const [amount, unit] = row.cells[1].textContent.split(/\s/);
    const isSmall = ['B', 'kB'].includes(unit) || unit === 'MB' && amount <= 20;
    return isSmall && link(row)?.classList.contains('p');
  };
  const broken = new WeakSet();
  const observer = new IntersectionObserver(changes => {
    for (const {target, isIntersecting} of changes) {
      const image = link(target).querySelector('img');
      if (!isIntersecting) image?.remove();
      else if (!image && !broken.has(target)) {
        const image = new Image();
        Object.assign(image, {alt: '', decoding: 'async', src: link(target).href});
        image.addEventListener('error', () => {
          broken.add(target);
          image.remove();
        });
        link(target).prepend(image);
      }
    }
  }, {rootMargin: '1000px 0px'});

  const observe = rows => {
    for (const row of rows) if (row.entry && isPicture(row)) observer.observe(row);
  };
  // Not all rows are in the table at all times.
  new MutationObserver(changes => isGallery() && changes.forEach(({addedNodes}) => observe(addedNodes)))
    .observe(body, {childList: true});

  const set = view => {
    main.classList.toggle('gallery', view === 'gallery');
    for (const button of buttons) {
      if (button.value === view) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
    observer.disconnect();
    for (const image of body.querySelectorAll('img')) image.remove();
    if (isGallery()) observe(body.rows);
    // To sort keeps the view.
    for (const form of document.querySelectorAll('th form')) {
      const field = form.elements.view ?? document.createElement('input');
      form.append(Object.assign(field, {type: 'hidden', name: 'view', value: view}));
    }
  };
  glass.columns = () => {
    const [first, ...others] = [...body.rows].filter(row => row.className !== 'space');
    const sameLine = others.findIndex(row => row.offsetTop !== first.offsetTop);
    return isGallery() ? 1 + (sameLine < 0 ? others.length : sameLine) : 1;
  };
  if (isGallery()) set('gallery');
  // The button that was pressed.
  glass.gallery = (event, {value}) => {
    try { localStorage['glasshttp-view'] = value; } catch { /* then it is not remembered */ }
    set(value);
    glass.draw();
    const query = new URLSearchParams(location.search);
    if (event.isTrusted) query.set('view', value);
    history.replaceState(history.state, '', location.pathname + (String(query) && `?${query}`));
  };
})();

// However many events come, the page is drawn once for each frame of the screen.

export const drawers = []; // what draws the parts of the page

let isDue = false;

export function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    for (const draw of drawers) draw();
  });
}

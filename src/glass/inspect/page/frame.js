// However many events come, the page is drawn once for each frame of the screen.

export const drawers = []; // what draws the parts of the page

// A function that does this at the next frame, however often it is called until then.
export function oncePerFrame(act) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      act();
    });
  };
}

export const redraw = oncePerFrame(() => {
  for (const draw of drawers) draw();
});

// What the scripts of a chapter do, each a module in course/. Every page is complete without them, and a module that
// is missing or fails takes none of the others with it.

const failed = (error) => console.warn(error);
const use = (name, act = () => {}) => import(`./course/${name}.js`).then(act).catch(failed);

use("transcripts", ({ colourTranscripts }) => colourTranscripts());
use("commands", ({ separateCommands }) => separateCommands());

// Questions, progress, contents and search.
use("asks");
if (document.querySelector(".curves")) use("curves");

// Whether the server runs with --inspect, and so shows what it knows. Without an answer the words of the page stay.
async function showWhatTheServerKnows() {
  const { showLiveParts } = await import("./course/live.js");
  const isInspected = await showLiveParts();
  if (isInspected) await use("sources", ({ linkFiles }) => linkFiles());
  return isInspected;
}

if (location.protocol.startsWith("http")) {
  const inspected = showWhatTheServerKnows().catch(() => false);
  if (document.querySelector("figure.lab")) use("lab", ({ openLaboratory }) => openLaboratory(inspected));
}

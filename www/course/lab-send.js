// In which pieces, and on how many connections, bytes are sent: the clients that the laboratory is asked to play.
//
//   clientsFor([{ requests: ["GET / HTTP/1.1\r\n..."], isEnded: false, after: 0, quiet: 500 }], "halves")
//     [{ after: 0, pieces: [{ bytes: "GET / ", wait: 0 }, { bytes: "HTTP/1.1\r\n...", wait: 300 }], end: false, quiet: 500 }]

/** The ways, as the reader may choose and as a page says in data-send. */
export const WAYS = ["whole", "bytes", "halves", "twice", "half"];

const FOR_THE_ANSWER = 250; // ms, before the next request of a conversation is sent
const BETWEEN_HALVES = 300; // ms
const MOST_PIECES = 4000;   // that the laboratory takes
const ALL_BYTES_WITHIN = 2000; // ms

// Pieces of one byte each; of very many, as many pieces as are taken.
function oneByOne(bytes, mostPieces) {
  const size = Math.ceil(bytes.length / mostPieces) || 1;
  const count = Math.ceil(bytes.length / size);
  const wait = Math.min(4, Math.floor(ALL_BYTES_WITHIN / count));
  return Array.from({ length: count }, (_, index) =>
    ({ bytes: bytes.slice(index * size, (index + 1) * size), wait: index ? wait : 0 }));
}

function halves(bytes) {
  const middle = Math.floor(bytes.length / 2);
  return [{ bytes: bytes.slice(0, middle), wait: 0 }, { bytes: bytes.slice(middle), wait: BETWEEN_HALVES }];
}

function cut(bytes, way, isLast, mostPieces) {
  if (way === "bytes") return oneByOne(bytes, mostPieces);
  if (way === "halves") return halves(bytes);
  if (way === "half" && isLast) return halves(bytes).slice(0, 1);
  return [{ bytes, wait: 0 }];
}

/** One client for each conversation; two if all is sent twice. */
export function clientsFor(sent, way) {
  const total = sent.reduce((count, { requests }) => count + requests.length, 0);
  const clients = sent.map(({ requests, isEnded, after, quiet }) => ({
    after,
    pieces: requests.flatMap((bytes, index) => {
      const pieces = cut(bytes, way, index === requests.length - 1, Math.floor(MOST_PIECES / total)).filter((piece) => piece.bytes);
      if (index && pieces.length) pieces[0].wait = FOR_THE_ANSWER;
      return pieces;
    }),
    end: isEnded && way !== "half",
    quiet,
  }));
  return way === "twice" ? clients.flatMap((client) => [client, { ...client }]) : clients;
}

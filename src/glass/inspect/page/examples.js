// Requests to begin with in the composer: a name, the text, what can be learnt from it, and whether its lines end in LF.

const host = location.host;
// Where the site begins: what is served is below it.
const start = new URL("..", location.href).pathname;

export const EXAMPLES = [
  ["A good request", `GET ${start} HTTP/1.1\nHost: ${host}\n\n`,
    "A request line, one field, a blank line. The connection stays open for the next request."],
  ["Without Host", `GET ${start} HTTP/1.1\nAccept: */*\n\n`,
    "HTTP/1.1 asks for a Host field: one server may answer for many names."],
  ["Bare LF", `GET ${start} HTTP/1.1\nHost: ${host}\n\n`,
    "Lines that end in LF alone. Two readers that disagree on where a line ends can be played off against each other.", true],
  ["HTTP/1.0", `GET ${start} HTTP/1.0\n\n`,
    "The elder version needs no Host, and the connection is closed after the answer."],
  ["Two at once", `GET ${start} HTTP/1.1\nHost: ${host}\n\nGET ${start}no/such/page HTTP/1.1\nHost: ${host}\nConnection: close\n\n`,
    "Pipelining: the second request is sent without waiting for the first answer. Answers come in order."],
  ["A range", `GET ${start} HTTP/1.1\nHost: ${host}\nRange: bytes=0-99\n\n`, "The first hundred bytes, with 206 and Content-Range."],
  ["A chunked body", `POST ${start} HTTP/1.1\nHost: ${host}\nTransfer-Encoding: chunked\n\n5\nHello\n0\n\n`,
    "A body whose length nobody knew beforehand: each chunk says how long it is, in hexadecimal. Files take no POST; the body has to be read all the same."],
  ["Dot segments", `GET ${start}../../etc/passwd HTTP/1.1\nHost: ${host}\n\n`, "A target that would climb out of the folder."],
  ["In pieces", `GET ${start} HT\\pTP/1.1\nHo\\pst: ${host}\n\\p\n`,
    "TCP carries a stream of bytes, and a head may come in any pieces. The time line shows the waiting."],
  ["Two lengths", `POST ${start} HTTP/1.1\nHost: ${host}\nContent-Length: 5\nContent-Length: 6\n\nHello!`,
    "Where does this request end? On any doubt about that: 400, and close."],
];

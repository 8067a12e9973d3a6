//! The cases: each row of the catalogue at least once, in its order.

use super::{Case, Setup};
use crate::support::write;
use glasshttp::answer::{Body, Response};
use glasshttp::base::trace;
use glasshttp::http::base_path::BasePath;
use glasshttp::http::{Refusal, Status};
use glasshttp::site::{Cors, Hosts};
use std::time::Duration;

const fn case(
    row: &'static str,
    setup: fn(&mut Setup),
    pieces: &'static [&'static str],
    says: &'static str,
) -> Case {
    Case { row, setup, pieces, says }
}

pub(super) const CASES: &[Case] = &[
    case(
        "another site may not",
        |setup| setup.upload(false),
        &[
            "PUT /x.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nContent-Length: 3\r\n\r\nnew",
        ],
        "403: a page of another site sends this, and such a page may not add files here; no option allows that, so do it from a page of this server",
    ),
    case(
        "preflight, CORS off",
        |_| {},
        &[
            "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
        ],
        "Blocked by the browser: it asks whether the page of http://b.example may send PUT, and nothing says yes; start with `--cors=http://b.example`",
    ),
    case(
        "preflight, others allowed",
        |setup| setup.cors_for("http://a.example"),
        &[
            "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
        ],
        "Blocked by the browser: it asks whether the page of http://b.example may send GET, and `--cors` names others only; add `--cors=http://b.example`",
    ),
    case(
        "preflight, refused",
        |setup| setup.site.cors = Cors::Everybody,
        &[
            "OPTIONS /a.txt HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://b.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
        ],
        "Blocked by the browser: it asks whether the page of http://b.example may send GET, and got 421: this server answers for localhost only; start it with --allow-host NAME to allow this host",
    ),
    case(
        "preflight, PUT not allowed",
        |setup| setup.site.cors = Cors::Everybody,
        &[
            "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
        ],
        "Blocked by the browser: the page of http://b.example may not send PUT, since uploads are off; `--upload` turns them on, though for pages of this server only",
    ),
    case(
        "preflight, method not allowed",
        |setup| setup.site.cors = Cors::Everybody,
        &[
            "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nAccess-Control-Request-Method: DELETE\r\n\r\n",
        ],
        "Blocked by the browser: the page of http://b.example may send GET, HEAD, OPTIONS here, but not DELETE",
    ),
    case(
        "preflight, allowed",
        |setup| setup.site.cors = Cors::Everybody,
        &[
            "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
        ],
        "204 to a preflight: the page of http://b.example may send its GET, which comes next",
    ),
    case(
        "cookies for everybody",
        |setup| setup.site.cors = Cors::Everybody,
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nCookie: a=b\r\n\r\n"],
        "Blocked by the browser: the page of http://b.example sent cookies along, and `--cors` for everybody does not allow that; start with `--cors=http://b.example`",
    ),
    case(
        "CORS off, near name",
        |_| {},
        &["GET /app.css HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\n\r\n"],
        "Blocked by the browser: the page of http://b.example may not read this 404 (`/App.css` is there, `/app.css` was asked for); start with `--cors=http://b.example`",
    ),
    case(
        "CORS off, refused",
        |_| {},
        &["GET /nothing HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\n\r\n"],
        "Blocked by the browser: the page of http://b.example may not read this 404 (there is nothing here); start with `--cors=http://b.example`",
    ),
    case(
        "CORS off",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nSec-Fetch-Mode: cors\r\n\r\n"],
        "Blocked by the browser: the page of null may not read this; start with `--cors`",
    ),
    case(
        "CORS for others",
        |setup| setup.cors_for("http://a.example"),
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\n\r\n"],
        "Blocked by the browser: the page of http://b.example may not read this 200, since `--cors` names others only; add `--cors=http://b.example`",
    ),
    case(
        "refused before CORS",
        |setup| setup.site.cors = Cors::Everybody,
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nExpect: tea\r\n\r\n"],
        "Blocked by the browser: the page of http://b.example may not read this 417 (the only expectation met here is 100-continue), whatever `--cors` says",
    ),
    case(
        "file",
        |_| {},
        &[
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b.example\r\nSec-Fetch-Mode: no-cors\r\n\r\n",
        ],
        "200: the whole of `/a.txt`, 5 B",
    ),
    case(
        "file",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n"],
        "200: the whole of `/a.txt`, 5 B",
    ),
    case(
        "events",
        |setup| {
            setup.stub = Some(|| Response::no_store("text/event-stream", Body::Bytes(Vec::new())));
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: a page has listened for changes, until it was closed",
    ),
    case(
        "given up",
        |setup| setup.server.faults.drop_after = Some(10_000),
        &["GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "Broken off by the server after ...: the fault drop-after closes connections",
    ),
    case(
        "gone before",
        |setup| setup.tweak = |exchange| (exchange.complete, exchange.body_sent) = (false, 0),
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "The client was gone before it had the answer, 200",
    ),
    case(
        "broken off, length unknown",
        |setup| setup.leaves_after = Some(1000),
        &["GET /big/?archive=tar HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "Broken off by the client after ... of an answer whose length nobody knew",
    ),
    case(
        "broken off",
        |setup| setup.leaves_after = Some(1000),
        &["GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "Broken off by the client after ... of 67.1 MB",
    ),
    case(
        "internal",
        |_| {},
        &["GET /.glass/ HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: a page of the server's own",
    ),
    case(
        "added",
        |setup| setup.upload(false),
        &["PUT /added.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
        "201: `added.txt` is here now, 3 B",
    ),
    case(
        "replaced",
        |setup| setup.upload(true),
        &["PUT /there.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
        "204: `there.txt` is replaced, by 3 B",
    ),
    case(
        "form for programs",
        |setup| setup.upload(false),
        &[
            "POST /folder/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=e\r\nContent-Length: 79\r\n\r\n--e\r\nContent-Disposition: form-data; name=f; filename=form1.txt\r\n\r\nnew\r\n--e--\r\n",
        ],
        "201: the form is whole, 79 B; files that came with it: 1",
    ),
    case(
        "methods",
        |_| {},
        &["OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "204: what can be asked here is GET, HEAD, OPTIONS",
    ),
    // A page of this server asks nobody, and so this is no preflight.
    case(
        "methods",
        |_| {},
        &[
            "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nAccess-Control-Request-Method: DELETE\r\n\r\n",
        ],
        "204: what can be asked here is GET, HEAD, OPTIONS",
    ),
    case(
        "head",
        |_| {},
        &["HEAD /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200 to HEAD: the head alone; GET would bring 5 bytes more",
    ),
    case(
        "head of a stream",
        |_| {},
        &["HEAD /big/?archive=tar HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200 to HEAD: the head alone; how long the body would be shows only when it is made",
    ),
    case(
        "part",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-2\r\n\r\n"],
        "206: bytes 1-2/5 of `a.txt`, as Range asks",
    ),
    case(
        "parts",
        |_| {},
        &["GET /text.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0,900-900\r\n\r\n"],
        "206: several parts of `text.txt` in one answer, as Range asks: `bytes=0-0,900-900`",
    ),
    case(
        "another version",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-2\r\nIf-Range: \"old\"\r\n\r\n"],
        "200 and the whole though a part was asked for: If-Range names another version than this, ...",
    ),
    case(
        "range ignored",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: lines=1-2\r\n\r\n"],
        "200 and the whole though a part was asked for: `lines=1-2` is malformed, of another unit than bytes, or asks for too many parts",
    ),
    case(
        "parts too long",
        |_| {},
        &["GET /short.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0,199-199\r\n\r\n"],
        "200 and the whole though parts were asked for: with their heads they would be longer than the whole",
    ),
    case(
        "parts of what is coded",
        |setup| setup.site.codings.precompressed = true,
        &[
            "GET /coded.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nRange: bytes=0-0,399-399\r\n\r\n",
        ],
        "200 and the whole though parts were asked for: of what is coded as gzip, several would not be understood",
    ),
    case(
        "page with script",
        |setup| setup.site.script = true,
        &["GET /page.html HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-3\r\n\r\n"],
        "200 and the whole though a part was asked for: `--reload` puts its script into this page, so it has no parts",
    ),
    case(
        "no parts",
        |_| {},
        &["GET /folder/ HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-3\r\n\r\n"],
        "200 and the whole though a part was asked for: this is made anew for each request, and has no parts",
    ),
    case(
        "changed, by tag",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"old\"\r\n\r\n"],
        "200 though the client has a copy: it is of another version, this one has the tag ...",
    ),
    case(
        "changed, by date",
        |_| {},
        &[
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: Sat, 08 Sep 2001 01:46:40 GMT\r\n\r\n",
        ],
        "200 though the client has a copy: it is not surely of this version, which is of Sun, 09 Sep 2001 01:46:40 GMT",
    ),
    case(
        "date ignored",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: yesterday\r\n\r\n"],
        "200 though the client has a copy: its If-Modified-Since is not one valid date",
    ),
    case(
        "no validators",
        |_| {},
        &["GET /folder/ HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"x\"\r\n\r\n"],
        "200 though the client has a copy: this is made anew for each request, and has no tag",
    ),
    case(
        "fresh, as asked",
        |_| {},
        &[
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0\r\nCache-Control: no-cache\r\n\r\n",
        ],
        "200 though the browser had a copy: it sent no validator, and asked for a fresh one (a hard reload, or caching is off in its tools)",
    ),
    case(
        "no validator",
        |_| {},
        &[
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
        ],
        "200 though the browser had a copy: it sent no validator, so it has not kept that (another profile, a private window or no room)",
    ),
    case(
        "fallback",
        |setup| setup.site.fallback = Some("page.html".to_owned()),
        &["GET /users/7?x HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"],
        "200 though nothing is at /users/7: with `--spa`, `page.html` decides what it means",
    ),
    case(
        "clean URL",
        |setup| setup.site.clean_urls = true,
        &["GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: `page.html`, which `/page` stands for",
    ),
    case(
        "archive",
        |_| {},
        &["GET /folder/?archive=zip HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
        "200: the folder as one archive, packed while it was sent, ...",
    ),
    case(
        "QR code",
        |_| {},
        &["GET /a.txt?qr HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the address of `/a.txt` as a QR code",
    ),
    case(
        "Markdown",
        |_| {},
        &["GET /folder/notes.md?markdown HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: `notes.md` as a page, as `?markdown` asks, ...",
    ),
    case(
        "search",
        |_| {},
        &["GET /folder/?search=notes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
        "200: the names below `/folder/` that were looked for, ...",
    ),
    case(
        "listing",
        |_| {},
        &["GET /folder/?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the names in this folder, ..., since no index file is there",
    ),
    case(
        "metrics",
        |_| {},
        &["GET /.glass/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: what the workers have counted",
    ),
    case(
        "health",
        |_| {},
        &["GET /.glass/health HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the server answers, and that was the question",
    ),
    case(
        "compressed",
        |setup| setup.site.codings.compress = true,
        &["GET /text.txt HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"],
        "200: the whole of `/text.txt`, compressed as gzip: ... in place of 20.0 kB",
    ),
    case(
        "precompressed",
        |setup| setup.site.codings.precompressed = true,
        &["GET /coded.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"],
        "200: `coded.js.gz`, which lies beside `/coded.js` and is compressed already: 400 B in place of 14 B",
    ),
    case(
        "loaded by a page",
        |_| {},
        &[
            "GET /app.js.gz HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nSec-Fetch-Dest: script\r\n\r\n",
        ],
        "200: what is in `app.js.gz`, which a page loads, coded as gzip",
    ),
    case(
        "older beside",
        |setup| setup.site.codings.precompressed = true,
        &["GET /old.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"],
        "200: `/old.js` as it is, 8 B: `old.js.gz` beside it is older, so make that anew",
    ),
    case(
        "too few to compress",
        |setup| setup.site.codings.compress = true,
        &["GET /few.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"],
        "200: the whole of `/few.js`, not compressed: 8 B are too few for that to help",
    ),
    case(
        "no smaller",
        |setup| setup.site.codings.compress = true,
        &["GET /noise.txt HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"],
        "200: the whole of `/noise.txt`, 1.5 kB, not compressed: that would make it no smaller",
    ),
    case(
        "too busy to compress",
        |setup| {
            setup.stub = Some(|| {
                trace::decision("coding", None, || ("busy", "as it is".to_owned()));
                Response::no_store("text/plain", Body::Empty)
            });
        },
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the whole of `/a.txt`, 0 B, not compressed: too much else is being compressed at this moment",
    ),
    case(
        "compression off",
        |_| {},
        &["GET /text.txt HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip, br\r\n\r\n"],
        "200: the whole of `/text.txt`, 20.0 kB, not compressed though the client takes gzip, br: `--compress` turns that on",
    ),
    case(
        "from memory",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the whole of `/a.txt`, 5 B, from memory, since it has not changed on disk",
    ),
    case(
        "changed on disk",
        |setup| setup.before_last = |folder| write(folder, "changing.txt", "after that"),
        &[
            "GET /changing.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /changing.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ],
        "200: the whole of `/changing.txt`, 10 B, read anew, since it has changed on disk",
    ),
    case(
        "index",
        |_| {},
        &["GET /site/ HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: `index.html`, the index of this folder, 15 B",
    ),
    case(
        "your copy, by tag",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n"],
        "304: your copy has this tag, ...",
    ),
    case(
        "your copy, by date",
        |_| {},
        &[
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n",
        ],
        "304: your copy has this date, Sun, 09 Sep 2001 01:46:40 GMT",
    ),
    case(
        "folder without slash",
        |_| {},
        &["GET /folder?x HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "301: `/folder` is a folder, whose address ends with a slash: `/folder/?x`",
    ),
    case(
        "page with slash",
        |setup| setup.site.clean_urls = true,
        &["GET /page/ HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "308: with `--clean-urls` the page at `/page/` has no slash at its end: `/page`",
    ),
    case(
        "to https",
        |setup| {
            setup.stub = Some(|| {
                trace::decision("https", None, || "redirected".to_owned());
                Response {
                    status: Status::PERMANENT_REDIRECT,
                    ..Response::no_store("text/plain", Body::Empty)
                }
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "308: http came to a port that speaks https: ``",
    ),
    case(
        "form from a browser",
        |setup| setup.upload(false),
        &[
            "POST /folder/ HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nContent-Type: multipart/form-data; boundary=e\r\nContent-Length: 79\r\n\r\n--e\r\nContent-Disposition: form-data; name=f; filename=form2.txt\r\n\r\nnew\r\n--e--\r\n",
        ],
        "303: the form is whole, 79 B; files that came with it: 1; the browser goes back to the folder",
    ),
    case(
        "another address",
        |_| {},
        &["GET /.glass HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "301: the address is `/.glass/`",
    ),
    case(
        "LF alone",
        |_| {},
        &["GET / HTTP/1.1\nHost: localhost\n\n"],
        "400: a line ends with LF alone, and those of HTTP end with CR LF (in a shell: `printf 'GET / HTTP/1.1\\r\\n'`)",
    ),
    case(
        "TLS on a plain port",
        |_| {},
        &["\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n"],
        "400: TLS came, and this port speaks http; ask for http://, or start with `--tls-self-signed`",
    ),
    case(
        "http on a TLS port",
        |setup| {
            setup.stub = Some(|| {
                Response::refuse(
                    &Refusal::new(
                        Status::BAD_REQUEST,
                        "this port speaks HTTPS: ask for https://localhost instead",
                    )
                    .because("https"),
                )
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "400: this port speaks HTTPS: ask for https://localhost instead",
    ),
    case("no Host", |_| {}, &["GET / HTTP/1.1\r\n\r\n"], "400: there is no Host field, which HTTP/1.1 needs"),
    case(
        "framing",
        |_| {},
        &["POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"],
        "400: a request must not have both Content-Length and Transfer-Encoding; it is in doubt where the next request would begin, so the connection closes",
    ),
    case(
        "framing",
        |_| {},
        &["POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"],
        "400: Content-Length must be a number of bytes, in digits; it is in doubt where the next request would begin, so the connection closes",
    ),
    case(
        "framing",
        |_| {},
        &["POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
        "400: there are two different values of Content-Length; it is in doubt where the next request would begin, so the connection closes",
    ),
    case(
        "framing",
        |_| {},
        &["POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"],
        "400: Transfer-Encoding does not exist in HTTP/1.0; it is in doubt where the next request would begin, so the connection closes",
    ),
    case(
        "chunks",
        |_| {},
        &["POST /a.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"],
        "400: the chunks of the body are malformed: a chunk must start with its size in hexadecimal",
    ),
    case(
        "field line",
        |_| {},
        &["GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n"],
        "400: one of the header lines is malformed: a header line needs a colon between name and value",
    ),
    case(
        "target",
        |_| {},
        &["GET /../.. HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "400: the target cannot be understood: the path climbs above the root",
    ),
    case(
        "not HTTP",
        |_| {},
        &["GET / HTTP/x\r\n\r\n"],
        "400: what came is no request of HTTP/1.1: a request line ends with a version, such as HTTP/1.1",
    ),
    case(
        "form",
        |setup| setup.upload(false),
        &[
            "POST /folder/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=e\r\nContent-Length: 3\r\n\r\n--e",
        ],
        "400: the form that came, 3 B, cannot be taken: the form ends before its last boundary",
    ),
    case(
        "no password",
        |setup| setup.login = Some("alice:secret"),
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "401: no name and no password came; a browser asks for them now (with curl: `-u NAME`)",
    ),
    case(
        "wrong password",
        |setup| setup.login = Some("alice:secret"),
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6MQ==\r\n\r\n"],
        "401: the user name or the password is wrong",
    ),
    case(
        "malformed Authorization",
        |setup| setup.login = Some("alice:secret"),
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n"],
        "401: the Authorization field must be \"Basic\" and user:password in base64, once",
    ),
    case(
        "too many passwords",
        |setup| setup.login = Some("alice:secret"),
        &[
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6MQ==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Mg==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Mw==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6NA==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6NQ==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Ng==\r\n\r\n",
        ],
        "429: too many wrong passwords came from your network; try again in 30 seconds",
    ),
    case(
        "link outside",
        |_| {},
        &["GET /outside HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "403: a link leads out of the folder that is served; `--follow-links` lets it be followed",
    ),
    case(
        "unreadable",
        |setup| {
            setup.stub = Some(|| {
                Response::refuse(
                    &Refusal::new(Status::FORBIDDEN, "the server may not read this").because("unreadable"),
                )
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "403: the user that runs the server may not read this; `chmod` changes that",
    ),
    case(
        "special file",
        |_| {},
        &["GET /pipe HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "403: this is neither a file nor a folder (it is a pipe, a socket or a device)",
    ),
    case(
        "listing off",
        |setup| setup.site.listing = false,
        &["GET /folder/ HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "403: the folder has no index file, and its names are not shown, since listings are off",
    ),
    case(
        "upload with a dot",
        |setup| setup.upload(false),
        &["PUT /.profile HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
        "403: names that start with a dot are not taken; send it under another",
    ),
    case(
        "unwritable",
        |setup| {
            setup.stub = Some(|| {
                Response::refuse(
                    &Refusal::new(Status::FORBIDDEN, "the server may not write here").because("unwritable"),
                )
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "403: the user that runs the server may not write here; `chmod` changes that",
    ),
    case(
        "near name",
        |_| {},
        &["GET /app.css HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404; `/App.css` is there, `/app.css` was asked for",
    ),
    case(
        "hidden",
        |_| {},
        &["GET /.git/config HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404: a name in it starts with a dot; `--hidden` shows such files, if there are any",
    ),
    case(
        "upload under way",
        |setup| setup.site.hidden = true,
        &["GET /.glass-upload-1 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404: names like this are of uploads under way",
    ),
    case(
        "slash behind a file",
        |_| {},
        &["GET /a.txt/ HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404: this is a file, and its address has no slash at the end",
    ),
    case(
        "outside the base path",
        |setup| setup.site.base = BasePath::parse("/app").expect("a path"),
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404: there is nothing here: all that this server has is below /app/",
    ),
    case(
        "inspector from elsewhere",
        |setup| setup.client = Some([192, 0, 2, 7]),
        &["GET /.glass/ HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404: the inspector is for this machine, and this client is on another",
    ),
    case(
        "no such folder",
        |setup| setup.upload(false),
        &[
            "POST /no/such/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=e\r\nContent-Length: 75\r\n\r\n--e\r\nContent-Disposition: form-data; name=f; filename=x.txt\r\n\r\nnew\r\n--e--\r\n",
        ],
        "404: there is no such folder to add files to; `PUT` makes the folders on its way, and a form does not",
    ),
    case(
        "not there",
        |_| {},
        &["GET /nothing?x HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404: no file and no folder is at `/nothing`",
    ),
    case(
        "uploads off",
        |_| {},
        &["PUT /x.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
        "405: uploads are off; `--upload` turns them on",
    ),
    case(
        "form to a file",
        |setup| setup.upload(false),
        &[
            "POST /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=e\r\nContent-Length: 75\r\n\r\n--e\r\nContent-Disposition: form-data; name=f; filename=x.txt\r\n\r\nnew\r\n--e--\r\n",
        ],
        "405: a form with files goes to a folder, and this is none; one file goes with PUT: `curl -T FILE URL`",
    ),
    case(
        "method not allowed",
        |_| {},
        &["DELETE /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "405: DELETE means nothing to a file; what can be asked here is GET, HEAD, OPTIONS",
    ),
    case(
        "body too slow",
        |setup| {
            setup.upload(false);
            setup.server.send_timeout = Duration::from_millis(100);
            setup.server.head_timeout = Duration::from_millis(100);
        },
        &["PUT /slow.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc"],
        "408: the body did not come in time; 3 B of it came",
    ),
    case(
        "head too slow",
        |setup| setup.server.head_timeout = Duration::from_millis(100),
        &["GET / HTTP/1.1\r\nHost: l"],
        "408: the head did not come to its end in time; `--head-timeout` sets how long that may take",
    ),
    case(
        "there already",
        |setup| setup.upload(false),
        &["PUT /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
        "409: a file of this name is there already; `--overwrite` lets files be replaced",
    ),
    case(
        "folder of that name",
        |setup| setup.upload(false),
        &["PUT /folder HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
        "409: a folder has this name",
    ),
    case(
        "no name",
        |setup| setup.upload(false),
        &["PUT /folder/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
        "409: the target ends with a slash, and a file needs a name: `/folder/NAME`",
    ),
    case(
        "conflict",
        |setup| {
            setup.stub = Some(|| {
                Response::refuse(&Refusal::new(
                    Status::CONFLICT,
                    "something else has got that name meanwhile",
                ))
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "409: something else has got that name meanwhile",
    ),
    case(
        "other tag",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"mine\"\r\n\r\n"],
        "412: this is not the version that If-Match names, \"mine\"",
    ),
    case(
        "there, and must not be",
        |setup| setup.upload(true),
        &["PUT /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\nContent-Length: 3\r\n\r\nnew"],
        "412: this version is there, and by If-None-Match it must not be",
    ),
    case(
        "changed since",
        |_| {},
        &[
            "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-Unmodified-Since: Sat, 08 Sep 2001 01:46:40 GMT\r\n\r\n",
        ],
        "412: it has changed since Sat, 08 Sep 2001 01:46:40 GMT",
    ),
    case(
        "not there to match",
        |setup| setup.upload(false),
        &["PUT /new.txt HTTP/1.1\r\nHost: localhost\r\nIf-Match: *\r\nContent-Length: 3\r\n\r\nnew"],
        "412: If-Match names a version, *, and no file is there",
    ),
    case(
        "upload too large",
        |setup| setup.upload(false),
        &["PUT /x.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n"],
        "413: a file may have 1.0 kB at most here; `--max-upload` sets how much that is",
    ),
    case(
        "target too long",
        |_| {},
        &["GET /{a*8200} HTTP/1.1\r\n\r\n"],
        "414: the target is longer than 8192 bytes",
    ),
    case(
        "coded upload",
        |setup| setup.upload(false),
        &["PUT /x.txt HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nnew"],
        "415: files are kept as they come, and this one comes coded as gzip: send it as it is",
    ),
    case(
        "no form",
        |setup| setup.upload(false),
        &[
            "POST /folder/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\nx=1",
        ],
        "415: of what comes with POST only forms with files are taken; one file goes with PUT: `curl -T FILE URL`",
    ),
    case(
        "other kind",
        |setup| setup.upload(false),
        &[
            "POST /folder/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=e\r\nContent-Length: 99\r\n\r\n--e\r\nContent-Disposition: form-data; name=f; filename=x.txt\r\nContent-Encoding: gzip\r\n\r\nnew\r\n--e--\r\n",
        ],
        "415: files are kept as they are sent: send the parts of the form without any coding",
    ),
    case(
        "range behind the end",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=100-\r\n\r\n"],
        "416: `bytes=100-` lies behind the end of the file (bytes */5)",
    ),
    case(
        "expectation",
        |_| {},
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n\r\n"],
        "417: the client expects `tea`, and the only expectation met here is 100-continue",
    ),
    case(
        "another host",
        |_| {},
        &["GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"],
        "421: the host `evil.example` is not this machine; start with `--allow-host` and its name, or ask for localhost",
    ),
    case(
        "host not trusted",
        |setup| {
            setup.upload(false);
            setup.site.hosts = Hosts::Any;
        },
        &["PUT /x.txt HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 3\r\n\r\nnew"],
        "421 for the host `evil.example`: uploads are taken under names of this machine only, ...",
    ),
    case(
        "head too large",
        |_| {},
        &["GET / HTTP/1.1\r\nCookie: {a*33000}\r\n\r\n"],
        "431: the request head is longer than 32768 bytes",
    ),
    case(
        "refused",
        |setup| setup.upload(false),
        &[
            "PUT /x.txt HTTP/1.1\r\nHost: localhost\r\nContent-Range: bytes 0-2/9\r\nContent-Length: 3\r\n\r\nnew",
        ],
        "400: a part of a file cannot be sent; send all of it",
    ),
    case(
        "failure",
        |setup| {
            setup.stub = Some(|| panic!("this is the panic that the test provokes"));
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "500: the server has made a mistake; the mistake is on the server's side, not in the request",
    ),
    case(
        "coding of the transfer",
        |_| {},
        &["POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
        "501: the only transfer coding taken here is chunked, and this body comes as gzip, chunked",
    ),
    case(
        "unknown method",
        |_| {},
        &["BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "501: BREW is a method that this server does not know",
    ),
    case(
        "no descriptors",
        |setup| {
            setup.stub = Some(|| {
                Response::refuse(
                    &Refusal::new(
                        Status::SERVICE_UNAVAILABLE,
                        "the server has too many files open; try again",
                    )
                    .because("descriptors"),
                )
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "503: the server has as many files open as the system lets it have (`ulimit -n`)",
    ),
    case(
        "too much at once",
        |setup| {
            setup.stub = Some(|| {
                Response::refuse(&Refusal::new(
                    Status::SERVICE_UNAVAILABLE,
                    "too many passwords wait to be verified; try again in a moment",
                ))
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "503: too many passwords wait to be verified; try again in a moment; Retry-After says when",
    ),
    case(
        "version",
        |_| {},
        &["GET / HTTP/2.0\r\n\r\n"],
        "505: this server speaks HTTP/1.0 and HTTP/1.1, and what came is another",
    ),
    case(
        "no room",
        |setup| {
            setup.stub =
                Some(|| Response::refuse(&Refusal::new(Status::INSUFFICIENT_STORAGE, "the disk is full")));
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "507: the disk is full; nothing of it was kept",
    ),
    case(
        "anything",
        |setup| {
            setup.stub = Some(|| Response {
                status: Status::NOT_FOUND,
                ..Response::no_store("text/plain", Body::Empty)
            });
        },
        &["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "404 Not Found",
    ),
    case(
        "file",
        |setup| {
            setup.tweak = |exchange| {
                let capture = exchange.capture.as_mut().expect("captured");
                capture.began = capture.arrived.checked_sub(Duration::from_secs(3)).expect("so long");
            };
        },
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the whole of `/a.txt`, 5 B; slow: 3.0 s of 3.0 s went by until the request was whole",
    ),
    case(
        "file",
        |setup| {
            setup.tweak = |exchange| {
                let capture = exchange.capture.as_mut().expect("captured");
                capture.decided = capture.arrived + Duration::from_secs(3);
                capture.ended = capture.decided;
            };
        },
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the whole of `/a.txt`, 5 B; slow: 3.0 s of 3.0 s to decide",
    ),
    case(
        "file",
        |setup| {
            setup.tweak = |exchange| {
                let capture = exchange.capture.as_mut().expect("captured");
                capture.ended = capture.decided + Duration::from_secs(3);
            };
        },
        &["GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "200: the whole of `/a.txt`, 5 B; slow: 3.0 s of 3.0 s to send, as fast as the client took it: 1 B a second",
    ),
];

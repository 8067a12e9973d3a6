//! 4xx: what is wrong with what the client sent, or asked for.

use super::facts::{Facts, Step};
use super::redirect::is_of;
use super::row::{Row, always};

pub(super) const ROWS: &[Row] = &[
    // ---- 400: this is no message of HTTP/1.1, or none that has one meaning only.
    Row::new(
        "LF alone",
        Step("refused", "LF alone"),
        always,
        "400: a line ends with LF alone, and those of HTTP end with CR LF (in a shell: `printf 'GET / HTTP/1.1\\r\\n'`)",
    ),
    Row::new(
        "TLS on a plain port",
        Step("refused", "TLS"),
        always,
        "400: TLS came, and this port speaks http; ask for http://, or start with `--tls-self-signed`",
    ),
    Row::new("http on a TLS port", Step("refused", "https"), always, "400: {why}"),
    Row::new(
        "no Host",
        Step("refused", "no Host"),
        always,
        "400: there is no Host field, which HTTP/1.1 needs",
    ),
    Row::new(
        "framing",
        Step("refused", ""),
        |facts| facts.status() == 400 && facts.is_refused_in("http/framing.rs"),
        "400: {why}; it is in doubt where the next request would begin, so the connection closes",
    ),
    Row::new(
        "chunks",
        Step("refused", ""),
        |facts| facts.status() == 400 && facts.is_refused_in("http/chunked.rs"),
        "400: the chunks of the body are malformed: {why}",
    ),
    Row::new(
        "field line",
        Step("refused", ""),
        |facts| facts.status() == 400 && facts.is_refused_in("http/fields.rs"),
        "400: one of the header lines is malformed: {why}",
    ),
    Row::new(
        "target",
        Step("refused", ""),
        |facts| facts.status() == 400 && facts.is_refused_in("http/target.rs"),
        "400: the target cannot be understood: {why}",
    ),
    Row::new(
        "not HTTP",
        Step("refused", ""),
        |facts| facts.status() == 400 && facts.is_refused_in("http/request.rs"),
        "400: what came is no request of HTTP/1.1: {why}",
    ),
    Row::new(
        "form",
        Step("refused", ""),
        |facts| {
            facts.status() == 400 && (facts.is_refused_in("multipart.rs") || facts.is_refused_in("form.rs"))
        },
        "400: the form that came, {received}, cannot be taken: {why}",
    ),
    // ---- 401 and 429: passwords.
    Row::new(
        "no password",
        Step("refused", "nobody"),
        always,
        "401: no name and no password came; a browser asks for them now (with curl: `-u NAME`)",
    ),
    Row::new("wrong password", Step("refused", "wrong"), always, "401: {why}"),
    Row::new("malformed Authorization", Step("refused", "malformed"), always, "401: {why}"),
    Row::new("too many passwords", Step("refused", ""), |facts| facts.status() == 429, "429: {why}"),
    // ---- 403: there, and not for you.
    Row::new(
        "link outside",
        Step("refused", "link outside"),
        always,
        "403: a link leads out of the folder that is served; `--follow-links` lets it be followed",
    ),
    Row::new(
        "unreadable",
        Step("refused", "unreadable"),
        always,
        "403: the user that runs the server may not read this; `chmod` changes that",
    ),
    Row::new(
        "special file",
        Step("refused", "special"),
        always,
        "403: this is neither a file nor a folder (it is a pipe, a socket or a device)",
    ),
    Row::new(
        "listing off",
        Step("refused", "listing off"),
        always,
        "403: the folder has no index file, and its names are not shown, since listings are off",
    ),
    Row::new(
        "upload with a dot",
        Step("refused", "dot"),
        always,
        "403: names that start with a dot are not taken; send it under another",
    ),
    Row::new(
        "unwritable",
        Step("refused", "unwritable"),
        always,
        "403: the user that runs the server may not write here; `chmod` changes that",
    ),
    // ---- 404: not there.
    Row::new(
        "near name",
        Step("near name", ""),
        |facts| facts.status() == 404,
        "404; `/{near}` is there, `{path}` was asked for",
    ),
    Row::new(
        "hidden",
        Step("hidden", "dot"),
        |facts| facts.status() == 404,
        "404: a name in it starts with a dot; `--hidden` shows such files, if there are any",
    ),
    Row::new(
        "upload under way",
        Step("hidden", "temporary"),
        always,
        "404: names like this are of uploads under way",
    ),
    Row::new(
        "slash behind a file",
        Step("slash", "file"),
        always,
        "404: this is a file, and its address has no slash at the end",
    ),
    Row::new("outside the base path", Step("refused", "outside"), always, "404: {why}"),
    Row::new(
        "inspector from elsewhere",
        Step("inspector", ""),
        always,
        "404: the inspector is for this machine, and this client is on another",
    ),
    Row::new(
        "no such folder",
        Step("refused", "no such folder"),
        always,
        "404: there is no such folder to add files to; `PUT` makes the folders on its way, and a form does not",
    ),
    Row::new(
        "not there",
        Step("refused", ""),
        |facts| facts.status() == 404,
        "404: no file and no folder is at `{path}`",
    ),
    // ---- 405: not like this.
    Row::new(
        "uploads off",
        Step("refused", "uploads off"),
        always,
        "405: uploads are off; `--upload` turns them on",
    ),
    Row::new(
        "form to a file",
        Step("refused", "form to a file"),
        always,
        "405: a form with files goes to a folder, and this is none; one file goes with PUT: `curl -T FILE URL`",
    ),
    Row::new(
        "method not allowed",
        Step("refused", ""),
        |facts| facts.status() == 405,
        "405: {method} means nothing to a file; what can be asked here is {<allow}",
    ),
    // ---- 408: too slow.
    Row::new(
        "body too slow",
        Step("framing", ""),
        |facts| facts.status() == 408,
        "408: the body did not come in time; {received} of it came",
    ),
    Row::new(
        "head too slow",
        Step("refused", ""),
        |facts| facts.status() == 408,
        "408: the head did not come to its end in time; `--head-timeout` sets how long that may take",
    ),
    // ---- 409 and 412: it is in another state.
    Row::new(
        "there already",
        Step("refused", "there already"),
        always,
        "409: a file of this name is there already; `--overwrite` lets files be replaced",
    ),
    Row::new("folder of that name", Step("refused", "folder"), always, "409: a folder has this name"),
    Row::new(
        "no name",
        Step("refused", "no name"),
        always,
        "409: the target ends with a slash, and a file needs a name: `{path}NAME`",
    ),
    Row::new("conflict", Step("refused", ""), |facts| facts.status() == 409, "409: {why}"),
    Row::new(
        "other tag",
        Step("precondition", "fails"),
        |facts| is_of(facts, 412, "If-Match"),
        "412: this is not the version that If-Match names, {>if-match}",
    ),
    Row::new(
        "there, and must not be",
        Step("precondition", "fails"),
        |facts| is_of(facts, 412, "If-None-Match"),
        "412: this version is there, and by If-None-Match it must not be",
    ),
    Row::new(
        "changed since",
        Step("precondition", "fails"),
        |facts| is_of(facts, 412, "If-Unmodified-Since"),
        "412: it has changed since {>if-unmodified-since}",
    ),
    Row::new(
        "not there to match",
        Step("refused", ""),
        |facts| facts.status() == 412,
        "412: If-Match names a version, {>if-match}, and no file is there",
    ),
    // ---- What is too large, or of another kind.
    Row::new(
        "upload too large",
        Step("refused", ""),
        |facts| facts.status() == 413,
        "413: {why}; `--max-upload` sets how much that is",
    ),
    Row::new("target too long", Step("refused", ""), |facts| facts.status() == 414, "414: {why}"),
    Row::new(
        "coded upload",
        Step("refused", "coded"),
        always,
        "415: files are kept as they come, and this one comes coded as {>content-encoding}: send it as it is",
    ),
    Row::new(
        "no form",
        Step("refused", "no form"),
        always,
        "415: of what comes with POST only forms with files are taken; one file goes with PUT: `curl -T FILE URL`",
    ),
    Row::new("other kind", Step("refused", ""), |facts| facts.status() == 415, "415: {why}"),
    Row::new(
        "range behind the end",
        Step("range", "behind the end"),
        always,
        "416: `{>range}` lies behind the end of the file ({<content-range})",
    ),
    Row::new(
        "expectation",
        Step("refused", ""),
        |facts| facts.status() == 417,
        "417: the client expects `{>expect}`, and {why}",
    ),
    Row::new(
        "another host",
        Step("refused", "not this machine"),
        always,
        "421: the host `{>host}` is not this machine; start with `--allow-host` and its name, or ask for localhost",
    ),
    Row::new("host not trusted", Step("refused", "not trusted"), always, "421 for the host `{>host}`: {why}"),
    Row::new("head too large", Step("refused", ""), |facts| facts.status() == 431, "431: {why}"),
    Row::new("refused", Step("refused", ""), is_of_client, "{status}: {why}"),
];

fn is_of_client(facts: &Facts<'_>) -> bool {
    (400..500).contains(&facts.status())
}

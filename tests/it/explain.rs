//! What `--explain` prints for exchanges of every kind: files in `tests/explain/` hold it, word for
//! word, but for what differs each time (times, tags, line numbers of the source).
//!
//! After a change that is meant, `GLASSHTTP_BLESS=1 cargo test --test explain` writes them anew; read
//! what `git diff` shows then.

use crate::support::{
    Client, Server, folder, glasshttp, start_with_few_descriptors, take_all_descriptors, write_sparse,
};
use glasshttp::http::Status;
use std::collections::HashSet;
use std::fmt::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A conversation on one connection: the file that holds its explanation, options, what is sent.
/// Where there are several pieces, each but the first is sent when an answer to those before it is
/// there.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

const CASES: &[Case] = &[
    ("200-file", &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    (
        "200-from-memory",
        &[],
        &[
            "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ],
    ),
    ("200-index", &[], &["GET /site/ HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("200-large-file", &[], &["GET /large HTTP/1.0\r\n\r\n"]),
    ("200-head", &[], &["HEAD /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"]),
    (
        "200-pipelined",
        &[],
        &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n\
           GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
    ),
    ("200-listing", &[], &["GET /folder/?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("200-link-inside", &[], &["GET /inside HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    (
        "201-upload",
        &["--upload"],
        &[
            "PUT /uploaded.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nnew",
        ],
    ),
    (
        "409-upload",
        &["--upload"],
        &["PUT /hello.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
    ),
    (
        "413-upload",
        &["--upload", "--max-upload", "2"],
        &["PUT /large.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"],
    ),
    (
        "415-coded-upload",
        &["--upload"],
        &[
            "PUT /new.txt HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nnew",
        ],
    ),
    (
        "303-form",
        &["--upload"],
        &["POST /folder/ HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nContent-Length: 91\r\n\
           Content-Type: multipart/form-data; boundary=edge\r\n\r\n\
           --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"form.txt\"\r\n\r\nnew\r\n--edge--\r\n"],
    ),
    ("204-options", &[], &["OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("206-range", &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=-6\r\n\r\n"]),
    ("206-parts", &[], &["GET /large HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0,1000-1001\r\n\r\n"]),
    (
        "200-if-range",
        &[],
        &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-4\r\nIf-Range: \"old\"\r\n\r\n"],
    ),
    ("301-slash", &[], &["GET /folder?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    (
        "304-date",
        &[],
        &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\
           If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n"],
    ),
    (
        "200-tag-before-date",
        &[],
        &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"other\"\r\n\
           If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n"],
    ),
    ("400-lf", &[], &["GET /hello.txt HTTP/1.1\nHost: localhost\n\n"]),
    ("400-no-host", &[], &["GET /hello.txt HTTP/1.1\r\n\r\n"]),
    ("400-escape-sequence", &[], &["GET /\x1b[2J\u{9b}31m HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("400-dot-segments", &[], &["GET /a/%2e%2e/%2e%2e/secret HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    (
        "400-smuggling",
        &[],
        &[
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ],
    ),
    #[cfg(feature = "auth")]
    ("401-nobody", &["--auth", "alice:secret"], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    #[cfg(feature = "auth")]
    (
        "200-password",
        &["--auth", "alice:secret"],
        &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n"],
    ),
    // The passwords are the numbers from 1 to 6. All come at once, so that no time passes.
    #[cfg(feature = "auth")]
    (
        "429-guessing",
        &["--auth", "alice:secret"],
        &[concat!(
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6MQ==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Mg==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Mw==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6NA==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6NQ==\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Ng==\r\n\r\n",
        )],
    ),
    ("403-link-outside", &[], &["GET /outside HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("403-no-listing", &["--no-listing"], &["GET /folder/ HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("404-page", &[], &["GET /nothing HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"]),
    ("404-near-name", &[], &["GET /Hello.TXT HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("308-clean-url", &["--clean-urls"], &["GET /site/index/?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("404-hidden", &[], &["GET /.git/config HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    (
        "405-chunked-body",
        &[],
        &[
            "POST /hello.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ],
    ),
    ("408-slow-head", &["--head-timeout", "0.1"], &["GET /hello.txt HTTP/1.1\r\nHost: loc"]),
    ("412-if-match", &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"mine\"\r\n\r\n"]),
    ("414-target", &[], &["GET /{a*8200} HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("416-range", &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=100-\r\n\r\n"]),
    (
        "417-expectation",
        &[],
        &["PUT /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: tea\r\n\r\n"],
    ),
    ("421-rebinding", &[], &["GET /hello.txt HTTP/1.1\r\nHost: evil.example\r\n\r\n"]),
    ("431-head", &[], &["GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {a*33000}\r\n\r\n"]),
    ("501-method", &[], &["BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    ("505-version", &[], &["GET / HTTP/2.0\r\nHost: localhost\r\n\r\n"]),
];

fn site() -> tempfile::TempDir {
    let outer = folder(&[
        ("secret", "secret"),
        ("served/hello.txt", "Hello from the other side of the glass.\n"),
        ("served/site/index.html", "<!DOCTYPE html>\n<title>Site</title>\n"),
        ("served/folder/a.txt", "a"),
        ("served/folder/b.txt", "b"),
    ]);
    let served = outer.path().join("served");
    write_sparse(&served, "large", 100_000);
    symlink(served.join("hello.txt"), served.join("inside")).expect("a link");
    symlink("../secret", served.join("outside")).expect("a link");
    outer
}

/// What the server prints for a conversation, when the client half-closes at its end.
fn explained(options: &[&str], pieces: &[&str], site: &Path) -> String {
    let server =
        Server::start_command(glasshttp().args(["--port", "0", "--explain"]).args(options).arg(site));
    let mut client: Client = server.connect();
    for (index, piece) in pieces.iter().enumerate() {
        client.send(repeated(piece));
        if index + 1 < pieces.len() {
            client.reply();
        }
    }
    if !options.contains(&"--head-timeout") {
        client.finish_sending();
    }
    // What is refused early may end in a reset, if not all that was sent was read.
    let _ = client.rest();
    drop(client);
    let lines = server.stop().stdout;
    assert!(lines[0].starts_with("Listening on "), "{lines:?}");
    assert!(lines[1].starts_with("Sandbox: "), "{lines:?}");
    let folder = site.to_str().expect("UTF-8").trim_start_matches('/');
    lines[2..].iter().fold(String::new(), |mut out, line| {
        writeln!(out, "{}", mask(&line.replace(folder, "FOLDER"))).expect("a string takes it");
        out
    })
}

/// `{a*5}` is `aaaaa`.
fn repeated(piece: &str) -> String {
    let Some((before, rest)) = piece.split_once('{') else { return piece.to_owned() };
    let (repeat, behind) = rest.split_once('}').expect("closed");
    let (what, count) = repeat.split_once('*').expect("with a count");
    format!("{before}{}{behind}", what.repeat(count.parse().expect("a number")))
}

/// The line without what differs each time.
fn mask(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(mask_word).collect();
    for at in 1..words.len() {
        if words[at] == "ms" && words[at - 1].parse::<f64>().is_ok() {
            words[at - 1] = String::from("N");
        }
    }
    let line = words.join(" ");
    match line.find("Date: ") {
        Some(at) => format!("{}DATE␍␊", &line[..at + "Date: ".len()]),
        None => line,
    }
}

fn mask_word(word: &str) -> String {
    if let Some((file, line)) = word.rsplit_once(".rs:")
        && line.parse::<u32>().is_ok()
    {
        return format!("{file}.rs:LINE");
    }
    // A tag: hexadecimal numbers with dashes, in quotes.
    if let Some(start) = word.find('"')
        && let Some(length) = word[start + 1..].find('"')
        && let tag = &word[start + 1..=start + length]
        && (2..=3).contains(&tag.matches('-').count())
        && tag.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    {
        return word.replace(tag, "TAG");
    }
    match word.find("glass-") {
        Some(at) => format!("{}BORDER{}", &word[..at], &word[(at + "glass-".len() + 16).min(word.len())..]),
        None => word.to_owned(),
    }
}

fn check(name: &str, explained: &str, wrong: &mut Vec<String>) {
    let path = PathBuf::from("tests/explain").join(format!("{name}.txt"));
    if std::env::var_os("GLASSHTTP_BLESS").is_some() {
        return std::fs::write(&path, explained).expect("it can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != explained {
        wrong.push(format!("{}\n--- expected\n{expected}--- printed\n{explained}", path.display()));
    }
}

#[test]
fn every_exchange_is_explained_as_its_file_says() {
    let outer = site();
    let served = outer.path().join("served");
    let (mut wrong, mut statuses) = (Vec::new(), HashSet::new());
    for (name, options, pieces) in CASES {
        let explained = explained(options, pieces, &served);
        let titles: Vec<_> = explained.lines().filter(|line| line.starts_with("── ")).collect();
        assert!(!titles.is_empty(), "{name}: nothing was printed");
        assert!(!explained.contains(|letter: char| letter.is_control() && letter != '\n'), "{name}");
        statuses.extend(
            titles
                .iter()
                .filter_map(|title| Some(title.split(" ── ").nth(1)?.trim_end_matches(" ──").to_owned())),
        );
        check(name, &explained, &mut wrong);
    }
    // 503 has a test of its own; 500 is for a disk that fails, 507 for one that is full.
    let missing: Vec<_> = Status::ALL.iter().map(|status| format!("{status:?}")).collect();
    let missing: Vec<_> = missing.iter().filter(|status| !statuses.contains(*status)).collect();
    let elsewhere: &[_] =
        if cfg!(feature = "auth") { &[] } else { &["401 Unauthorized", "429 Too Many Requests"] };
    let rare = &["500 Internal Server Error", "503 Service Unavailable", "507 Insufficient Storage"];
    let elsewhere: HashSet<_> = elsewhere.iter().chain(rare).copied().collect();
    assert_eq!(missing.iter().map(|status| status.as_str()).collect::<HashSet<_>>(), elsewhere);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_503_for_want_of_descriptors_is_explained() {
    let outer = site();
    let options = ["--explain", "--max-connections", "1000", "--head-timeout", "60"];
    let server = start_with_few_descriptors(&outer.path().join("served"), &options);
    let mut clients = take_all_descriptors(&server);
    clients[0].send("Host: localhost\r\n\r\nGET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    server.process.stdout.line("the title", |line| line.contains(" ── 503 "));
    let lines = server.stop().stdout;
    let block = lines.split(String::is_empty).find(|block| block[0].contains(" ── 503 "));
    let explained: String =
        block.expect("the title was there").iter().map(|line| mask(line) + "\n").collect();
    // Which of so many connections came first is anybody's guess.
    let (before, after) = explained.split_once(", request").expect("a title");
    let number = before.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let explained = format!("{}N, request{after}", before.trim_end_matches(number));
    let mut wrong = Vec::new();
    check("503-descriptors", &explained, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! What `--explain` prints for exchanges of every kind: files in `tests/explain/` hold it, word for
//! word, but for what differs each time (times, tags, line numbers of the source).
//!
//! After a change that is meant, `GLASSHTTP_BLESS=1 cargo test explain::` writes them anew; read
//! what `git diff` shows then.

use crate::support::{
    Client, Server, folder, glasshttp, start_with_few_descriptors, take_all_descriptors, write_sparse,
};
use glasshttp::http::Status;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A test for each file of `tests/explain/`: its name, the options of the server, and what is sent on one connection.
/// Where there are several pieces, each but the first is sent when an answer to those before it is there.
///
/// A name of Rust's cannot begin with a digit and has no dashes: `_200_file` is `200-file.txt`.
macro_rules! cases {
    ($($(#[$attribute:meta])* $name:ident: $options:expr, $pieces:expr;)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                check(stringify!($name), &explained($options, $pieces));
            }
        )*

        const CASES: &[&str] = &[$($(#[$attribute])* stringify!($name)),*];
    };
}

cases! {
    _200_file: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _200_from_memory: &[], &[
        "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    _200_index: &[], &["GET /site/ HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _200_large_file: &[], &["GET /large HTTP/1.0\r\n\r\n"];
    _200_head: &[], &["HEAD /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"];
    _200_pipelined: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n\
       GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"];
    _200_listing: &[], &["GET /folder/?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _200_link_inside: &[], &["GET /inside HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _201_upload: &["--upload"], &[
        "PUT /uploaded.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nnew",
    ];
    _409_upload: &["--upload"], &["PUT /hello.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"];
    _413_upload: &["--upload", "--max-upload", "2"], &["PUT /large.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew"];
    _415_coded_upload: &["--upload"], &[
        "PUT /new.txt HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nnew",
    ];
    _303_form: &["--upload"], &["POST /folder/ HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nContent-Length: 91\r\n\
       Content-Type: multipart/form-data; boundary=edge\r\n\r\n\
       --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"form.txt\"\r\n\r\nnew\r\n--edge--\r\n"];
    _204_options: &[], &["OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _206_range: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=-6\r\n\r\n"];
    _206_parts: &[], &["GET /large HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0,1000-1001\r\n\r\n"];
    _200_if_range: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-4\r\nIf-Range: \"old\"\r\n\r\n"];
    _301_slash: &[], &["GET /folder?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _304_date: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\
       If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n"];
    _200_tag_before_date: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"other\"\r\n\
       If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n"];
    _400_lf: &[], &["GET /hello.txt HTTP/1.1\nHost: localhost\n\n"];
    _400_no_host: &[], &["GET /hello.txt HTTP/1.1\r\n\r\n"];
    _400_escape_sequence: &[], &["GET /\x1b[2J\u{9b}31m HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _400_dot_segments: &[], &["GET /a/%2e%2e/%2e%2e/secret HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _400_smuggling: &[], &[
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    _401_nobody: &["--auth", "alice:secret"], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _200_password: &["--auth", "alice:secret"], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n"];
    // The passwords are the numbers from 1 to 6. All come at once, so that no time passes.
    _429_guessing: &["--auth", "alice:secret"], &[concat!(
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6MQ==\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Mg==\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Mw==\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6NA==\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6NQ==\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWxpY2U6Ng==\r\n\r\n",
    )];
    _403_link_outside: &[], &["GET /outside HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _403_no_listing: &["--no-listing"], &["GET /folder/ HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _404_page: &[], &["GET /nothing HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"];
    _404_near_name: &[], &["GET /Hello.TXT HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _308_clean_url: &["--clean-urls"], &["GET /site/index/?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _404_hidden: &[], &["GET /.git/config HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _405_chunked_body: &[], &[
        "POST /hello.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ];
    _408_slow_head: &["--head-timeout", "0.1"], &["GET /hello.txt HTTP/1.1\r\nHost: loc"];
    _412_if_match: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"mine\"\r\n\r\n"];
    _414_target: &[], &["GET /{a*8200} HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _416_range: &[], &["GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=100-\r\n\r\n"];
    _417_expectation: &[], &["PUT /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: tea\r\n\r\n"];
    _421_rebinding: &[], &["GET /hello.txt HTTP/1.1\r\nHost: evil.example\r\n\r\n"];
    _431_head: &[], &["GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {a*33000}\r\n\r\n"];
    _501_method: &[], &["BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    _505_version: &[], &["GET / HTTP/2.0\r\nHost: localhost\r\n\r\n"];
}

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
fn explained(options: &[&str], pieces: &[&str]) -> String {
    let outer = site();
    let site = outer.path().join("served");
    let server =
        Server::start_command(glasshttp().args(["--port", "0", "--explain"]).args(options).arg(&site));
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
pub(crate) fn repeated(piece: &str) -> String {
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
        if words[at - 1] == "worker" && words[at].parse::<u32>().is_ok() {
            words[at] = String::from("N");
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

/// Whether the files are to be written rather than compared.
fn is_to_be_written() -> bool {
    std::env::var_os("GLASSHTTP_BLESS").is_some()
}

/// The file that a test is named after.
fn file(test: &str) -> PathBuf {
    let name = test.trim_start_matches('_').replace('_', "-");
    Path::new("tests/explain").join(name).with_extension("txt")
}

fn check(test: &str, explained: &str) {
    assert!(explained.lines().any(|line| line.starts_with(TITLE)), "nothing was printed");
    assert!(!explained.contains(|letter: char| letter.is_control() && letter != '\n'), "{explained:?}");
    let path = file(test);
    if is_to_be_written() {
        return std::fs::write(&path, explained).expect("it can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let path = path.display();
    assert!(expected == explained, "{path}\n--- expected\n{expected}--- printed\n{explained}");
}

/// What the first line of an exchange begins with.
const TITLE: &str = "── ";

/// The texts of all files, by their paths; none while they are written.
fn files() -> BTreeMap<PathBuf, String> {
    let entries = std::fs::read_dir("tests/explain").expect("there are explanations");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let read = |path: PathBuf| (path.clone(), std::fs::read_to_string(path).expect("it is text"));
    if is_to_be_written() { BTreeMap::new() } else { paths.map(read).collect() }
}

#[test]
fn every_status_is_explained_somewhere() {
    let files = files();
    if files.is_empty() {
        return;
    }
    let titles = files.values().flat_map(|text| text.lines().filter(|line| line.starts_with(TITLE)));
    let shown: HashSet<_> =
        titles.filter_map(|title| Some(title.split(" ── ").nth(1)?.trim_end_matches(" ──"))).collect();
    let all: Vec<_> = Status::ALL.iter().map(|status| format!("{status:?}")).collect();
    let missing: Vec<_> = all.iter().filter(|status| !shown.contains(status.as_str())).collect();
    // Of a disk that fails, and of one that is full.
    assert_eq!(missing, ["500 Internal Server Error", "507 Insufficient Storage"]);
}

#[test]
fn every_file_belongs_to_a_test() {
    let known: HashSet<_> = CASES.iter().chain(&[DESCRIPTORS]).map(|test| file(test)).collect();
    let left_over: Vec<_> = files().into_keys().filter(|path| !known.contains(path)).collect();
    assert!(left_over.is_empty(), "{left_over:?}");
}

const DESCRIPTORS: &str = "_503_descriptors";

#[test]
fn _503_descriptors() {
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
    check(DESCRIPTORS, &explained);
}

//! Content codings, as clients see them: `--precompressed` and `--compress`.
//!
//! Most of these promises are known for having been broken by other servers.

#![cfg(feature = "compress")]

mod cache;
mod clients;
mod codings;
mod made;
mod precompressed;

use crate::support::{Reply, Server, folder};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Text of about so many bytes.
fn words(length: usize) -> String {
    (0u64..).map(|n| format!("{} ", n * n % 9973)).take(length / 2 + 1).collect::<String>()[..length]
        .to_owned()
}

/// A whole answer on a connection of its own, its body without chunks.
fn ask(server: &Server, line: &str, fields: &str) -> Reply {
    let (method, target) = line.split_once(' ').expect("method and target");
    let mut client = server.connect();
    client
        .send(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"));
    let mut reply = client.head();
    reply.body = client.rest().expect("it ends");
    if method != "HEAD" && reply.field("transfer-encoding") == Some("chunked") {
        reply.body = without_chunks(&reply.body).expect("the last chunk came");
    } else if let (false, Some(length)) = (method == "HEAD", reply.field("content-length")) {
        assert_eq!(length, reply.body.len().to_string(), "{line}");
    }
    reply
}

/// GET of who takes these codings.
fn get(server: &Server, target: &str, accept: &str) -> Reply {
    ask(server, &format!("GET {target}"), &format!("Accept-Encoding: {accept}\r\n"))
}

/// What chunks held; `None` if the last is not there.
fn without_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = memchr::memmem::find(rest, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        let chunk = rest.get(line + 2..line + 2 + size + 2)?;
        assert!(chunk.ends_with(b"\r\n"));
        if size == 0 {
            assert_eq!(chunk.len() + line + 2, rest.len(), "nothing is behind the last chunk");
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
        rest = &rest[line + 2 + size + 2..];
    }
}

/// The fields of an answer but those that are of the moment.
fn fields(reply: &Reply) -> BTreeMap<String, Vec<String>> {
    let mut fields: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in reply.head.lines().skip(1).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").expect("a field");
        fields.entry(name.to_ascii_lowercase()).or_default().push(value.to_owned());
    }
    fields.remove("date");
    fields
}

fn varies(reply: &Reply) -> bool {
    fields(reply).get("vary").is_some_and(|values| values.iter().any(|value| value == "Accept-Encoding"))
}

fn set_modified(path: &Path, seconds: u64) {
    let file = File::options().append(true).open(path).expect("it is there");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("its time is set");
}

/// When [`write`] says that files were changed.
const WRITTEN: u64 = 1_000_000_000;

#[test]
fn without_the_options_nothing_is_coded_and_nothing_varies() {
    let folder = folder(&[("a.txt", &words(9000)), ("a.txt.gz", "GZIP"), ("a.txt.br", "BR")]);
    let server = Server::start(folder.path(), &[]);
    let reply = get(&server, "/a.txt", "gzip, br");
    assert_eq!((reply.field("content-encoding"), reply.field("vary")), (None, None));
    assert_eq!(reply.text(), words(9000));
}

fn decode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut decoded = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut decoded),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut decoded),
        other => panic!("{other}"),
    }
    .expect("it can be decoded");
    decoded
}

/// A server with a file that is compressed at once, one that is compressed as it goes, and one that lies there.
fn with_all_three() -> (tempfile::TempDir, Server) {
    let folder = folder(&[
        ("once.txt", &words(20_000)),
        ("as-it-goes.txt", &words(2_000_000)),
        ("beside.txt", &words(20_000)),
        ("beside.txt.gz", "GZIP"),
        ("beside.txt.br", "BR"),
    ]);
    let server = Server::start(folder.path(), &["--precompressed", "--compress"]);
    (folder, server)
}

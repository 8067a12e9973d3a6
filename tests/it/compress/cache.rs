//! What is kept compressed.

use super::{decode, get, words};
use crate::support::{self, Server, folder, write};
use std::fs;
use std::time::{Duration, SystemTime};

#[test]
fn what_is_kept_compressed_is_never_older_than_any_file_that_it_rests_on() {
    let names =
        ["live.js", "gets-sibling.js", "loses-sibling.js", "changes-sibling.js", "outdates-sibling.js"];
    let folder = folder(&[]);
    let path = folder.path();
    for name in names {
        write(path, name, words(5000));
    }
    for name in &names[2..] {
        write(path, format!("{name}.br"), "BR");
    }
    // Only what has not changed for two seconds is kept.
    let until = SystemTime::now() + Duration::from_secs(2);
    support::wait_until("the files to be old enough", || (SystemTime::now() > until).then_some(()));
    let server = Server::start(path, &["--precompressed", "--compress", "--explain"]);
    let state = |name: &str, accept: &str| {
        let reply = get(&server, &format!("/{name}"), accept);
        let body = if reply.text() == "BR" || reply.text() == "NEW" {
            reply.text()
        } else if let Some(coding) = reply.field("content-encoding") {
            let decoded = String::from_utf8(decode(coding, &reply.body)).expect("text");
            if decoded == words(5000) { "words" } else { "changed" }.to_owned()
        } else {
            if reply.text() == words(5000) { "plain" } else { "plain, changed" }.to_owned()
        };
        (body, reply.field("etag").expect("a tag").to_owned())
    };
    let before = ["words", "words", "BR", "BR", "BR"];
    for (name, expected) in names.iter().zip(before) {
        for accept in ["br", "", "br"] {
            let (body, _) = state(name, accept);
            assert_eq!(body, if accept.is_empty() { "plain" } else { expected }, "{name} {accept}");
        }
    }
    // Else the rest would show little.
    let from_memory = |line: &&String| line.contains("in memory, and found unchanged");
    support::wait_until("answers from memory", || {
        let output = server.process.stdout.so_far();
        (output.iter().filter(from_memory).count() >= names.len()).then_some(())
    });
    let old_tags = names.map(|name| state(name, "br").1);
    write(path, "live.js", words(6000));
    write(path, "gets-sibling.js.br", "BR");
    fs::remove_file(path.join("loses-sibling.js.br")).expect("removed");
    write(path, "changes-sibling.js.br", "NEW");
    fs::write(path.join("outdates-sibling.js"), words(6000)).expect("written");
    let after = ["changed", "BR", "words", "NEW", "changed"];
    for ((name, expected), old) in names.iter().zip(after).zip(&old_tags) {
        for _ in 0..2 {
            let (body, tag) = state(name, "br");
            assert_eq!(body, expected, "{name}");
            assert_ne!(&tag, old, "{name}");
        }
    }
    assert_eq!(state("live.js", "").0, "plain, changed");
}

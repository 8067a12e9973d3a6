//! Several instances over one folder: to clients they are one.

use crate::support::{PATIENCE, Reply, Server, folder, let_settle, write};
use std::time::Instant;

/// The fields by which a copy is known again.
fn validators(reply: &Reply) -> (u16, Option<&str>, Option<&str>) {
    (reply.status, reply.field("etag"), reply.field("last-modified"))
}

#[test]
fn two_instances_over_one_folder_know_each_others_copies() {
    let folder = folder(&[("a.txt", "hello"), ("sub/index.html", "<p>hi")]);
    write(folder.path(), "large.bin", vec![b'x'; 3_000_000]);
    let_settle();
    // One keeps small files in memory, the other does not; one has been asked before.
    let (one, other) =
        (Server::start(folder.path(), &[]), Server::start(folder.path(), &["--cache-size", "0"]));
    one.get("/a.txt");
    for target in ["/a.txt", "/sub/", "/large.bin"] {
        let (first, second) = (one.get(target), other.get(target));
        assert_eq!(validators(&first), validators(&second), "{target}");
        let (tag, date) =
            (first.field("etag").expect("a tag"), first.field("last-modified").expect("a date"));
        for field in [format!("If-None-Match: {tag}"), format!("If-Modified-Since: {date}")] {
            assert_eq!(
                other.connect().get_with(target, &format!("{field}\r\n")).status,
                304,
                "{target} {field}"
            );
        }
        // A download that goes on with the other.
        let rest = other.connect().get_with(target, &format!("Range: bytes=3-\r\nIf-Range: {tag}\r\n"));
        assert_eq!((rest.status, rest.body.as_slice()), (206, &first.body[3..]), "{target}");
    }
}

#[test]
fn two_instances_tag_a_file_alike_that_may_still_change() {
    let folder = folder(&[]);
    let (one, other) = (Server::start(folder.path(), &[]), Server::start(folder.path(), &[]));
    let (mut one, mut other) = (one.connect(), other.connect());
    for length in [5, 3_000_000] {
        // Both have to ask while it is young, so it is written until they do.
        let until = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < until, "never were both asked in time");
            std::fs::write(folder.path().join("a.txt"), vec![b'x'; length]).expect("written");
            let tags = [one.get("/a.txt"), other.get("/a.txt")];
            let tags = tags.map(|reply| reply.field("etag").expect("a tag").to_owned());
            if tags.iter().all(|tag| tag.starts_with("W/")) {
                assert_eq!(tags[0], tags[1]);
                break;
            }
        }
    }
}

#[test]
fn a_copy_of_the_folder_has_tags_of_its_own() {
    // What docs/operations.md says of copies. Both files have the same length and date.
    let (one, copy) = (folder(&[("a.txt", "hello")]), folder(&[("a.txt", "hello")]));
    let (one, copy) = (Server::start(one.path(), &[]), Server::start(copy.path(), &[]));
    let (one, copy) = (one.get("/a.txt"), copy.get("/a.txt"));
    assert_eq!(one.field("last-modified"), copy.field("last-modified"));
    assert_ne!(one.field("etag"), copy.field("etag"));
}

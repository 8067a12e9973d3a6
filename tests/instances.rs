//! Several instances over one folder: to clients they are one.

mod support;

use std::fs::File;
use std::time::{Duration, SystemTime};
use support::{Reply, Server, folder, write};

/// The fields by which a copy is known again.
fn validators(reply: &Reply) -> (u16, Option<&str>, Option<&str>) {
    (reply.status, reply.field("etag"), reply.field("last-modified"))
}

#[test]
fn two_instances_over_one_folder_know_each_others_copies() {
    let folder = folder(&[("a.txt", "hello"), ("sub/index.html", "<p>hi")]);
    write(folder.path(), "large.bin", vec![b'x'; 3_000_000]);
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
    let folder = folder(&[("a.txt", "hello")]);
    // A time in the future is as little to be trusted as a recent one, and stays so.
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    let file = File::options().append(true).open(folder.path().join("a.txt")).expect("it is there");
    file.set_modified(tomorrow).expect("its time is set");
    let (one, other) = (Server::start(folder.path(), &[]), Server::start(folder.path(), &[]));
    let (one, other) = (one.get("/a.txt"), other.get("/a.txt"));
    assert!(one.field("etag").is_some_and(|tag| tag.starts_with("W/")), "{}", one.head);
    assert_eq!(one.field("etag"), other.field("etag"));
}

#[test]
fn a_copy_of_the_folder_has_tags_of_its_own() {
    // What the README says of copies. Both files have the same length and date.
    let (one, copy) = (folder(&[("a.txt", "hello")]), folder(&[("a.txt", "hello")]));
    let (one, copy) = (Server::start(one.path(), &[]), Server::start(copy.path(), &[]));
    let (one, copy) = (one.get("/a.txt"), copy.get("/a.txt"));
    assert_eq!(one.field("last-modified"), copy.field("last-modified"));
    assert_ne!(one.field("etag"), copy.field("etag"));
}

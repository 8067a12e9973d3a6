//! A validator never calls two versions of a file one: not by tag and not by date, however the file was
//! replaced, whatever time it was given, and whether it was in memory or not.

use crate::support::{self, Client, PATIENCE, Reply, Server, folder, let_settle, write};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What is there first.
const FIRST: &str = "version 1\n";

/// What comes in its place: as long, and longer.
const SECOND: [&str; 2] = ["version 2\n", "version 2, which is longer\n"];

/// Ways to put other bytes where a file is. The time is set before the file can be seen, where that can be.
const WAYS: &[(&str, fn(&Path, &str, Option<SystemTime>))] = &[
    ("in place", |file, content, time| make(file, content, time)),
    ("by rename", |file, content, time| {
        let new = beside(file, "new");
        make(&new, content, time);
        fs::rename(new, file).expect("renamed");
    }),
    ("by unlink and create", |file, content, time| {
        fs::remove_file(file).expect("removed");
        make(file, content, time);
    }),
    ("by a hard link", |file, content, time| {
        let (new, link) = (beside(file, "new"), beside(file, "link"));
        make(&new, content, time);
        fs::hard_link(&new, &link).expect("linked");
        fs::rename(link, file).expect("renamed");
    }),
];

/// The times that the first version and the second get; `None` is now.
const TIMES: &[(&str, Option<i64>, Option<i64>)] = &[
    ("now and now", None, None),
    ("kept", Some(1_000_000_000), Some(1_000_000_000)),
    ("set back", Some(1_000_000_000), Some(900_000_000)),
    ("set ahead", Some(1_000_000_000), Some(4_000_000_000)),
    ("ahead, and kept", Some(4_000_000_000), Some(4_000_000_000)),
    ("0", Some(0), Some(0)),
    ("1", Some(1), Some(1)),
    ("that of npm pack", Some(499_162_500), Some(499_162_500)),
    ("before 1970", Some(-86_400), Some(-86_400)),
    ("now, then 0", None, Some(0)),
];

fn make(file: &Path, content: &str, time: Option<SystemTime>) {
    fs::write(file, content).expect("written");
    if let Some(time) = time {
        File::options().append(true).open(file).and_then(|file| file.set_modified(time)).expect("set");
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    file.with_extension(ending)
}

fn time(seconds: i64) -> SystemTime {
    let from_1970 = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH - from_1970 } else { UNIX_EPOCH + from_1970 }
}

/// A file that is replaced, and what is to be told if that is not noticed.
struct Case {
    what: String,
    target: String,
    replace: Box<dyn Fn()>,
    second: &'static str,
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for (way, replace) in WAYS {
        for (times, first, then) in TIMES {
            for second in SECOND {
                let name = format!("{}.txt", cases.len());
                let file = folder.join(&name);
                make(&file, FIRST, first.map(time));
                let then = then.map(time);
                cases.push(Case {
                    what: format!("{way}, its time {times}, {} bytes", second.len()),
                    target: format!("/{name}"),
                    replace: Box::new(move || replace(&file, second, then)),
                    second,
                });
            }
        }
    }
    cases
}

fn get(client: &mut Client, case: &Case, fields: &str) -> Reply {
    client.get_with(&case.target, fields)
}

/// Whether this is the second version, whole.
fn is_second(reply: &Reply, case: &Case) -> bool {
    reply.status == 200 && reply.body == case.second.as_bytes()
}

#[test]
fn whoever_has_the_first_version_gets_the_second_by_every_validator_and_way() {
    for options in [&[][..], &["--cache-size", "0"], &["--etag", "content"]] {
        for is_settled in [false, true] {
            let folder = folder(&[]);
            let cases = cases(folder.path());
            if is_settled {
                let_settle();
            }
            let server = Server::start(folder.path(), options);
            let mut client = server.connect();
            let firsts: Vec<_> = cases
                .iter()
                .map(|case| {
                    // Twice: the second answer is from memory, if any is.
                    get(&mut client, case, "");
                    let first = get(&mut client, case, "");
                    assert_eq!(
                        (first.status, first.body.as_slice()),
                        (200, FIRST.as_bytes()),
                        "{}",
                        case.what
                    );
                    first
                })
                .collect();
            for case in &cases {
                (case.replace)();
            }
            for (case, first) in cases.iter().zip(&firsts) {
                let context = format!("{options:?}, settled: {is_settled}, {}", case.what);
                assert!(is_second(&get(&mut client, case, ""), case), "{context}");
                let tag = first.field("etag").expect("a tag");
                for fields in
                    [format!("If-None-Match: {tag}\r\n"), format!("Range: bytes=3-\r\nIf-Range: {tag}\r\n")]
                {
                    assert!(is_second(&get(&mut client, case, &fields), case), "{context}: {fields}");
                }
                let failed = get(&mut client, case, &format!("If-Match: {tag}\r\n"));
                assert_eq!(failed.status, 412, "{context}: If-Match");
                let Some(date) = first.field("last-modified") else { continue };
                for fields in [
                    format!("If-Modified-Since: {date}\r\n"),
                    format!("Range: bytes=3-\r\nIf-Range: {date}\r\n"),
                ] {
                    assert!(is_second(&get(&mut client, case, &fields), case), "{context}: {fields}");
                }
                let failed = get(&mut client, case, &format!("If-Unmodified-Since: {date}\r\n"));
                let has_date = get(&mut client, case, "").field("last-modified").is_some();
                // RFC 9110 section 13.1.4: for a file without a date it does not count.
                assert_eq!(failed.status == 412, has_date, "{context}: If-Unmodified-Since: {date}");
            }
        }
    }
}

#[test]
fn whoever_has_the_second_version_is_not_sent_it_again_whatever_its_time() {
    for options in [&[][..], &["--cache-size", "0"], &["--etag", "content"]] {
        let folder = folder(&[]);
        let cases = cases(folder.path());
        let server = Server::start(folder.path(), options);
        let mut client = server.connect();
        for case in &cases {
            get(&mut client, case, "");
            (case.replace)();
        }
        let_settle();
        for case in &cases {
            let second = get(&mut client, case, "");
            let tag = second.field("etag").expect("a tag");
            assert!(tag.starts_with('"'), "{options:?}, {}: {tag}", case.what);
            let again = get(&mut client, case, &format!("If-None-Match: {tag}\r\n"));
            assert_eq!(again.status, 304, "{options:?}, {}", case.what);
            let part = get(&mut client, case, &format!("Range: bytes=3-\r\nIf-Range: {tag}\r\n"));
            assert_eq!(
                (part.status, part.body.as_slice()),
                (206, &case.second.as_bytes()[3..]),
                "{options:?}, {}",
                case.what
            );
        }
    }
}

#[test]
fn a_date_that_the_system_noted_is_good_for_a_part_once_its_second_is_over() {
    let folder = folder(&[]);
    make(&folder.path().join("noted.txt"), FIRST, None);
    make(&folder.path().join("given.txt"), FIRST, Some(time(1_000_000_000)));
    let server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    let date = client.get("/noted.txt").field("last-modified").expect("a date").to_owned();
    let mut part = |target: &str, date: &str| {
        client.get_with(target, &format!("Range: bytes=0-0\r\nIf-Range: {date}\r\n")).status
    };
    assert_eq!(part("/noted.txt", &date), 200, "it may change once more within that second");
    let until = Instant::now() + PATIENCE;
    while part("/noted.txt", &date) == 200 {
        assert!(Instant::now() < until, "it never comes to be good");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(part("/noted.txt", &date), 206);
    assert_eq!(part("/given.txt", "Sun, 09 Sep 2001 01:46:40 GMT"), 200);
}

#[test]
fn a_date_is_given_where_it_says_something_and_is_never_ahead() {
    let folder = folder(&[]);
    let table: &[(&str, Option<i64>, Option<&str>)] = &[
        ("old.txt", Some(1_000_000_000), Some("Sun, 09 Sep 2001 01:46:40 GMT")),
        ("zero.txt", Some(0), None),
        ("one.txt", Some(1), None),
        ("two.txt", Some(2), Some("Thu, 01 Jan 1970 00:00:02 GMT")),
        ("negative.txt", Some(-1), None),
        ("1965.txt", Some(-157_766_400), None),
        ("zip.txt", Some(315_532_800), None),
    ];
    for (name, seconds, _) in table {
        make(&folder.path().join(name), FIRST, seconds.map(time));
    }
    make(&folder.path().join("ahead.txt"), FIRST, Some(SystemTime::now() + Duration::from_secs(10_800)));
    let_settle();
    let server = Server::start(folder.path(), &[]);
    for (name, _, expected) in table {
        let reply = server.get(&format!("/{name}"));
        assert_eq!(reply.field("last-modified"), *expected, "{name}");
        assert!(reply.field("etag").is_some_and(|tag| tag.starts_with('"')), "{name}: {}", reply.head);
    }
    let ahead = server.get("/ahead.txt");
    let (date, now) = (ahead.field("last-modified").expect("a date"), ahead.field("date").expect("a date"));
    let seconds = |date: &str| glasshttp::http::date::parse(date.as_bytes()).expect("a date");
    assert!(seconds(date) <= seconds(now), "{}", ahead.head);
    let tag = ahead.field("etag").expect("a tag");
    assert!(tag.starts_with('"'), "strong, though its time is ahead: {tag}");
}

#[test]
fn with_tags_of_the_content_copies_and_trees_that_are_deployed_anew_keep_them() {
    let large = "x".repeat(3_000_000);
    let make_folder = || folder(&[("a.txt", "hello"), ("b.txt", "other"), ("large.bin", &large)]);
    let (one, copy) = (make_folder(), make_folder());
    let (first, second) = (
        Server::start(one.path(), &["--etag", "content"]),
        Server::start(copy.path(), &["--etag", "content", "--cache-size", "0"]),
    );
    let tag = |server: &Server, target: &str| server.get(target).field("etag").expect("a tag").to_owned();
    assert_eq!(tag(&first, "/a.txt"), tag(&second, "/a.txt"));
    assert_ne!(tag(&first, "/a.txt"), tag(&first, "/b.txt"));
    // A large one is read when nobody waits for that.
    let until = Instant::now() + PATIENCE;
    while tag(&first, "/large.bin") != tag(&second, "/large.bin") {
        assert!(Instant::now() < until, "{} {}", tag(&first, "/large.bin"), tag(&second, "/large.bin"));
        std::thread::sleep(Duration::from_millis(20));
    }
    let before = tag(&first, "/a.txt");
    fs::remove_file(one.path().join("a.txt")).expect("removed");
    write(one.path(), "a.txt", "hello");
    assert_eq!(tag(&first, "/a.txt"), before);
    fs::write(one.path().join("a.txt"), "HELLO").expect("written");
    assert_ne!(tag(&first, "/a.txt"), before);
}

#[test]
fn what_the_system_makes_when_it_is_read_is_sent_whole_with_its_true_length() {
    let server = Server::start(Path::new("/proc"), &["--no-sandbox"]);
    let mut client = server.connect();
    let version = fs::read("/proc/version").expect("there is one");
    let reply = client.get("/version");
    assert_eq!((reply.status, reply.body.as_slice()), (200, version.as_slice()));
    assert_eq!(reply.field("last-modified"), None);
    let tag = reply.field("etag").expect("a tag").to_owned();
    assert_eq!(client.get_with("/version", &format!("If-None-Match: {tag}\r\n")).status, 304);
    let part = client.get_with("/version", "Range: bytes=0-4\r\n");
    assert_eq!((part.status, part.body.as_slice()), (206, &version[..5]));
    // Each look makes other bytes, under the same times.
    let uptime = client.get("/uptime");
    assert!(uptime.status == 200 && !uptime.body.is_empty(), "{}", uptime.head);
    let server = Server::start(Path::new("/sys/class/net/lo/"), &["--follow-links"]);
    let reply = server.get("/mtu");
    assert_eq!(reply.body, fs::read("/sys/class/net/lo/mtu").expect("there is one"), "{}", reply.head);
}

#[test]
fn an_empty_file_is_empty_and_kept_like_others() {
    let folder = folder(&[("empty.txt", "")]);
    support::write_sparse(folder.path(), "holes.bin", 4096);
    let_settle();
    let server = Server::start(folder.path(), &[]);
    for (target, length) in [("/empty.txt", 0), ("/holes.bin", 4096)] {
        let reply = server.get(target);
        assert_eq!((reply.status, reply.body.len()), (200, length), "{target}");
        assert!(reply.field("last-modified").is_some(), "{target}: {}", reply.head);
        let tag = reply.field("etag").expect("a tag");
        assert_eq!(tag.matches('-').count(), 3, "of what the file system says: {tag}");
    }
}

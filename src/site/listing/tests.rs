//! Large listings: how many are made at once, and what becomes of those that wait.

use super::*;
use crate::answer::{Next, Stream};
use crate::base::platform::{file_system, status};
use crate::http::Request;
use crate::site::facts::Facts;
#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::time::Instant;

/// A folder of so many files.
fn folder(count: usize) -> (tempfile::TempDir, Arc<Root>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for number in 0..count {
        std::fs::write(folder.path().join(number.to_string()), "").expect("written");
    }
    let root = Arc::new(Root::open_path(folder.path(), false).expect("a folder"));
    (folder, root)
}

/// A large listing that nobody has asked for anything yet.
fn begin(listings: &Listings, root: &Arc<Root>) -> Box<dyn Stream> {
    begin_at(listings, root, "/")
}

/// The same in another form or order.
fn begin_at(listings: &Listings, root: &Arc<Root>, target: &str) -> Box<dyn Stream> {
    let request = Request::parse(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a good one");
    let directory = crate::base::platform::open::harmlessly(root.path()).expect("a folder");
    let path = DecodedPath::decode(b"/").expect("a path");
    let options = Options::default();
    let query = target.split_once('?').map(|(_, query)| query.as_bytes());
    let asked = (query, &request.fields);
    let response = listings.respond(root, directory, &path, asked, &options, (Effort::Full, None));
    let Body::Stream(stream) = response.expect("it can be read").body else { panic!("there are many") };
    stream
}

/// All the rest of it.
fn rest(stream: &mut dyn Stream) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match stream.next() {
            Next::Piece(piece) => bytes.extend(piece),
            Next::Busy => {}
            Next::End => return bytes,
            other => panic!("it stops: {other:?}"),
        }
    }
}

#[test]
fn so_many_large_listings_are_made_at_once_and_who_waits_ends_with_the_server() {
    let (_folder, root) = folder(500);
    // However slow the test is.
    let listings = Listings { places: Places::new(AT_ONCE, Duration::MAX), ..Listings::new(0) };
    let mut made: Vec<_> = (0..AT_ONCE).map(|_| begin(&listings, &root)).collect();
    assert!(made.iter_mut().all(|stream| stream.next() == Next::Busy));
    let (mut waiting, mut other) = (begin(&listings, &root), begin(&listings, &root));
    assert_eq!((waiting.next(), other.next()), (Next::NotYet, Next::NotYet));
    assert!(rest(&mut *made[0]).ends_with(b"</html>\n"));
    assert_eq!((waiting.next(), other.next()), (Next::Busy, Next::NotYet));
    other.stop();
    waiting.stop();
    assert_eq!((other.next(), waiting.next()), (Next::Broken, Next::Busy), "what has begun may end");
    assert!(rest(&mut *waiting).ends_with(b"</html>\n"));
    drop(made);
    assert_eq!(begin(&listings, &root).next(), Next::Busy);
}

#[test]
fn who_does_not_take_its_listing_keeps_nobody_waiting() {
    let (_folder, root) = folder(500);
    // Nobody is ever asked soon enough.
    let listings = Listings { places: Places::new(AT_ONCE, Duration::ZERO), ..Listings::new(0) };
    let mut stalled: Vec<_> = (0..3 * AT_ONCE).map(|_| begin(&listings, &root)).collect();
    assert!(stalled.iter_mut().all(|stream| stream.next() == Next::Busy));
    assert!(rest(&mut *begin(&listings, &root)).ends_with(b"</html>\n"));
    assert!(rest(&mut *stalled[0]).ends_with(b"</html>\n"));
}

#[test]
fn who_has_no_memory_for_its_entries_waits_for_it_and_at_last_breaks_off() {
    let (_folder, root) = folder(3000);
    let listings = Listings { memory: Budget::new(50_000), ..Listings::new(0) };
    let held = listings.memory.take(45_000);
    let mut stream = begin(&listings, &root);
    // All of it would have ended long before that.
    let mut answers = std::iter::repeat_with(|| stream.next()).take(3000);
    assert!(answers.by_ref().any(|next| next == Next::NotYet));
    drop(held);
    // What was given back is enough for some more, but not for all.
    assert_eq!(answers.next(), Some(Next::Busy));
    let waits =
        answers.by_ref().take_while(|next| *next != Next::Broken).filter(|next| *next == Next::NotYet);
    assert!(waits.count() > 100);
    drop(stream);
    assert!(listings.memory.take(50_000).is_some(), "all of it is given back");
}

/// Waits until a change of the folder would get another time than the last.
fn settle(root: &Root) {
    let end = Instant::now() + Duration::from_secs(10);
    while !Facts::new(&status::at(root.path()).expect("it is there")).is_settled() {
        assert!(Instant::now() < end, "its clock stands still");
        std::thread::yield_now();
    }
}

/// How many steps of a listing give nothing yet, and then all of it.
fn steps_and_text(listings: &Listings, root: &Arc<Root>, target: &str) -> (usize, String) {
    let mut stream = begin_at(listings, root, target);
    let mut busy = 0;
    loop {
        match stream.next() {
            Next::Busy => busy += 1,
            Next::Piece(first) => {
                let bytes = [first, rest(&mut *stream)].concat();
                return (busy, String::from_utf8(bytes).expect("text"));
            }
            other => panic!("it stops: {other:?}"),
        }
    }
}

fn names_in(text: &str) -> Vec<String> {
    let listing: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let entries = listing["entries"].as_array().expect("a list");
    entries.iter().map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn the_names_of_a_folder_that_has_not_changed_are_read_and_sorted_once() {
    let (_folder, root) = folder(2000);
    let listings = Listings::new(1_000_000);
    settle(&root);
    let (busy, first) = steps_and_text(&listings, &root, "/");
    assert!(busy >= 2000 / 512, "{busy}");
    // Where the times of folders say nothing, they are read each time.
    let is_kept =
        file_system::has_true_times(&crate::base::platform::open::harmlessly(root.path()).expect("a folder"));
    let (again, second) = steps_and_text(&listings, &root, "/");
    assert_eq!((again == 0, second == first), (is_kept, true), "{again} steps");
    let (by_size, _) = steps_and_text(&listings, &root, "/?sort=size");
    assert_eq!(by_size == 0, is_kept, "{by_size} steps");
    let (without, _) = steps_and_text(&Listings::new(0), &root, "/");
    assert!(without >= 2000 / 512, "{without}");
}

#[test]
fn whatever_changes_in_a_folder_is_in_the_very_next_listing() {
    let (folder, root) = folder(300);
    let listings = Listings::new(1_000_000);
    let path = |name: &str| folder.path().join(name);
    let list = || steps_and_text(&listings, &root, "/?format=json").1;
    settle(&root);
    let mut expected: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    let changes: [&dyn Fn(&mut Vec<String>); 5] = [
        &|expected| {
            std::fs::write(path("300"), "").expect("written");
            expected.push("300".to_owned());
        },
        &|expected| {
            std::fs::remove_file(path("7")).expect("removed");
            expected.retain(|name| name != "7");
        },
        &|expected| {
            std::fs::rename(path("8"), path("301")).expect("renamed");
            expected.retain(|name| name != "8");
            expected.push("301".to_owned());
        },
        // One takes the name of another, so that all names but one stay.
        &|expected| {
            std::fs::rename(path("9"), path("10")).expect("renamed");
            expected.retain(|name| name != "9");
        },
        // The name stays, and is that of a folder.
        &|expected| {
            std::fs::remove_file(path("11"))
                .and_then(|()| std::fs::create_dir(path("11")))
                .expect("replaced");
            expected.retain(|name| name != "11");
            expected.insert(0, "11".to_owned());
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(names_in(&list()), expected, "before change {number}");
        change(&mut expected);
        assert_eq!(names_in(&list()), expected, "after change {number}");
        settle(&root);
    }
    // An entry changes, and the folder does not.
    assert!(!list().contains("\"size\":5"));
    std::fs::write(path("100"), "12345").expect("written");
    assert_eq!(list().matches("\"size\":5").count(), 1);
}

#[test]
fn a_folder_that_changes_often_within_a_step_of_its_clock_is_read_each_time() {
    let (folder, root) = folder(101);
    let listings = Listings::new(1_000_000);
    for number in 101..201 {
        std::fs::write(folder.path().join(number.to_string()), "").expect("written");
        let (_, text) = steps_and_text(&listings, &root, "/?format=json");
        assert_eq!(names_in(&text).len(), number + 1);
    }
}

#[test]
fn the_first_rows_leave_before_the_last_entries_are_looked_at() {
    let (folder, root) = folder(1000);
    let listings = Listings::new(0);
    let mut stream = begin_at(&listings, &root, "/?format=json");
    let mut text = Vec::new();
    while memchr::memmem::find(&text, b"\"name\":\"1\"").is_none() {
        if let Next::Piece(piece) = stream.next() {
            text.extend(piece);
        }
    }
    std::fs::write(folder.path().join("998"), "12345").expect("written");
    std::fs::remove_file(folder.path().join("999")).expect("removed");
    text.extend(rest(&mut *stream));
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains("\"name\":\"998\",\"type\":\"file\",\"size\":5"));
    assert_eq!(names_in(&text).len(), 999, "what is not there any more has no row");
}

#[test]
fn rows_of_the_longest_names_leave_in_small_pieces_too() {
    let (folder, root) = folder(0);
    for number in 0..300 {
        // What becomes longest on a page, among what a name may hold.
        let letter = if cfg!(unix) { "\"" } else { "&" };
        std::fs::write(folder.path().join(format!("{number:03}{}", letter.repeat(252))), "")
            .expect("written");
    }
    for target in ["/?format=json", "/?format=html", "/", "/?sort=size"] {
        let mut stream = begin_at(&Listings::new(0), &root, target);
        loop {
            match stream.next() {
                Next::Piece(piece) => assert!(piece.len() < 100_000, "{target}: {} bytes", piece.len()),
                Next::Busy => {}
                Next::End => break,
                other => panic!("it stops: {other:?}"),
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn links_to_folders_stand_among_the_folders_once_and_in_both_directions() {
    let (folder, root) = folder(0);
    let mut expected = Vec::new();
    for number in 0..600 {
        let path = folder.path().join(number.to_string());
        match number % 3 {
            0 => std::fs::create_dir(&path).expect("made"),
            1 => symlink("0", &path).expect("linked"),
            _ => std::fs::write(&path, "").expect("written"),
        }
        expected.push((number % 3 == 2, number.to_string()));
    }
    symlink("2", folder.path().join("600")).expect("linked");
    expected.push((true, "600".to_owned()));
    for (target, is_reversed) in [("/?format=json", false), ("/?format=json&order=desc", true)] {
        if is_reversed {
            expected.reverse();
        }
        expected.sort_by_key(|(is_last, _)| *is_last);
        let found = names_in(&steps_and_text(&Listings::new(0), &root, target).1);
        assert!(found.iter().eq(expected.iter().map(|(_, name)| name)), "{target}: {found:?}");
    }
}

#[test]
fn who_reads_the_names_of_a_folder_beside_others_has_them_as_soon_as_the_first() {
    let (_folder, root) = folder(3000);
    let listings = Listings::new(1_000_000);
    settle(&root);
    let (mut first, mut second) = (begin(&listings, &root), begin(&listings, &root));
    assert_eq!((first.next(), second.next()), (Next::Busy, Next::Busy));
    rest(&mut *first);
    let is_kept =
        file_system::has_true_times(&crate::base::platform::open::harmlessly(root.path()).expect("a folder"));
    let busy = std::iter::from_fn(|| (second.next() == Next::Busy).then_some(())).count();
    assert_eq!(busy == 1, is_kept, "{busy} steps");
}

#[test]
fn clients_that_never_read_hold_the_names_of_an_unchanged_folder_once() {
    let (_folder, root) = folder(2000);
    let listings = Listings { places: Places::new(AT_ONCE, Duration::ZERO), ..Listings::new(1_000_000) };
    settle(&root);
    steps_and_text(&listings, &root, "/");
    let is_kept =
        file_system::has_true_times(&crate::base::platform::open::harmlessly(root.path()).expect("a folder"));
    let before = listings.memory.left();
    let mut stalled: Vec<_> = (0..100).map(|_| begin(&listings, &root)).collect();
    assert!(stalled.iter_mut().all(|stream| matches!(stream.next(), Next::Piece(_) | Next::Busy)));
    assert_eq!(listings.memory.left() == before, is_kept);
}

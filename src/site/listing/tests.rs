//! Large listings: how many are made at once, and what becomes of those that wait.

use super::*;
use crate::answer::{Next, Stream};
use crate::http::Request;

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
    let request = Request::parse(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a good one");
    let directory = File::open(root.path()).expect("a folder");
    let path = DecodedPath::decode(b"/").expect("a path");
    let options = Options::default();
    let response = listings.respond(root, directory, &path, None, &request.fields, &options);
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
    let listings = Listings { places: Places::new(AT_ONCE, Duration::MAX), ..Listings::default() };
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
    let listings = Listings { places: Places::new(AT_ONCE, Duration::ZERO), ..Listings::default() };
    let mut stalled: Vec<_> = (0..3 * AT_ONCE).map(|_| begin(&listings, &root)).collect();
    assert!(stalled.iter_mut().all(|stream| stream.next() == Next::Busy));
    assert!(rest(&mut *begin(&listings, &root)).ends_with(b"</html>\n"));
    assert!(rest(&mut *stalled[0]).ends_with(b"</html>\n"));
}

#[test]
fn who_has_no_memory_for_its_entries_waits_for_it_and_at_last_breaks_off() {
    let (_folder, root) = folder(500);
    let listings = Listings { memory: Budget::new(50_000), ..Listings::default() };
    let held = listings.memory.take(45_000);
    let mut stream = begin(&listings, &root);
    let mut answers = std::iter::repeat_with(|| stream.next());
    assert!(answers.by_ref().any(|next| next == Next::NotYet));
    drop(held);
    // What was given back is enough for some more, but not for all.
    assert_eq!(answers.next(), Some(Next::Busy));
    let waits = answers.take_while(|next| *next != Next::Broken).filter(|next| *next == Next::NotYet);
    assert!(waits.count() > 100);
    drop(stream);
    assert!(listings.memory.take(50_000).is_some(), "all of it is given back");
}

//! What is kept, and when it is no longer true.

use super::*;
use crate::site::media_type::{self, Look};
use crate::site::read_file;
use crate::site::representation::{Etags, Form, Subject};
use crate::site::root::Opened;
use std::path::Path;
use std::time::Duration;

/// A folder with one file in it that is kept, as if it were old enough.
struct Kept {
    folder: tempfile::TempDir,
    root: Root,
    cache: Cache,
}

impl Kept {
    fn new() -> Kept {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.txt"), "one").expect("written");
        let root = Root::open_path(folder.path(), false).expect("it can be read");
        let kept = Kept { folder, root, cache: Cache::new(1_000_000) };
        kept.keep("/a.txt");
        kept
    }

    fn keep(&self, path: &str) {
        let Ok(Opened::File(file)) = self.root.open(b"a.txt") else { panic!("it is there") };
        let subject = Subject {
            relative: b"a.txt",
            content: media_type::of(b"a.txt", Look::default()),
            cache_control: "no-cache",
            script: None,
            etags: Etags::default(),
            versions: &Arc::default(),
        };
        let bytes = read_file::read(&file).expect("it is read");
        let representation = Representation::in_memory(bytes, &file.facts, subject, Form::Plain);
        let grounds = Grounds::of(self.root.trail(b"a.txt").expect("no NUL"), file.facts);
        self.cache.keep(path.as_bytes(), grounds, Arc::new(representation));
    }

    fn file(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("a.txt")
    }

    fn has(&self, arrived: Instant) -> bool {
        self.cache.get(b"/a.txt", arrived, &self.root).is_some()
    }
}

#[test]
fn what_is_still_true_is_found_and_nothing_else() {
    let kept = Kept::new();
    assert!(kept.has(Instant::now()));
    assert!(kept.has(Instant::now()));
    assert!(kept.cache.get(b"/A.txt", Instant::now(), &kept.root).is_none());
}

#[test]
fn a_file_that_changed_in_any_way_is_forgotten() {
    let changes: [fn(&Path); 5] = [
        |file| std::fs::write(file, "longer").expect("written"),
        |file| std::fs::remove_file(file).expect("removed"),
        |file| {
            // The same bytes, length and time of change, but another file.
            let time = std::fs::metadata(file).and_then(|metadata| metadata.modified()).expect("a time");
            let other = file.with_file_name("other");
            std::fs::write(&other, "one").expect("written");
            let open = std::fs::File::options().append(true).open(&other).expect("opened");
            open.set_modified(time).expect("set");
            std::fs::rename(other, file).expect("renamed");
        },
        |file| {
            std::fs::remove_file(file).expect("removed");
            std::fs::create_dir(file).expect("created");
        },
        |file| {
            let open = std::fs::File::options().append(true).open(file).expect("opened");
            open.set_modified(std::time::UNIX_EPOCH).expect("set");
        },
    ];
    for change in changes {
        let kept = Kept::new();
        assert!(kept.has(Instant::now()));
        change(&kept.file());
        assert!(!kept.has(Instant::now()));
    }
}

#[test]
fn a_check_answers_for_all_requests_that_had_arrived_before_it() {
    let kept = Kept::new();
    let earlier = Instant::now();
    std::thread::yield_now();
    let arrived = Instant::now();
    assert!(kept.has(arrived));
    std::fs::write(kept.file(), "changed").expect("written");
    // Had it been answered at once, it would have got the old bytes as well.
    assert!(kept.has(earlier));
    assert!(!kept.has(arrived + Duration::from_secs(1)));
}

#[test]
fn the_cache_stays_within_its_size_and_keeps_what_is_used() {
    let mut kept = Kept::new();
    kept.cache = Cache::new(20 * OVERHEAD);
    kept.keep("/a.txt");
    for number in 0..200 {
        assert!(kept.has(Instant::now()), "{number}");
        kept.keep(&format!("/{number}"));
        assert!(kept.cache.size.load(Ordering::Relaxed) <= kept.cache.capacity);
    }
    let entries = kept.cache.entries.read().expect("not poisoned");
    assert!(entries.len() > 5, "{}", entries.len());
    assert_eq!(
        entries.values().map(|entry| entry.size).sum::<usize>(),
        kept.cache.size.load(Ordering::Relaxed)
    );
}

#[test]
fn a_cache_of_no_size_keeps_nothing() {
    let mut kept = Kept::new();
    kept.cache = Cache::new(0);
    kept.keep("/a.txt");
    assert!(!kept.has(Instant::now()));
}

#[test]
fn who_wants_to_know_is_told_how_often_it_had_what_was_asked_for() {
    let mut kept = Kept::new();
    kept.cache = Cache::new(100 * OVERHEAD).counting();
    kept.keep("/a.txt");
    assert!(kept.has(Instant::now()) && kept.has(Instant::now()));
    std::fs::write(kept.file(), "changed").expect("written");
    assert!(!kept.has(Instant::now()) && !kept.has(Instant::now()));
    let expected = Figures { hits: 2, misses: 2, entries: 0, bytes: 0, capacity: 100 * OVERHEAD };
    assert_eq!(kept.cache.figures(), expected);
}

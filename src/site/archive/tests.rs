//! What an archive holds, and what becomes of files that change while it is made.

use super::*;
use crate::answer::{Next, Stream};
use crate::site::root::Opened;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::symlink;

/// The archive of a folder, with its pieces joined.
fn make(root: &Arc<Root>, relative: &str, format: Format, hidden: bool) -> Vec<u8> {
    let mut archive = archive_of(root, relative, format, hidden);
    let mut bytes = Vec::new();
    loop {
        match archive.next() {
            Next::Piece(piece) => bytes.extend(piece),
            Next::Busy => {}
            Next::End => return bytes,
            other => panic!("{other:?}"),
        }
    }
}

fn archive_of(root: &Arc<Root>, relative: &str, format: Format, hidden: bool) -> Archive {
    let Ok(Opened::Directory(directory)) = root.open(relative.as_bytes()) else {
        panic!("{relative} is no folder");
    };
    let path = DecodedPath::decode(format!("/{relative}/").as_bytes()).expect("a path");
    let place = Places::new(1, Duration::MAX).take(Instant::now()).expect("it is free");
    let memory = Budget::new(MEMORY).nothing();
    Archive::new(root, directory, &path, format, hidden, None, (place, memory))
}

/// The names of a tar archive's entries.
fn names(bytes: &[u8]) -> Vec<String> {
    let mut archive = ::tar::Archive::new(bytes);
    let names = archive
        .entries()
        .expect("an archive")
        .map(|entry| String::from_utf8(entry.expect("an entry").path_bytes().into_owned()).expect("UTF-8"));
    names.collect()
}

fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Arc<Root>) {
    let outer = tempfile::tempdir().expect("a temporary folder");
    let folder = outer.path().join("files");
    std::fs::create_dir(&folder).expect("made");
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        std::fs::write(path, content).expect("written");
    }
    let root = Arc::new(Root::open_path(&folder, false).expect("a folder"));
    (outer, root)
}

#[cfg(unix)]
#[test]
fn what_is_in_it_is_what_the_server_would_serve_sorted_by_name() {
    let (outer, root) =
        folder(&[("b/c.txt", "c"), ("b/.git/x", ""), ("a.txt", ""), (".env", ""), ("b\\c", "")]);
    let files = outer.path().join("files");
    std::fs::write(outer.path().join("secret"), "x").expect("written");
    std::fs::create_dir(files.join("empty")).expect("made");
    for (target, name) in [
        ("../secret", "out.txt"),
        ("..", "out"),
        ("b/../../secret", "b/out"),
        ("nowhere", "broken"),
        ("b/c.txt", "link.txt"),
        ("b", "link"),
        (".", "self"),
        ("..", "b/up"),
        ("loop-b", "loop-a"),
        ("loop-a", "loop-b"),
    ] {
        symlink(target, files.join(name)).expect("a link");
    }
    symlink(files.join("b"), files.join("absolute")).expect("a link");
    crate::base::platform::status::make_fifo(&files.join("fifo"));
    let expected = [
        "",
        "a.txt",
        "absolute/",
        "absolute/c.txt",
        "b/",
        "b/c.txt",
        "b\\c",
        "empty/",
        "link/",
        "link/c.txt",
        "link.txt",
    ];
    let expected: Vec<_> = expected.iter().map(|name| format!("files/{name}")).collect();
    assert_eq!(names(&make(&root, "", Format::Tar, false)), expected);
    assert_eq!(names(&make(&root, "b", Format::Tar, false)), ["b/", "b/c.txt"]);
    let with_hidden = names(&make(&root, "b", Format::Tar, true));
    assert_eq!(with_hidden, ["b/", "b/.git/", "b/.git/x", "b/c.txt"]);
}

#[cfg(unix)]
#[test]
fn folders_that_lead_to_each_other_end() {
    let (outer, root) = folder(&[("a/x", ""), ("b/y", "")]);
    let files = outer.path().join("files");
    symlink("../b", files.join("a/b")).expect("a link");
    symlink("../a", files.join("b/a")).expect("a link");
    let expected =
        ["", "a/", "a/b/", "a/b/y", "a/x", "b/", "b/a/", "b/a/x", "b/y"].map(|name| format!("files/{name}"));
    assert_eq!(names(&make(&root, "", Format::Tar, false)), expected);
}

#[test]
fn folders_are_entered_so_deep_and_no_deeper() {
    let deep = ["d"; 130].join("/");
    let (_outer, root) = folder(&[(&format!("{deep}/x"), "")]);
    let bytes = make(&root, "", Format::Tar, false);
    let names = names(&bytes);
    assert_eq!(names.len(), 129);
    assert_eq!(names[127].matches("d/").count(), 127);
    assert_eq!(names[128], "files/MISSING.txt");
    let line = format!("\nfiles/{}d: it lies deeper than 128 folders\n", "d/".repeat(127));
    assert!(String::from_utf8_lossy(&bytes).contains(&line));
}

#[test]
fn the_same_folder_gives_the_same_bytes() {
    let (_outer, root) = folder(&[("a/x", "1"), ("b.txt", "2"), ("ü", "3")]);
    for (format, ..) in Format::ALL {
        assert_eq!(make(&root, "", format, false), make(&root, "", format, false), "{format:?}");
    }
}

/// The archive of a file of five pieces, which gets another length when two are packed.
fn make_while_changing(format: Format, length: usize) -> Vec<u8> {
    let (outer, root) = folder(&[("a", &"x".repeat(5 * PIECE)), ("b", "the next")]);
    let mut archive = archive_of(&root, "", format, false);
    let mut bytes = Vec::new();
    let mut has_changed = false;
    loop {
        match archive.next() {
            Next::Piece(piece) => bytes.extend(piece),
            Next::End => return bytes,
            other => assert_eq!(other, Next::Busy),
        }
        let is_under_way = archive.file.as_ref().is_some_and(|file| file.offset >= PIECE as u64);
        if is_under_way && !std::mem::replace(&mut has_changed, true) {
            let file = File::options().write(true).open(outer.path().join("files/a")).expect("a file");
            file.set_len(length as u64).expect("it can be changed");
        }
    }
}

#[test]
fn a_file_that_grows_or_shrinks_while_it_is_read_keeps_the_length_that_was_said() {
    for length in [0, 3 * PIECE + 1, 9 * PIECE] {
        let bytes = make_while_changing(Format::Tar, length);
        let mut tar = ::tar::Archive::new(&bytes[..]);
        let mut entries = tar.entries().expect("an archive").skip(1);
        let mut content = || {
            let mut text = String::new();
            let mut entry = entries.next().expect("an entry").expect("a good one");
            io::Read::read_to_string(&mut entry, &mut text).expect("its content");
            text
        };
        let text = content();
        assert_eq!(text.len(), 5 * PIECE, "{length}");
        let zeros = text.trim_start_matches('x');
        assert!(zeros.bytes().all(|byte| byte == 0), "{length}");
        assert!((text.len() - zeros.len()).abs_diff(length.min(5 * PIECE)) <= 2 * PIECE, "{length}");
        assert_eq!(content(), "the next");
        if zeros.is_empty() {
            assert!(entries.next().is_none(), "{length}: nothing is missing");
        } else {
            assert!(
                content().contains("files/a: it became shorter while it was packed; the rest of it is zeros")
            );
        }
    }
}

#[test]
fn in_a_zip_archive_a_file_that_shrinks_is_as_short_as_it_is() {
    for length in [0, 3 * PIECE + 1, 9 * PIECE] {
        let bytes = make_while_changing(Format::Zip, length);
        // The directory's second entry: behind "files/".
        let entries: Vec<_> = memchr::memmem::find_iter(&bytes, b"PK\x01\x02").collect();
        let (before, at) = (entries[1], entries[2]);
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
        let size = number(before + 24) as usize;
        assert!(size.abs_diff(length.min(5 * PIECE)) <= 2 * PIECE, "{length}: {size}");
        assert_eq!(number(at + 24), 8, "the next");
    }
}

#[test]
fn names_to_save_it_under_are_plain_for_the_old_and_exact_for_others() {
    let table = [
        ("a b.zip", "filename=\"a b.zip\"; filename*=UTF-8''a%20b.zip"),
        ("ü.zip", "filename=\"_.zip\"; filename*=UTF-8''%C3%BC.zip"),
        ("a\"\\%\r\n.zip", "filename=\"a_____.zip\"; filename*=UTF-8''a%22%5C%25%0D%0A.zip"),
    ];
    for (name, expected) in table {
        assert_eq!(attachment(name), format!("attachment; {expected}"));
    }
}

#[test]
fn so_many_and_no_more_are_made_at_once() {
    let (_outer, root) = folder(&[("a", "")]);
    // However slow the test is.
    let archives = Archives { places: Places::new(AT_ONCE, Duration::MAX), ..Archives::default() };
    let ask = || {
        let Ok(Opened::Directory(directory)) = root.open(b"") else { panic!("a folder") };
        let path = DecodedPath::decode(b"/").expect("a path");
        archives.respond(&root, directory, &path, "zip", false, None)
    };
    let mut open: Vec<_> = (0..AT_ONCE).map(|_| ask().expect("there is room")).collect();
    assert_eq!(ask().expect_err("there is none").status, Status::SERVICE_UNAVAILABLE);
    open.pop();
    assert!(ask().is_ok());
}

#[test]
fn a_format_that_does_not_exist_is_told_which_do() {
    let (_outer, root) = folder(&[]);
    for format in ["", "rar", "ZIP", "tar.xz"] {
        let Ok(Opened::Directory(directory)) = root.open(b"") else { panic!("a folder") };
        let path = DecodedPath::decode(b"/").expect("a path");
        let refusal = Archives::default().respond(&root, directory, &path, format, false, None);
        let refusal = refusal.expect_err("there is no such format");
        assert_eq!(refusal.status, Status::BAD_REQUEST);
        assert!(refusal.why.contains("tar.gz, zip, tar"), "{}", refusal.why);
    }
}

#[test]
fn a_step_compresses_so_many_bytes_and_opens_so_many_files() {
    let (_outer, root) = folder(&[("a", &"x".repeat(5 * PIECE))]);
    for (format, most) in [(Format::Tar, PIECE), (Format::TarGz, PIECE / 4), (Format::Zip, PIECE / 4)] {
        let mut archive = archive_of(&root, "", format, false);
        let (mut offset, mut steps) = (0, 0);
        while archive.next() != Next::End {
            steps += 1;
            let now = archive.file.as_ref().map_or(5 * PIECE as u64, |file| file.offset);
            // Before the file is opened there is none, and that is no progress.
            if archive.file.is_some() || offset > 0 {
                assert!(now - offset <= most as u64, "{format:?}: {offset} to {now}");
                offset = now;
            }
        }
        assert!(offset == 5 * PIECE as u64 && steps > 5 * PIECE / most, "{format:?}: {steps}");
    }
    let files: Vec<_> = (0..1000).map(|number| (number.to_string(), "")).collect();
    let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let (_outer, root) = folder(&files);
    let mut archive = archive_of(&root, "", Format::Tar, false);
    let mut steps = 0;
    loop {
        match archive.next() {
            Next::End => break,
            Next::Piece(piece) => assert!(piece.len() <= 17 * 512, "{} headers", piece.len() / 512),
            other => assert_eq!(other, Next::Busy),
        }
        steps += 1;
    }
    assert!(steps > 1000 / 16, "{steps}");
}

#[test]
fn clients_that_do_not_read_keep_nobody_from_an_archive_until_there_is_no_memory() {
    let (_outer, root) = folder(&[("a", "")]);
    let memory = Budget::new(3 * AT_ONCE * OWN_MEMORY);
    // Nobody is ever asked soon enough.
    let archives = Archives { places: Places::new(AT_ONCE, Duration::ZERO), memory };
    let ask = || {
        let Ok(Opened::Directory(directory)) = root.open(b"") else { panic!("a folder") };
        let path = DecodedPath::decode(b"/").expect("a path");
        archives.respond(&root, directory, &path, "zip", false, None)
    };
    let mut open: Vec<_> = (0..3 * AT_ONCE).map(|_| ask().expect("nobody reads the others")).collect();
    assert_eq!(ask().expect_err("there is no memory").status, Status::SERVICE_UNAVAILABLE);
    open.pop();
    assert!(ask().is_ok());
}

#[test]
fn an_archive_whose_names_find_no_memory_breaks_off() {
    let files: Vec<_> = (0..2000).map(|number| (number.to_string(), "")).collect();
    let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let (_outer, root) = folder(&files);
    let budget = Budget::new(10_000);
    let Ok(Opened::Directory(directory)) = root.open(b"") else { panic!("a folder") };
    let path = DecodedPath::decode(b"/").expect("a path");
    let place = Places::new(1, Duration::MAX).take(Instant::now()).expect("it is free");
    let share = budget.nothing();
    let mut archive = Archive::new(&root, directory, &path, Format::Tar, false, None, (place, share));
    let last = std::iter::repeat_with(|| archive.next())
        .take(1000)
        .find(|next| matches!(next, Next::End | Next::Broken));
    assert_eq!(last, Some(Next::Broken));
    drop(archive);
    assert_eq!(budget.left(), 10_000);
}

#[test]
fn of_a_large_folder_few_names_are_packed_in_few_steps() {
    let names: Vec<_> = (0..3000).map(|number| format!("{number:04}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let (_outer, root) = folder(&files);
    let Ok(Opened::Directory(directory)) = root.open(b"") else { panic!("it is no folder") };
    let path = DecodedPath::decode(b"/").expect("a path");
    let archives = Archives::default();
    let picked = Picked::read(b"name=0007&name=2999&name=gone");
    let response = archives.respond(&root, directory, &path, "tar", false, picked).expect("it is there");
    let Body::Stream(mut stream) = response.body else { panic!("it is made while it is sent") };
    let (mut bytes, mut steps) = (Vec::new(), 0);
    loop {
        steps += 1;
        match stream.next() {
            Next::Piece(piece) => bytes.extend(piece),
            Next::Busy => {}
            Next::End => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(self::names(&bytes), ["files/", "files/0007", "files/2999", "files/MISSING.txt"]);
    assert!(steps < 100, "{steps}");
}

//! A file is seen when it is whole and not before, in both ways to begin one; and what a killed server left is removed.

// What only some of the tests use, which are for systems with links and modes.
#![cfg_attr(windows, allow(unused_imports, dead_code))]

use super::super::leftovers::{is_temporary_name, remove_in};
use super::*;
use crate::base::platform::names;
use crate::base::tests::{content, folder, names_in, open};
use crate::site::names::is_temporary;
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt, symlink};

/// Both ways to begin a file.
const BEGINNINGS: [fn(Dir, &Path) -> io::Result<NewFile>; 2] = [NewFile::begin, NewFile::begin_with_name];

#[cfg(unix)]
#[test]
fn a_file_gets_its_name_when_it_is_whole_and_takes_no_others_unless_it_is_to() {
    for begin in BEGINNINGS {
        let (directory, _) = folder();
        let begin = |content: &str| {
            let mut file = begin(open(&directory), Path::new("a")).expect("it can be made");
            file.write(content.as_bytes()).expect("written");
            file
        };
        let status = |kept: Result<(), Refusal>| kept.map_err(|refusal| refusal.status);
        begin("first").keep(false).expect("nothing has that name");
        assert_eq!(status(begin("second").keep(false)), Err(Status::CONFLICT));
        assert_eq!((names_in(&directory), content(&directory, "a")), (vec!["a".to_owned()], "first".into()));
        begin("third").keep(true).expect("it may be replaced");
        assert_eq!((names_in(&directory), content(&directory, "a")), (vec!["a".to_owned()], "third".into()));
        // As any program makes files here.
        let mode =
            |name| fs::metadata(directory.path().join(name)).expect("it is there").permissions().mode();
        fs::write(directory.path().join("b"), "").expect("written");
        assert_eq!(mode("a"), mode("b"));
        // A link is replaced, and what it leads to is as it was.
        fs::rename(directory.path().join("a"), directory.path().join("c")).expect("moved");
        symlink("c", directory.path().join("a")).expect("linked");
        begin("fourth").keep(true).expect("it may be replaced");
        assert_eq!((content(&directory, "a"), content(&directory, "c")), ("fourth".into(), "third".into()));
        fs::remove_file(directory.path().join("a")).expect("removed");
        fs::create_dir(directory.path().join("a")).expect("made");
        for overwrite in [false, true] {
            assert_eq!(status(begin("fifth").keep(overwrite)), Err(Status::CONFLICT), "{overwrite}");
        }
        assert_eq!(names_in(&directory), ["a", "b", "c"]);
    }
}

#[test]
fn what_is_dropped_before_it_is_whole_leaves_nothing() {
    for begin in BEGINNINGS {
        let (directory, opened) = folder();
        let mut file = begin(opened, Path::new("a")).expect("it can be made");
        file.write(b"half").expect("written");
        assert!(names_in(&directory).iter().all(|name| is_temporary(name.as_bytes())));
        drop(file);
        assert_eq!(names_in(&directory), [""; 0]);
    }
}

#[test]
fn a_file_has_no_name_before_it_is_whole_where_the_system_can_do_that() {
    let (directory, opened) = folder();
    let is_to_be_had = new_file::create_unnamed(&opened).is_ok();
    let _file = NewFile::begin(opened, Path::new("a")).expect("it can be made");
    assert_eq!(names_in(&directory).is_empty(), is_to_be_had);
}

#[test]
fn temporary_names_are_known_whatever_a_file_system_makes_of_them() {
    let table = [
        (".glass-upload-0123456789abcdef", true, true),
        (".GLASS-Upload-0123456789ABCDEF", true, false),
        (".glass-upload-0123456789abcdef.", true, false),
        (".glass-upload-0123456789abcdeg", true, false),
        (".glass-upload-0123456789abcde", true, false),
        (".glass-upload-", true, false),
        (".glass-upload", false, false),
        ("a.glass-upload-0123456789abcdef", false, false),
        ("glass-upload-0123456789abcdef", false, false),
        ("", false, false),
    ];
    for (name, is_hidden, is_removed) in table {
        assert_eq!(is_temporary(name.as_bytes()), is_hidden, "{name}");
        assert_eq!(is_temporary_name(name.as_bytes()), is_removed, "{name}");
    }
    let made = temporary_name();
    assert!(is_temporary_name(names::bytes(&made)) && is_temporary(names::bytes(&made)));
}

#[cfg(unix)]
#[test]
fn what_was_left_is_removed_and_nothing_else() {
    let (directory, opened) = folder();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir_all(at("sub/deep")).expect("made");
    let outside = tempfile::tempdir().expect("a folder");
    symlink(outside.path(), at("sub/out")).expect("linked");
    let left = |word: &str| format!(".glass-upload-{word}");
    let kept = [
        "a.txt".to_owned(),
        left("not-one-of-ours"),
        left("0123456789ABCDEF"),
        format!("sub/{}", left("0000000000000000x")),
    ];
    for name in &kept {
        fs::write(at(name), "").expect("written");
    }
    // A folder and a link of such a name are nobody's upload.
    fs::create_dir(at(&left("1111111111111111"))).expect("made");
    symlink("a.txt", at(&left("2222222222222222"))).expect("linked");
    fs::write(outside.path().join(left("3333333333333333")), "").expect("written");
    for name in [left("4444444444444444"), format!("sub/deep/{}", left("5555555555555555"))] {
        fs::write(at(&name), "half").expect("written");
    }
    // One that is being written stays.
    let subfolder = open(at("sub"));
    let written = NewFile::begin_with_name(subfolder, Path::new("new")).expect("it can be made");
    let its_name = at("sub").join(written.temporary.as_ref().expect("it has one"));
    assert_eq!(remove_in(&opened), 2);
    assert!(its_name.exists() && kept.iter().all(|name| at(name).exists()));
    assert!(at(&left("1111111111111111")).is_dir() && at(&left("2222222222222222")).is_symlink());
    assert!(outside.path().join(left("3333333333333333")).exists());
    written.keep(false).expect("it is whole");
    assert_eq!(remove_in(&opened), 0);
    assert!(at("sub/new").exists());
}

#[test]
fn a_name_that_the_disk_cannot_hold_is_refused_before_anything_is_written() {
    let (_directory, opened) = folder();
    let error = NewFile::begin(opened, Path::new(&"x".repeat(300))).expect_err("it is too long");
    assert_eq!(refusal_to_write(&error).status, Status::BAD_REQUEST);
}

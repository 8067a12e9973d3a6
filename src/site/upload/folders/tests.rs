//! Folders come with a file that is uploaded into them, and go again if there is none after all.

// What only some of the tests use, which are for systems with links and modes.
#![cfg_attr(windows, allow(unused_imports, dead_code))]

use super::super::new_file::NewFile;
use super::*;
use crate::base::platform::link::symlink;
use crate::http::{Refusal, Status};
use crate::site::root::Root;
use std::fs;
use std::sync::Barrier;
use tempfile::TempDir;

fn root() -> (TempDir, Root, Arc<Folders>) {
    let directory = tempfile::tempdir().expect("a folder");
    let root = Root::open_path(directory.path(), false).expect("it is there");
    (directory, root, Arc::default())
}

/// All paths below a folder, in order; those of folders end with a slash.
fn tree(directory: &Path) -> Vec<String> {
    let (mut found, mut below) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(folder) = below.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("readable").path();
            let name = path
                .strip_prefix(directory)
                .expect("it is in it")
                .to_string_lossy()
                .replace(std::path::MAIN_SEPARATOR, "/");
            let is_folder = path.is_dir() && !path.is_symlink();
            // Where no file is without a name, one on its way has this.
            if !name.contains(".glass-upload-") {
                found.push(if is_folder { name + "/" } else { name });
            }
            below.extend(is_folder.then_some(path));
        }
    }
    found.sort();
    found
}

fn status(made: Result<NewFile, Refusal>) -> Result<(), Status> {
    made.map(drop).map_err(|refusal| refusal.status)
}

#[test]
fn folders_come_with_a_file_and_go_without_it() {
    let (directory, root, folders) = root();
    let create = |path: &str| NewFile::create(&root, &folders, path.as_bytes()).expect("it can be made");
    let tree = || tree(directory.path());
    fs::create_dir(directory.path().join("own")).expect("made");
    drop(create("own/a/b/c.txt"));
    assert_eq!(tree(), ["own/"], "what was there stays");
    create("own/a/b/c.txt").keep(false).expect("whole");
    assert_eq!(tree(), ["own/", "own/a/", "own/a/b/", "own/a/b/c.txt"]);
    assert_eq!(folders.state().count, 2);
    drop(create("own/a/b/d.txt"));
    drop(create("own/a/x/d.txt"));
    assert_eq!(tree(), ["own/", "own/a/", "own/a/b/", "own/a/b/c.txt"]);
    let state = folders.state();
    assert_eq!((state.count, state.made.len()), (2, 0));
}

#[test]
fn of_several_uploads_in_a_new_folder_the_last_that_fails_removes_it() {
    let (directory, root, folders) = root();
    let create = |path: &str| NewFile::create(&root, &folders, path.as_bytes()).expect("it can be made");
    let tree = || tree(directory.path());
    let (first, second, third) = (create("a/b/1"), create("a/b/2"), create("a/c/3"));
    drop(first);
    assert_eq!(tree(), ["a/", "a/b/", "a/c/"]);
    drop(second);
    assert_eq!(tree(), ["a/", "a/c/"]);
    third.keep(false).expect("its folder was not removed");
    assert_eq!(tree(), ["a/", "a/c/", "a/c/3"]);
    // One that succeeds keeps the folder for all of them.
    let (first, second) = (create("d/1"), create("d/2"));
    first.keep(false).expect("whole");
    fs::remove_file(directory.path().join("d/1")).expect("removed");
    drop(second);
    assert_eq!(tree(), ["a/", "a/c/", "a/c/3", "d/"], "what somebody makes of it since is theirs");
}

#[test]
fn what_others_do_meanwhile_is_not_undone() {
    let (directory, root, folders) = root();
    let create = |path: &str| NewFile::create(&root, &folders, path.as_bytes()).expect("it can be made");
    let at = |name: &str| directory.path().join(name);
    let file = create("a/b/1");
    fs::write(at("a/theirs"), "").expect("written");
    drop(file);
    assert_eq!(tree(directory.path()), ["a/", "a/theirs"]);
}

// On Windows a folder in which something is open can be neither removed nor renamed.
#[cfg(unix)]
#[test]
fn a_folder_that_others_put_in_the_place_of_ours_is_theirs() {
    let (directory, root, folders) = root();
    let create = |path: &str| NewFile::create(&root, &folders, path.as_bytes()).expect("it can be made");
    let at = |name: &str| directory.path().join(name);
    let file = create("c/1");
    // Before it is removed, so that it cannot get the same number.
    fs::create_dir(at("new")).expect("made");
    fs::remove_dir(at("c")).expect("removed");
    fs::rename(at("new"), at("c")).expect("moved");
    drop(file);
    assert_eq!(tree(directory.path()), ["c/"], "it is another folder");
    let file = create("d/1");
    fs::remove_dir(at("d")).expect("removed");
    let refusal = file.keep(false).expect_err("it has no folder any more");
    assert_eq!((refusal.status, &*refusal.why), (Status::CONFLICT, "its folder was removed meanwhile"));
    assert_eq!(folders.state().made.len(), 0);
}

#[cfg(unix)]
#[test]
fn nothing_is_made_outside_or_where_something_else_is() {
    let (directory, root, folders) = root();
    let outside = tempfile::tempdir().expect("a folder");
    let at = |name: &str| directory.path().join(name);
    fs::write(at("file"), "").expect("written");
    fs::create_dir(at("inside")).expect("made");
    for (to, name) in
        [(outside.path(), "out"), (Path::new("nowhere"), "dangling"), (Path::new("inside"), "in")]
    {
        symlink(to, at(name)).expect("linked");
    }
    symlink("round", at("round")).expect("linked");
    symlink(outside.path().join("new"), at("out-to-new")).expect("linked");
    let before = tree(directory.path());
    let deep = "d/".repeat(MAX_DEPTH + 1);
    let table = [
        ("file/new", Status::CONFLICT, "\"file\" is a file"),
        ("file/a/b/new", Status::CONFLICT, "\"file\" is a file"),
        ("out/a/new", Status::FORBIDDEN, "leads out"),
        ("out-to-new/a/new", Status::FORBIDDEN, "leads out"),
        ("dangling/new", Status::CONFLICT, "something else"),
        ("dangling/a/new", Status::CONFLICT, "something else"),
        ("round/new", Status::CONFLICT, "something else"),
        (&*format!("{deep}new"), Status::FORBIDDEN, "32 deep"),
        (&*format!("a/{}/new", "x".repeat(300)), Status::BAD_REQUEST, "longer than this disk"),
        (&*format!("a/b/{}", "x".repeat(300)), Status::BAD_REQUEST, "longer than this disk"),
    ];
    for (path, status, why) in table {
        let refusal = NewFile::create(&root, &folders, path.as_bytes()).expect_err(path);
        assert_eq!(refusal.status, status, "{path}: {}", refusal.why);
        assert!(refusal.why.contains(why), "{path}: {}", refusal.why);
        assert_eq!(tree(directory.path()), before, "{path}");
    }
    assert_eq!(tree(outside.path()), [""; 0]);
    let state = folders.state();
    assert_eq!((state.count, state.made.len()), (0, 0));
    drop(state);
    // Through a link that stays inside it is a path like another.
    NewFile::create(&root, &folders, b"in/a/new").expect("it can be made").keep(false).expect("whole");
    assert!(at("inside/a/new").is_file());
    let deepest = "d/".repeat(MAX_DEPTH) + "new";
    NewFile::create(&root, &folders, deepest.as_bytes()).expect("it can be made");
}

#[test]
fn when_as_many_were_made_as_may_be_there_are_no_more() {
    let (directory, root, folders) = root();
    folders.state().count = MOST - 2;
    let create = |path: &str| NewFile::create(&root, &folders, path.as_bytes());
    assert_eq!(status(create("a/b/c/1")), Err(Status::INSUFFICIENT_STORAGE));
    assert_eq!(tree(directory.path()), [""; 0]);
    create("a/b/1").expect("it can be made").keep(false).expect("whole");
    assert_eq!(status(create("c/1")), Err(Status::INSUFFICIENT_STORAGE));
    assert_eq!(status(create("a/b/2")), Ok(()));
}

#[test]
fn many_at_once_in_the_same_new_folders_get_their_names_or_leave_nothing() {
    let (directory, root, folders) = root();
    for round in 0..50 {
        let start = Barrier::new(4);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let (root, folders, start) = (&root, &folders, &start);
                scope.spawn(move || {
                    start.wait();
                    let path = format!("{round}/a/b/{number}");
                    let file = NewFile::create(root, folders, path.as_bytes()).expect("it can be made");
                    // In odd rounds nobody's is whole.
                    if number > 0 && round % 2 == 0 {
                        file.keep(false).expect("its folder is there");
                    }
                });
            }
        });
        let root = directory.path().join(round.to_string());
        if round % 2 == 0 {
            assert_eq!(tree(&root), ["a/", "a/b/", "a/b/1", "a/b/2", "a/b/3"], "{round}");
        } else {
            assert!(!root.exists(), "{round}");
        }
    }
    assert_eq!(folders.state().made.len(), 0);
}

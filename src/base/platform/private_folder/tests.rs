use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};

const PREFIX: &str = "glasshttp-test-";

fn place() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn create(place: &tempfile::TempDir) -> PrivateFolder {
    let folder = PrivateFolder::create(place.path(), PREFIX).expect("made");
    folder.open().and_then(|folder| folder.create_dir("a")).expect("made");
    folder.open().and_then(|folder| folder.write("a/file", "text")).expect("written");
    folder
}

#[test]
fn only_its_user_may_enter_it_and_no_name_comes_twice() {
    let place = place();
    let folders = [create(&place), create(&place)];
    assert_ne!(folders[0].path(), folders[1].path());
    for folder in folders {
        let metadata = fs::symlink_metadata(folder.path()).expect("it is there");
        assert_eq!((metadata.is_dir(), metadata.mode() & 0o777), (true, 0o700));
        folder.remove().expect("removed");
        folder.remove().expect("it was removed already");
    }
    assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 0);
}

#[test]
fn what_was_put_in_its_place_is_left_alone() {
    let (place, theirs) = (place(), place());
    fs::write(theirs.path().join("file"), "theirs").expect("written");
    let changes: [&dyn Fn(&Path); 3] = [
        &|path| symlink(theirs.path(), path).expect("linked"),
        &|path| fs::create_dir(path).expect("made"),
        &|path| fs::write(path, "").expect("written"),
    ];
    for change in changes {
        let folder = create(&place);
        fs::rename(folder.path(), place.path().join("elsewhere")).expect("moved");
        change(folder.path());
        folder.remove().expect("nothing to do");
        assert!(fs::symlink_metadata(folder.path()).is_ok());
        fs::remove_dir_all(place.path().join("elsewhere")).expect("removed");
    }
    assert!(theirs.path().join("file").exists());
}

#[test]
fn a_link_in_it_is_removed_and_not_followed() {
    let (place, theirs) = (place(), place());
    fs::write(theirs.path().join("file"), "theirs").expect("written");
    let folder = create(&place);
    symlink(theirs.path(), folder.path().join("a/link")).expect("linked");
    symlink(theirs.path().join("file"), folder.path().join("link")).expect("linked");
    folder.remove().expect("removed");
    assert!(!folder.path().exists() && theirs.path().join("file").exists());
}

#[test]
fn what_is_left_is_removed_and_nothing_else_is() {
    let (place, theirs) = (place(), place());
    let name = |word: &str| place.path().join(format!("{PREFIX}{word}"));
    let in_use = create(&place);
    let left = create(&place);
    let path = left.path().to_owned();
    // As when its process is killed.
    drop(left);
    fs::write(theirs.path().join("file"), "theirs").expect("written");
    symlink(theirs.path(), name("0123456789abcdef")).expect("linked");
    fs::write(name("0123456789abcde0"), "a file").expect("written");
    for word in ["", "0123", "0123456789abcdeg", "0123456789abcdef0"] {
        fs::create_dir(name(word)).expect("made");
    }
    let of_another = name("00000000000000ff");
    fs::create_dir(&of_another).expect("made");
    let is_of_another = chown(&of_another, Some(4711), None).is_ok();
    let count = || fs::read_dir(place.path()).expect("readable").count();
    let before = count();
    remove_left(place.path(), PREFIX);
    assert!(!path.exists() && in_use.path().join("a/file").exists() && theirs.path().join("file").exists());
    assert_eq!(of_another.exists(), is_of_another);
    assert_eq!(count(), before - 1 - usize::from(!is_of_another));
}

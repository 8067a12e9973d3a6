//! The names in a folder, some at a time: a folder can have millions, and nobody waits for all of them.

use super::status::FileType;
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(windows)]
use std::os::windows::io::{AsHandle, BorrowedHandle};

/// A folder whose names are being read.
#[derive(Debug)]
pub struct Directory {
    folder: File,
    #[cfg(not(target_os = "linux"))]
    names: Option<Names>,
}

#[cfg(all(unix, not(target_os = "linux")))]
type Names = rustix::fs::Dir;
#[cfg(windows)]
type Names = std::fs::ReadDir;

impl Directory {
    /// This folder, from its first name on.
    #[cfg(target_os = "linux")]
    pub fn new(folder: File) -> Directory {
        Directory { folder }
    }

    /// This folder, from its first name on.
    #[cfg(not(target_os = "linux"))]
    pub fn new(folder: File) -> Directory {
        Directory { folder, names: None }
    }

    /// Reads about as many names as there is room for in so many bytes, and says whether there may be more. `each` is
    /// given a name, and what it is if the system says so along with it. `.` and `..` are left out.
    ///
    /// # Errors
    /// When the disk fails, or the folder was removed.
    // The kernel writes names into our buffer as long as they fit, and remembers where it was. When the buffer has been
    // read to its end, there may be more.
    #[cfg(target_os = "linux")]
    pub fn read_some(
        &mut self,
        room: usize,
        mut each: impl FnMut(&[u8], Option<FileType>),
    ) -> io::Result<bool> {
        let mut buffer = Vec::with_capacity(room);
        let mut found = rustix::fs::RawDir::new(&self.folder, buffer.spare_capacity_mut());
        while let Some(entry) = found.next() {
            let entry = entry?;
            tell(entry.file_name().to_bytes(), entry.file_type(), &mut each);
            if found.is_buffer_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same where the system's library has the buffer.
    #[cfg(not(target_os = "linux"))]
    pub fn read_some(
        &mut self,
        room: usize,
        mut each: impl FnMut(&[u8], Option<FileType>),
    ) -> io::Result<bool> {
        /// What a name takes that is neither short nor long.
        const NAME: usize = 32;
        let names = match &mut self.names {
            Some(names) => names,
            none => none.insert(names_of(&self.folder)?),
        };
        for _ in 0..(room / NAME).max(1) {
            let Some(entry) = names.next() else { return Ok(false) };
            tell_entry(&entry?, &mut each);
        }
        Ok(true)
    }
}

// It opens the folder once more, so that whoever has ours is not disturbed.
#[cfg(all(unix, not(target_os = "linux")))]
fn names_of(folder: &File) -> io::Result<Names> {
    Ok(rustix::fs::Dir::read_from(folder)?)
}

// By the path that the folder has now.
#[cfg(windows)]
fn names_of(folder: &File) -> io::Result<Names> {
    std::fs::read_dir(super::open::path_of(folder)?)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn tell_entry(entry: &rustix::fs::DirEntry, each: &mut impl FnMut(&[u8], Option<FileType>)) {
    tell(entry.file_name().to_bytes(), entry.file_type(), each);
}

#[cfg(windows)]
fn tell_entry(entry: &std::fs::DirEntry, each: &mut impl FnMut(&[u8], Option<FileType>)) {
    let file_type = entry.file_type().ok().map(|found| match () {
        () if found.is_symlink() => FileType::Symlink,
        () if found.is_dir() => FileType::Directory,
        () => FileType::RegularFile,
    });
    each(entry.file_name().as_encoded_bytes(), file_type);
}

#[cfg(unix)]
fn tell(name: &[u8], file_type: rustix::fs::FileType, each: &mut impl FnMut(&[u8], Option<FileType>)) {
    if !matches!(name, b"." | b"..") {
        let is_known = file_type != rustix::fs::FileType::Unknown;
        each(name, is_known.then(|| file_type.into()));
    }
}

#[cfg(unix)]
impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

#[cfg(windows)]
impl AsHandle for Directory {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.folder.as_handle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::platform::status;

    #[test]
    fn every_name_comes_once_however_small_the_room_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut expected: Vec<Vec<u8>> =
            (0..200).map(|number| format!("{number:0100}").into_bytes()).collect();
        for name in &expected {
            std::fs::write(folder.path().join(String::from_utf8_lossy(name).as_ref()), "").expect("written");
        }
        std::fs::create_dir(folder.path().join("folder")).expect("made");
        expected.push(b"folder".to_vec());
        for room in [512, 4096, 64 * 1024] {
            let mut directory =
                Directory::new(crate::base::platform::open::harmlessly(folder.path()).expect("it is there"));
            let mut found = Vec::new();
            let mut calls = 1;
            while directory
                .read_some(room, |name, file_type| {
                    let is_folder = file_type.is_none_or(|known| known == FileType::Directory);
                    assert!(name != b"folder" || is_folder);
                    found.push(name.to_vec());
                })
                .expect("readable")
            {
                calls += 1;
            }
            found.sort();
            assert_eq!(found, expected, "{room}");
            assert!(room > 4096 || calls > 1, "some at a time");
        }
        let directory =
            Directory::new(crate::base::platform::open::harmlessly(folder.path()).expect("it is there"));
        assert!(status::of_link_in(&directory, "folder".as_ref()).is_ok());
    }
}

//! The folder that the exchanges of the course are about. The tests play them on the same one.

use crate::base::platform::{link, names, pipe};
use cap_std::fs::{Dir, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Its files. Each was last changed on Sun, 06 Nov 1994 08:49:37 GMT.
///
/// Beside these there are
/// - `numbers.txt`: 1000 bytes in lines of five, each of which says where it begins: `0000`, `0005`, `0010` and so on up
///   to `0995`;
/// - `link-inside.txt`, which leads to `hello.txt`, and `link-outside.txt`, which leads to a file beside the folder;
/// - `fifo`: a named pipe, into which nobody writes.
const FILES: &[(&str, &str)] = &[
    ("index.html", "<!doctype html>\n<title>Home</title>\n"),
    ("hello.txt", "Hello, world!\n"),
    ("empty.txt", ""),
    ("style.css", "p { margin: 0 }\n"),
    ("script.js", "let x = 1;\n"),
    ("data.unheard-of", "?\n"),
    ("two words.txt", "two words\n"),
    ("%41.txt", "percent\n"),
    ("100%.txt", "all of it\n"),
    ("back\\slash.txt", "a letter\n"),
    ("sub/index.html", "<!doctype html>\n<title>Sub</title>\n"),
    ("list/a.txt", "one\n"),
    ("list/b.txt", "three\n"),
    ("coded/page.js", "let page = 1;\n"),
    ("coded/page.js.br", "(br)\n"),
    ("coded/page.js.gz", "(gzip)\n"),
    (".hidden", "hidden\n"),
    (".well-known/ok.txt", "ok\n"),
];

/// When they were changed.
const LAST_MODIFIED: Duration = Duration::from_secs(784_111_777);

/// Makes it with this name, and beside it the file that nobody is to get.
///
/// # Errors
/// When there is no room, or something of that name is there.
pub fn make(beside: &Dir, name: &Path) -> io::Result<()> {
    write(beside, "secret.txt", b"secret\n", SystemTime::now())?;
    beside.create_dir(name)?;
    let folder = beside.open_dir(name)?;
    // Where a backslash is no letter, there is no such file.
    for (path, content) in FILES.iter().filter(|(path, _)| names::why_impossible(path.as_bytes()).is_none()) {
        write(&folder, path, content.as_bytes(), UNIX_EPOCH + LAST_MODIFIED)?;
    }
    let numbers = (0..1000).step_by(5).map(|at| format!("{at:04}\n")).collect::<Vec<_>>().concat();
    write(&folder, "numbers.txt", numbers.as_bytes(), UNIX_EPOCH + LAST_MODIFIED)?;
    link::make(&folder, "hello.txt", "link-inside.txt")?;
    link::make(&folder, "../secret.txt", "link-outside.txt")?;
    pipe::make(&folder, "fifo")
}

/// Writes a file, and the folders above it.
pub(in crate::command) fn write(
    folder: &Dir,
    path: &str,
    content: &[u8],
    time: SystemTime,
) -> io::Result<()> {
    let path = Path::new(path);
    if let Some(above) = path.parent() {
        folder.create_dir_all(above)?;
    }
    let mut file = folder.open_with(path, OpenOptions::new().write(true).create_new(true))?.into_std();
    file.write_all(content)?;
    file.set_modified(time)
}

//! Whole exchanges, byte for byte: every transcript in `tests/wire/` against a running server.
//!
//! A transcript is a conversation on one connection (or on several, one after another), with a few
//! words on what it shows:
//!
//! ```text
//! # The last five bytes of a file.
//! #
//! # RFC 9110 section 14.1.2: a suffix range counts from the end.
//!
//! > GET /numbers.txt HTTP/1.1
//! > Host: localhost
//! > Range: bytes=-5
//! >
//! < HTTP/1.1 206 Partial Content
//! < Date: {date}
//! < ...
//! <
//! < 0995\n
//! < (open)
//! ```
//!
//! # The notation
//!
//! Lines with `#` are prose and may stand anywhere; those at the top must say what is shown and which
//! section of an RFC asks for it. Empty lines mean nothing. `> ` is what the client sends, `< ` is
//! what must come back, every byte of it and nothing else. A run of `>` lines, then a run of `<`
//! lines: that is an exchange, and a transcript may have several.
//!
//! | written | means |
//! |---|---|
//! | (nothing) at a line's end | CR LF, as HTTP ends its lines |
//! | `\n` at a line's end | LF alone, instead of CR LF |
//! | `\` at a line's end | no line end at all: the next line goes on here |
//! | `\r` `\n` `\0` `\xNN` `\\` | that byte, anywhere |
//! | `{a*9000}` in `>` | `a` 9000 times; `{a\r\n*3}` is three short lines |
//! | `{date}` in `<` | the date and time of now, in the one format that HTTP writes |
//! | `{etag}` | a strong entity tag: where it comes first it may be any, after that the same; those of other files are `{etag2}` to `{etag4}` |
//! | `{boundary}` in `<` | what separates the parts of one answer: likewise |
//! | `{any}` in `<` | anything up to the line's end |
//! | `{body}` in `<` | as many bytes as Content-Length said, whatever they are; no line end |
//! | `> (end)` | the client has sent all that it will send, and says so (half-close) |
//! | `< (open)` | what becomes of the connection: it is still good for another request |
//! | `< (closed)` | or: the server has closed it, and nothing else came |
//! | `>` behind that | a new connection |
//! | `(site: NAME)` | the folder is served as [`servers::SITES`] says under this name; without it as usual |
//!
//! # The checks
//!
//! What a server answers must depend on the bytes that it gets, and not on the pieces in which they
//! arrive. So each transcript is played at once, byte by byte, and in random pieces; those that
//! leave the connection open also with all their requests sent before an answer is read
//! (pipelining), and at last all of these, one after another, on one connection.
//!
//! Each file is a test that has its name: `cargo test --test wire range-many` plays one,
//! `cargo test --test wire range-` all that begin so. The program looks for files whenever it runs, so a new transcript
//! needs no line of code. This is why the main function is here rather than in Rust's own harness, which knows a test only
//! if the compiler has seen it; `libtest_mimic` takes the same options and prints the same report.

mod known;
mod notation;
mod play;
mod servers;

use libtest_mimic::{Arguments, Trial};
use notation::Transcript;
use play::{Delivery, play, play_in_a_row};
use servers::{SITES, Servers};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

/// The servers, which are started when the first test asks for one.
type Shared = Arc<LazyLock<Servers>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // As Rust's own harness does.
    arguments.test_threads =
        arguments.test_threads.or_else(|| std::env::var("RUST_TEST_THREADS").ok()?.parse().ok());
    let servers: Shared = Arc::new(LazyLock::new(Servers::start));
    let mut tests: Vec<_> = files().into_iter().map(|file| test_of_a_file(&servers, file)).collect();
    tests.extend(SITES.iter().map(|&(site, _)| test_of_a_site(&servers, site)));
    tests.extend(notation::TESTS.iter().map(|&(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    }));
    let conclusion = libtest_mimic::run(&arguments, tests);
    // Fails if one of them does not end as it should.
    drop(Arc::into_inner(servers).expect("the tests are over"));
    conclusion.exit_code()
}

/// All transcripts that there are, by name.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let entries = fs::read_dir(folder).expect("there are transcripts");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.retain(|file| file.extension() != Some("rs".as_ref()));
    if !cfg!(feature = "compress") {
        files.retain(|file| !file.ends_with("coding-compressed.txt"));
    }
    files.sort();
    assert!(!files.is_empty(), "there are no transcripts");
    files
}

/// Plays the conversations of a file in every way.
fn test_of_a_file(servers: &Shared, file: PathBuf) -> Trial {
    let name = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
    let servers = Arc::clone(servers);
    Trial::test(name, move || {
        for transcript in notation::read(&file)? {
            let known = play(&servers, &transcript, Delivery::AtOnce)?;
            for delivery in [Delivery::ByteByByte].into_iter().chain((1..=4).map(Delivery::Pieces)) {
                play(&servers, &transcript, delivery)?;
            }
            if transcript.stays_open {
                play_in_a_row(&servers, &[(transcript, known)], Delivery::AtOnce)?;
            }
        }
        Ok(())
    })
}

/// Plays the conversations of all files with a site that leave the connection open, on one connection.
fn test_of_a_site(servers: &Shared, site: &'static str) -> Trial {
    let servers = Arc::clone(servers);
    Trial::test(format!("all_on_one_connection::{site}"), move || {
        // A file that cannot be read fails by itself.
        let transcripts =
            files().iter().filter_map(|file| notation::read(file).ok()).flatten().collect::<Vec<_>>();
        let fits = |transcript: &Transcript| transcript.stays_open && transcript.site == site;
        let mut row = Vec::new();
        for transcript in transcripts.into_iter().filter(fits) {
            // So does one that is not answered as it says.
            if let Ok(known) = play(&servers, &transcript, Delivery::AtOnce) {
                row.push((transcript, known));
            }
        }
        for delivery in [Delivery::AtOnce, Delivery::ByteByByte, Delivery::Pieces(1), Delivery::Pieces(2)] {
            play_in_a_row(&servers, &row, delivery).map_err(|failure| format!("{delivery:?}: {failure}"))?;
        }
        Ok(())
    })
}

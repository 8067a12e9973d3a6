//! Folders as archives: what the real tar and unzip make of them, and what they cost the server.

#![cfg(target_os = "linux")]

use crate::support::{
    self, Client, LARGE, PATIENCE, Random, Reply, Server, as_text, folder, make_fifo, name, setting,
    wait_until, write, write_sparse,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};
use tempfile::TempDir;

/// The formats, and what is saved.
const FORMATS: &[(&str, &str)] =
    &[("tar.gz", "application/gzip"), ("zip", "application/zip"), ("tar", "application/x-tar")];

/// A folder for what becomes of archives, and in it where the one to pack is to be, which is called `files`.
fn place() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().expect("a temporary folder");
    let files = outer.path().join("files");
    (outer, files)
}

/// Several entries that are sorted and named in odd ways.
fn make_folder() -> (TempDir, PathBuf) {
    let (outer, files) = place();
    let deep = format!("{}/{}", "d".repeat(150), "e".repeat(145));
    let pattern: Vec<u8> =
        (0..300_000_u32).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect();
    write(&files, "a.txt", "plain\n");
    write(&files, "empty.txt", "");
    write(&files, "with space/and another.txt", "spaces\n");
    write(&files, "Füße/grün.txt", "umlauts\n");
    write(&files, "中文/文件.txt", "Chinese\n");
    write(&files, "new\nline.txt", "a line feed in its name\n");
    write(&files, format!("{deep}/300 bytes.txt"), "a long way\n");
    write(&files, "--checkpoint=1", "not an option\n");
    write(&files, "compressible", "x".repeat(1_000_000));
    write(&files, "pattern.bin", &pattern);
    write(&files, "pattern.jpg", &pattern[..PIECE * 3]);
    write(&files, "exactly.bin", &pattern[..512 * 7]);
    std::fs::create_dir(files.join("nothing in it")).expect("made");
    symlink("Füße", files.join("link to a folder")).expect("a link");
    symlink("../a.txt", files.join("with space/link to a file")).expect("a link");
    // What is not served.
    write(&files, ".env", "secret");
    write(&files, "Füße/.git/config", "secret");
    write(outer.path(), "outside/secret.txt", "secret");
    symlink("../outside", files.join("out")).expect("a link");
    symlink("../../outside/secret.txt", files.join("with space/out.txt")).expect("a link");
    symlink("nowhere", files.join("broken")).expect("a link");
    symlink("..", files.join("with space/up")).expect("a link");
    make_fifo(&files.join("fifo"));
    (outer, files)
}

/// The piece in which files are packed.
const PIECE: usize = 64 * 1024;

/// Everything below a folder that can be served: names and contents (`None` for folders), and when
/// files were changed.
fn contents(folder: &Path) -> BTreeMap<Vec<u8>, Option<(Vec<u8>, u64)>> {
    let mut found = BTreeMap::new();
    add_contents(folder, b"", &mut found);
    found
}

fn add_contents(folder: &Path, above: &[u8], found: &mut BTreeMap<Vec<u8>, Option<(Vec<u8>, u64)>>) {
    for entry in std::fs::read_dir(folder).expect("it can be read") {
        let entry = entry.expect("it can be read");
        let path = [above, entry.file_name().as_bytes()].concat();
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        let leads_out = std::fs::read_link(entry.path())
            .is_ok_and(|target| target.to_string_lossy().contains("outside") || target == Path::new(".."));
        if entry.file_name().as_bytes().starts_with(b".") || leads_out {
            continue;
        }
        if metadata.is_dir() {
            found.insert(path.clone(), None);
            add_contents(&entry.path(), &[&path, &b"/"[..]].concat(), found);
        } else if metadata.is_file() {
            let modified =
                metadata.modified().expect("a time").duration_since(UNIX_EPOCH).expect("after 1970");
            let content = std::fs::read(entry.path()).expect("it can be read");
            found.insert(path, Some((content, modified.as_secs())));
        }
    }
}

/// Saves what a server answers, as curl does.
fn save(server: &Server, target: &str, to: &Path) {
    let mut command = Command::new("curl");
    command.args([
        "-q",
        "--silent",
        "--show-error",
        "--fail",
        "--noproxy",
        "*",
        "--max-time",
        "60",
        "--output",
    ]);
    let status = command.arg(to).arg(server.url(target)).stdin(Stdio::null()).status();
    assert!(status.expect("curl runs").success(), "{target}");
}

/// Unpacks an archive into a new folder with the tool for it.
fn unpack(archive: &Path, into: &Path) {
    std::fs::create_dir(into).expect("made");
    let mut command = if archive.extension().is_some_and(|end| end == "zip") {
        let mut command = Command::new("unzip");
        // -^: line feeds in names are left there.
        command.args(["-q", "-^"]).arg(archive).arg("-d").arg(into);
        command
    } else {
        let mut command = Command::new("tar");
        command.arg("-xf").arg(archive).arg("-C").arg(into);
        command
    };
    let output = command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(output.status.success(), "{command:?}: {}", as_text(&output.stderr));
    assert_eq!(as_text(&output.stderr), "", "{command:?} complains");
}

/// Saves the folder that a server serves as an archive, and unpacks that: where its files are then.
fn unpacked(server: &Server, outer: &TempDir, format: &str) -> PathBuf {
    let archive = outer.path().join(format!("saved.{format}"));
    let into = outer.path().join(format!("from-{format}"));
    save(server, &format!("/?archive={format}"), &archive);
    unpack(&archive, &into);
    into.join("files")
}

/// Reads a body in chunks to its end.
fn chunked(client: &mut Client) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(client.bytes(1));
        }
        let size = usize::from_str_radix(as_text(&line).trim(), 16).expect("a chunk's size");
        let chunk = client.bytes(size + 2);
        body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return body;
        }
    }
}

/// Asks and reads the head of the answer.
fn ask(client: &mut Client, method: &str, target: &str, fields: &str) -> Reply {
    client.send(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"));
    client.head()
}

// ---- what is in it

#[test]
fn the_real_tar_and_unzip_get_every_byte_name_and_time_and_nothing_that_is_not_served() {
    let (outer, files) = make_folder();
    let server = Server::start(&files, &["--log", "off"]);
    for (format, _) in FORMATS {
        let unpacked = unpacked(&server, &outer, format);
        let (found, expected) = (contents(&unpacked), contents(&files));
        let names = |of: &BTreeMap<Vec<u8>, _>| of.keys().map(|name| as_text(name)).collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "{format}");
        assert!(found == expected, "{format}: contents or times differ");
        let beside = std::fs::read_dir(unpacked.join("..")).expect("it is there").count();
        assert_eq!(beside, 1, "{format}: all is in one folder");
        assert!(!unpacked.join(".env").exists() && !unpacked.join("out").exists());
    }
}

#[test]
fn with_hidden_files_served_they_are_in_it() {
    let (_outer, files) = make_folder();
    let server = Server::start(&files, &["--hidden", "--log", "off"]);
    let mut client = server.connect();
    ask(&mut client, "GET", "/F%C3%BC%C3%9Fe/?archive=tar", "");
    let text = as_text(&chunked(&mut client));
    assert!(text.contains("Füße/.git/config\0"), "{text:?}");
}

#[test]
fn names_that_are_not_utf8_keep_their_bytes_in_a_tar_archive_and_get_others_in_a_zip_archive() {
    let (outer, files) = place();
    // Too long for a header, in parts that a zip archive's longer letters leave short enough.
    let long = [[0xfe; 80]; 3].join(&b'/');
    let names = [&b"\xff"[..], b"\xfe", b"\xef\xbf\xbd", b"caf\xe9", &long];
    for name in names {
        write(&files, self::name(name), name);
    }
    let server = Server::start(&files, &["--log", "off"]);
    for (format, _) in FORMATS {
        let unpacked = unpacked(&server, &outer, format);
        let read = |name: &[u8]| std::fs::read(unpacked.join(self::name(name))).expect("a file");
        if *format == "zip" {
            let table = [("\u{fffd}", names[2]), ("\u{fffd} (2)", names[1]), ("\u{fffd} (3)", names[0])];
            for (name, content) in table {
                assert_eq!(read(name.as_bytes()), content, "{format}");
            }
        } else {
            for name in names {
                assert_eq!(read(name), name, "{format}");
            }
            assert_eq!(std::fs::read_dir(&unpacked).expect("a folder").count(), names.len());
        }
    }
}

#[test]
fn what_its_owner_may_execute_may_be_executed_and_all_else_not() {
    let (outer, files) = place();
    let table = [
        ("run.sh", 0o755, 0o755),
        ("mine.sh", 0o700, 0o755),
        ("plain.txt", 0o640, 0o644),
        ("odd", 0o611, 0o644),
    ];
    for (name, mode, _) in table {
        write(&files, name, "#!/bin/sh\n");
        std::fs::set_permissions(files.join(name), Permissions::from_mode(mode)).expect("ours");
    }
    let server = Server::start(&files, &["--log", "off"]);
    for (format, _) in FORMATS {
        let unpacked = unpacked(&server, &outer, format);
        for (name, _, expected) in table {
            let mode = std::fs::metadata(unpacked.join(name)).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, expected, "{format}: {name}: {mode:o}");
        }
    }
}

#[test]
fn a_backslash_is_a_letter_in_a_tar_file_and_gives_way_to_another_in_a_zip_file() {
    let (outer, files) = place();
    let table = [
        ("a\\b", "a\\b", "a_b (2)"),
        ("a_b", "a_b", "a_b"),
        ("made\\on\\Windows/c.txt", "made\\on\\Windows/c.txt", "made_on_Windows/c.txt"),
    ];
    for (name, ..) in table {
        write(&files, name, name);
    }
    let server = Server::start(&files, &["--log", "off"]);
    for (format, _) in FORMATS {
        let unpacked = unpacked(&server, &outer, format);
        for (content, in_tar, in_zip) in table {
            let name = if *format == "zip" { in_zip } else { in_tar };
            let found = std::fs::read_to_string(unpacked.join(name)).expect("a file");
            assert_eq!(found, content, "{format}");
        }
        assert_eq!(std::fs::read_dir(&unpacked).expect("it is there").count(), 3, "{format}");
    }
}

#[test]
fn entries_stand_in_the_order_of_a_listing() {
    let folder = folder(&[("file10", ""), ("file2", ""), ("Zebra", ""), ("\u{c4}mter", ""), ("affe", "")]);
    let server = Server::start(folder.path(), &["--log", "off"]);
    let mut client = server.connect();
    ask(&mut client, "GET", "/?archive=tar", "");
    let text = as_text(&chunked(&mut client));
    let places: Vec<_> = ["/affe\0", "/\u{c4}mter\0", "/file2\0", "/file10\0", "/Zebra\0"]
        .map(|name| text.find(name))
        .to_vec();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
}

/// A server for a folder whose owner it is not, whoever runs the tests: nothing keeps root from reading.
fn server_of_somebody_else(outer: &TempDir, files: &Path) -> Server {
    std::fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).expect("ours");
    let mut command = support::glasshttp();
    command.arg(files).args(["--log", "off", "--port", "0"]);
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    Server::start_command(&mut command)
}

#[test]
fn what_cannot_be_read_is_named_in_the_archive_and_counted_on_standard_error() {
    let (outer, files) = place();
    for name in ["a", "b", "c", "in/private/d", "in/e", "missing.TXT", ".hidden"] {
        write(&files, name, name);
    }
    symlink("nowhere", files.join("broken")).expect("a link");
    make_fifo(&files.join("fifo"));
    for locked in ["b", "in/private", ".hidden"] {
        std::fs::set_permissions(files.join(locked), Permissions::from_mode(0o000)).expect("ours");
    }
    let server = server_of_somebody_else(&outer, &files);
    for (format, _) in FORMATS {
        let unpacked = unpacked(&server, &outer, format);
        let found = contents(&unpacked);
        let names: Vec<_> = found.keys().map(|name| as_text(name)).collect();
        assert_eq!(names, ["MISSING (2).txt", "a", "c", "in", "in/e", "missing.TXT"], "{format}");
        let text = std::fs::read_to_string(unpacked.join("MISSING (2).txt")).expect("a file");
        let lines: Vec<_> = text.lines().skip(2).collect();
        let expected =
            ["files/b: the server may not read it", "files/in/private: the server may not read it"];
        assert_eq!(lines, expected, "{format}: {text}");
        server.process.stderr.line("how many", |line| {
            line.contains("2 files or folders are missing in an archive of /, or not whole; MISSING (2).txt")
        });
    }
    let finished = server.stop();
    assert_eq!(finished.stderr.len(), FORMATS.len(), "{:?}", finished.stderr);
    // So that the folder can be removed.
    std::fs::set_permissions(files.join("in/private"), Permissions::from_mode(0o755)).expect("ours");
}

#[test]
fn a_file_of_more_than_four_gigabytes_is_announced_with_room_for_its_length() {
    const LENGTH: u64 = 5 << 30;
    let (_outer, files) = place();
    write(&files, "a", "");
    write_sparse(&files, "large", LENGTH);
    let server = Server::start(&files, &["--log", "off"]);
    let first = |format: &str| {
        let mut client = Client::connect_with_little_room(server.address).expect("it accepts");
        assert_eq!(ask(&mut client, "GET", &format!("/?archive={format}"), "").status, 200);
        client.bytes(4 * 1024)
    };
    let zip = first("zip");
    let at = memchr::memmem::find(&zip, b"files/large").expect("its name");
    // In the header before the name: the version that a reader needs, and lengths that are elsewhere.
    let header = &zip[at - 30..at];
    assert_eq!((&header[..5], &header[18..26]), (&b"PK\x03\x04\x2d"[..], &[0xff; 8][..]));
    let tar = first("tar");
    let at = memchr::memmem::find(&tar, b"files/large").expect("its name");
    assert_eq!(as_text(&tar[at + 124..at + 135]), format!("{LENGTH:011o}"));
}

// ---- who gets it, and how

#[test]
fn the_head_says_what_it_is_and_how_to_call_it_and_promises_no_parts() {
    let (_outer, files) = make_folder();
    let server = Server::start(&files, &["--log", "off"]);
    let folders = [("/", "files", "files"), ("/F%C3%BC%C3%9Fe/", "F__e", "F%C3%BC%C3%9Fe")];
    for (format, media_type) in FORMATS {
        for (path, plain, exact) in folders {
            let expected =
                format!("attachment; filename=\"{plain}.{format}\"; filename*=UTF-8''{exact}.{format}");
            for (method, fields) in [("HEAD", ""), ("GET", ""), ("GET", "Range: bytes=0-9\r\n")] {
                let mut client = server.connect();
                let reply = ask(&mut client, method, &format!("{path}?archive={format}"), fields);
                assert_eq!(reply.status, 200, "{reply:?}");
                assert_eq!(reply.field("content-type"), Some(*media_type));
                assert_eq!(reply.field("content-disposition"), Some(&expected[..]));
                assert_eq!(reply.field("cache-control"), Some("no-cache"));
                for absent in ["etag", "last-modified", "accept-ranges", "content-range", "content-length"] {
                    assert_eq!(reply.field(absent), None, "{reply:?}");
                }
                if method == "GET" {
                    assert!(chunked(&mut client).len() > 100);
                }
                // Nothing is left over, of either.
                assert_eq!(client.get("/a.txt").text(), "plain\n");
            }
        }
    }
}

#[test]
fn a_client_of_1_0_gets_it_without_chunks() {
    let folder = folder(&[("a", "a")]);
    let server = Server::start(folder.path(), &["--log", "off"]);
    let mut client = server.connect();
    client.send("GET /?archive=tar HTTP/1.0\r\n\r\n");
    client.head();
    let bytes = client.rest().expect("it ends in order");
    // A folder, a file and its one block, and the end.
    assert_eq!(bytes.len(), 512 + 512 + 512 + 1024);
}

#[test]
fn where_no_listing_would_be_there_is_no_archive() {
    let folder = folder(&[("list/a.txt", "a"), ("page/index.html", "<p>index"), (".hidden/a.txt", "a")]);
    let usual = Server::start(folder.path(), &["--log", "off"]);
    let without = Server::start(folder.path(), &["--no-listing", "--log", "off"]);
    let single = Server::start(&folder.path().join("list/a.txt"), &["--log", "off"]);
    let table: &[(&Server, &str, u16, &str)] = &[
        (&usual, "/list/?archive=rar", 400, "tar.gz, zip, tar"),
        (&usual, "/list/?archive=", 400, "tar.gz, zip, tar"),
        (&usual, "/list?archive=zip", 301, ""),
        (&usual, "/nowhere/?archive=zip", 404, ""),
        (&usual, "/.hidden/?archive=zip", 404, ""),
        (&usual, "/../?archive=zip", 400, ""),
        // An index stands for its folder, and a file is a file, whatever the query.
        (&usual, "/page/?archive=zip", 200, "<p>index"),
        (&usual, "/list/a.txt?archive=zip", 200, "a"),
        (&without, "/list/?archive=zip", 403, "listings are off"),
        (&single, "/?archive=zip", 200, "a"),
        (&single, "/a.txt/?archive=zip", 404, ""),
    ];
    for (server, target, status, part) in table {
        let reply = server.get(target);
        assert!(reply.status == *status && reply.text().contains(part), "{target}: {reply:?}");
        assert_eq!(reply.field("content-disposition"), None, "{target}");
    }
}

#[test]
fn a_listing_leads_to_its_archives() {
    let folder = folder(&[("list/a.txt", "a")]);
    let server = Server::start(folder.path(), &["--log", "off"]);
    let page = server.connect().get_with("/list/", "Accept: text/html\r\n").text();
    for format in ["tar.gz", "zip"] {
        assert!(page.contains(&format!("<button name=\"archive\" value=\"{format}\">")), "{page}");
    }
    // As a link it would be followed by who wants the files one by one.
    for page in [page, server.get("/list/").text()] {
        assert!(!page.contains("?archive") && page.contains("a.txt\">a.txt</a>"), "{page}");
    }
}

// ---- what it costs

#[test]
fn clients_that_do_not_read_keep_nobody_out_and_leave_nothing_behind() {
    let folder = folder(&[("a.txt", "hello")]);
    write_sparse(folder.path(), "large", LARGE);
    let server = Server::start(folder.path(), &["--log", "off"]);
    let begin = |format: &str| {
        let mut client = Client::connect_with_little_room(server.address).expect("it accepts");
        (ask(&mut client, "GET", &format!("/?archive={format}"), "").status, client)
    };
    // Whoever comes as others fill what the network takes may be a moment too early.
    let begin_once_there_is_room = |format: &str| {
        wait_until("a free place", || Some(begin(format)).filter(|(status, _)| *status == 200)).1
    };
    server.get("/a.txt");
    let before = server.process.descriptors().len();
    for format in ["tar", "tar.gz", "zip", "tar"] {
        // More than are made at once: large ones under way, which nobody reads.
        let mut clients: Vec<_> = (0..12).map(|_| begin_once_there_is_room(format)).collect();
        clients.pop().expect("one of twelve").reset();
        clients.pop().expect("one of eleven").reset();
        drop(clients);
        wait_until("the descriptors to be back", || {
            (server.process.descriptors().len() <= before).then_some(())
        });
    }
}

#[test]
fn memory_is_bounded_and_others_are_served_while_a_large_folder_is_packed() {
    let folder = folder(&[("small.txt", "hello")]);
    write_sparse(folder.path(), "large", 200 * 1024 * 1024);
    // One worker for all of them.
    let server = Server::start(folder.path(), &["--threads", "1", "--log", "off"]);
    server.get("/small.txt");
    let before = server.process.memory();
    let (done, url) = (AtomicBool::new(false), server.url("/?archive=tar"));
    let mut packers: Vec<_> = ["/?archive=zip", "/?archive=tar.gz"]
        .iter()
        .map(|target| {
            let mut client = server.connect();
            assert_eq!(ask(&mut client, "GET", target, "").status, 200);
            client
        })
        .collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut command = Command::new("curl");
            command.args(["-q", "--silent", "--noproxy", "*", "--max-time", "60"]).arg(&url);
            let output = command.stdin(Stdio::null()).output().expect("curl runs");
            done.store(true, Ordering::Relaxed);
            assert!(output.status.success() && output.stdout.len() > 200 * 1024 * 1024);
        });
        let (mut most, mut slowest, mut count) = (0, Duration::ZERO, 0);
        let mut client = server.connect();
        while !done.load(Ordering::Relaxed) {
            let start = Instant::now();
            assert_eq!(client.get("/small.txt").text(), "hello");
            slowest = slowest.max(start.elapsed());
            most = most.max(server.process.memory());
            count += 1;
            // To compress keeps the worker busy, for a while.
            for packer in packers.iter_mut().filter(|_| count < 200) {
                let _ = packer.listen(Duration::from_millis(1)).expect("it goes on");
            }
        }
        let more = most.saturating_sub(before);
        println!("{count} answers meanwhile, the slowest after {slowest:?}; {more} bytes of memory more");
        assert!(count > 3 && slowest < PATIENCE / 4, "{count} answers, the slowest after {slowest:?}");
        assert!(more < 16 * 1024 * 1024, "{more} bytes more");
    });
}

// ---- confinement

const MARKER: &str = "only-outside-7f3a";
const INSIDE: &str = "within-inside-9c2";

/// Archives of a folder in which folders and files are swapped for links that lead out, and back;
/// how many of them held what is outside, and how many what is inside.
fn race(options: &[&str]) -> (usize, usize) {
    let mut random = Random::from_environment();
    let outer = tempfile::tempdir().expect("a temporary folder");
    for (base, word) in [("site", INSIDE), ("outside", MARKER)] {
        for file in ["dir/a.txt", "dir/sub/b.txt", "deep/er/c.txt", "file.txt"] {
            write(outer.path(), format!("{base}/{file}"), word);
        }
        write(outer.path(), format!("{base}/dir/{word}.txt"), word);
    }
    let places = ["dir", "dir/sub", "dir/a.txt", "deep", "deep/er", "file.txt"];
    for place in places {
        let spare = outer.path().join(place.replace('/', "-"));
        symlink(outer.path().join("outside").join(place), spare).expect("a link");
    }
    let server = Server::start(&outer.path().join("site"), &[options, &["--log", "off"]].concat());
    let stop = AtomicBool::new(false);
    let (mut outside, mut inside) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let place = random.pick(&places);
                let (there, spare) =
                    (outer.path().join("site").join(place), outer.path().join(place.replace('/', "-")));
                // Where a folder above is a link just now, nothing outside is to be swapped.
                let is_below_a_link = Path::new(place)
                    .parent()
                    .filter(|above| !above.as_os_str().is_empty())
                    .is_some_and(|above| outer.path().join("site").join(above).is_symlink());
                if !is_below_a_link {
                    let _ = renameat_with(CWD, &spare, CWD, &there, RenameFlags::EXCHANGE);
                }
            }
        });
        let mut client = server.connect();
        for round in 0..setting("GLASSHTTP_CONFINEMENT_REQUESTS", 1500) / 5 {
            let target = if round % 3 == 0 { "/dir/?archive=tar" } else { "/?archive=tar" };
            let reply = ask(&mut client, "GET", target, "");
            let body = match reply.status {
                200 => chunked(&mut client),
                status => {
                    assert!([301, 403, 404].contains(&status), "{reply:?}");
                    let length = reply.field("content-length").expect("a length").parse().expect("a number");
                    client.bytes(length)
                }
            };
            outside += usize::from(as_text(&body).contains(MARKER));
            inside += usize::from(as_text(&body).contains(INSIDE));
        }
        stop.store(true, Ordering::Relaxed);
    });
    (outside, inside)
}

#[test]
fn nothing_outside_is_in_an_archive_while_folders_are_swapped_for_links() {
    let (outside, inside) = race(&[]);
    assert!(outside == 0 && inside > 0, "{outside} held what is outside, {inside} what is inside");
}

#[test]
fn the_race_would_show_what_is_outside_if_links_out_were_followed() {
    assert!(race(&["--follow-links"]).0 > 0);
}

// ---- a part of a folder

/// Asks for what is picked: by GET as part of the target, or by POST as a form.
fn pick(server: &Server, method: &str, picked: &str, fields: &str) -> Reply {
    let mut client = server.connect();
    let host = "Host: localhost\r\nConnection: close\r\n";
    client.send(if method == "GET" {
        format!("GET /list/?archive=tar&{picked} HTTP/1.1\r\n{host}{fields}\r\n")
    } else {
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        let length = picked.len();
        format!(
            "POST /list/?archive=tar HTTP/1.1\r\n{host}{kind}Content-Length: {length}\r\n{fields}\r\n{picked}"
        )
    });
    let mut head = client.head();
    head.body = if head.field("transfer-encoding").is_some() {
        chunked(&mut client)
    } else {
        client.bytes(head.field("content-length").expect("a length").parse().expect("a number"))
    };
    head
}

#[test]
fn what_is_picked_is_packed_alone_and_what_is_not_there_is_named() {
    let folder = folder(&[
        ("list/a.txt", "a"),
        ("list/a b.txt", "ab"),
        ("list/c.txt", "c"),
        ("list/sub/in/d.txt", "d"),
        ("list/.hidden", "SECRET"),
        ("outside.txt", "SECRET"),
    ]);
    write(folder.path(), name(b"list/\xff\n&=+%"), "odd");
    let server = Server::start(folder.path(), &["--log", "off"]);
    let whole = ["list/", "list/sub/", "list/sub/in/", "list/sub/in/d.txt"];
    let table: &[(&str, &[&str], &[&str])] = &[
        ("name=a.txt", &["list/", "list/a.txt"], &[]),
        ("name=c.txt&name=a.txt&name=a.txt", &["list/", "list/a.txt", "list/c.txt"], &[]),
        ("name=a%20b.txt", &["list/", "list/a b.txt"], &[]),
        ("href=.%2Fa%2520b.txt", &["list/", "list/a b.txt"], &[]),
        ("name=sub", &whole, &[]),
        ("href=sub%2F", &whole, &[]),
        ("name=%ff%0a%26%3d%2b%25", &["list/", "list/\u{fffd}\n&=+%"], &[]),
        ("href=%25FF%250A%2526%253D%252B%2525", &["list/", "list/\u{fffd}\n&=+%"], &[]),
        (
            "name=a.txt&name=gone.txt",
            &["list/", "list/a.txt", "list/MISSING.txt"],
            &["list/gone.txt: it is not"],
        ),
        (
            "name=a.txt&name=.hidden&name=../outside.txt&name=sub/in&name=",
            &["list/", "list/a.txt", "list/MISSING.txt"],
            &["list/.hidden: it is not", "list/../outside.txt: it is not", "list/sub/in: it is not"],
        ),
    ];
    for &(picked, expected, missing) in table {
        for method in ["GET", "POST"] {
            let reply = pick(&server, method, picked, "");
            assert_eq!(reply.status, 200, "{method} {picked}: {}", reply.text());
            let mut archive = tar::Archive::new(&reply.body[..]);
            let mut found = Vec::new();
            for entry in archive.entries().expect("an archive") {
                let mut entry = entry.expect("an entry");
                let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let mut text = String::new();
                let _ = std::io::Read::read_to_string(&mut entry, &mut text);
                assert!(!text.contains("SECRET"), "{picked}: {path}");
                if path.ends_with("MISSING.txt") {
                    assert!(missing.iter().all(|line| text.contains(line)), "{picked}: {text}");
                }
                found.push(path);
            }
            assert_eq!(found, expected, "{method} {picked}");
        }
    }
}

#[test]
fn where_nothing_of_what_is_picked_is_there_the_answer_says_so() {
    let folder = folder(&[("list/a.txt", "a"), ("list/.hidden", ""), ("b.txt", "")]);
    let server = Server::start(folder.path(), &["--log", "off"]);
    let many = (0..60).map(|number| format!("name=gone{number}")).collect::<Vec<_>>().join("&");
    let long = format!("name={}", "x".repeat(1024 * 1024));
    let table = [
        ("GET", "name=gone.txt", "", 404, "\"gone.txt\""),
        ("POST", "name=gone.txt", "", 404, "\"gone.txt\""),
        ("POST", "name=.hidden&name=../b.txt", "", 404, "\"../b.txt\", \".hidden\""),
        ("POST", &many, "", 404, "and 55 more"),
        ("POST", "", "", 400, "nothing was picked"),
        ("POST", "archive=zip", "", 400, "nothing was picked"),
        ("POST", "name=a.txt", "Origin: http://evil.example\r\n", 403, "another site"),
        ("POST", &long, "", 413, "more was picked"),
    ];
    for (method, picked, fields, status, words) in table {
        let reply = pick(&server, method, picked, fields);
        let shown = &picked[..picked.len().min(40)];
        assert_eq!(reply.status, status, "{method} {shown}: {}", reply.text());
        assert!(reply.text().contains(words), "{method} {shown}: {}", reply.text());
        assert_eq!(reply.field("content-disposition"), None, "{shown}");
    }
    // A form that is none of these is what it was.
    let without = Server::start(folder.path(), &["--log", "off", "--no-listing"]);
    assert_eq!(pick(&without, "POST", "name=a.txt", "").status, 405);
}

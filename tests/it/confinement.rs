//! Nothing outside the folder is ever served, not even while somebody swaps files, folders and links
//! under the server's hands as fast as the system lets them.
//!
//! Each test makes these folders:
//!
//! ```text
//! outer/site/         what is served; its files hold INSIDE
//! outer/outside/      what links may lead to; names and contents hold MARKER
//! outer/spare/        what is not in its place just now
//! ```

#![cfg(target_os = "linux")]

use crate::support::{Client, Random, Reply, Server, as_text, setting, wait_until};
use rustix::fs::{AtFlags, RenameFlags, renameat, renameat_with};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use tempfile::TempDir;

/// What stands in everything that is outside and in nothing that is inside.
const MARKER: &str = "only-outside-7f3a";

/// What stands in everything that is inside; as long, so that lengths tell nothing.
const INSIDE: &str = "within-inside-9c2";

/// Writes a file that is as new as it is.
fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().expect("it is below a folder")).expect("folders are made");
    std::fs::write(path, content).expect("a file is written");
}

/// Makes the folders. In each pair of `spare/x` and what is at its place in the site, one stays
/// inside and the other leads out.
fn make_folders() -> (TempDir, Vec<Swap>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outer = folder.path();
    for (base, word) in [("site", INSIDE), ("outside", MARKER)] {
        let base = outer.join(base);
        for name in ["file.txt", "index.html", "404.html", "other.txt"] {
            write(&base.join(name), &format!("{word} {name}\n"));
        }
        for folder in ["dir", "target"] {
            for name in ["a.txt", "sub/deep.txt", &format!("{word}.txt")] {
                write(&base.join(folder).join(name), &format!("{word} {folder}/{name}\n"));
            }
        }
    }
    write(&outer.join("other.txt"), MARKER);
    let site = outer.join("site");
    std::fs::rename(site.join("index.html"), site.join("dir/sub/index.html")).expect("moved");
    std::fs::create_dir_all(site.join("deep/inner")).expect("made");
    std::fs::create_dir(outer.join("spare")).expect("made");
    let (site_now, outside_now) = (site.canonicalize(), outer.join("outside").canonicalize());
    let (inside, outside) = (site_now.expect("it exists"), outside_now.expect("it exists"));

    // Inside it leads to other.txt of the site, and one level higher outside.
    symlink("../../other.txt", site.join("deep/inner/up.txt")).expect("a link");
    symlink(inside.join("target"), site.join("absolute")).expect("a link");
    symlink(inside.join("target/a.txt"), site.join("absolute.txt")).expect("a link");
    symlink("dir/../target", site.join("relative")).expect("a link");
    let mut swaps = vec![Swap::Move(Place::new(&site, "deep/inner"), Place::new(outer, "outside/inner"))];
    for (place, target) in [
        ("file.txt", PathBuf::from("../outside/file.txt")),
        ("404.html", outside.join("404.html")),
        ("dir", PathBuf::from("../outside/dir")),
        ("dir/sub/index.html", PathBuf::from("../../../outside/index.html")),
        ("target", outside.join("target")),
        ("target/a.txt", PathBuf::from("../../outside/file.txt")),
        ("absolute", outside.join("target")),
        ("absolute.txt", outside.join("target/a.txt")),
        ("relative", PathBuf::from("dir/../../outside/target")),
        ("deep", PathBuf::from("../outside")),
    ] {
        let spare = place.replace('/', "-");
        symlink(target, outer.join("spare").join(&spare)).expect("a link");
        swaps.push(Swap::Exchange(Place::new(&site, place), Place::new(&outer.join("spare"), &spare)));
    }
    swaps.push(Swap::Over(Place::new(&site, "over.txt"), outer.join("spare"), outside.join("file.txt")));
    (folder, swaps)
}

/// A name in a folder that is meant wherever it is: what is swapped on the way there cannot lead
/// the test itself out.
struct Place {
    folder: OwnedFd,
    name: OsString,
}

impl Place {
    fn new(base: &Path, path: &str) -> Place {
        let path = base.join(path);
        let folder = std::fs::File::open(path.parent().expect("it is below a folder")).expect("a folder");
        Place { folder: folder.into(), name: path.file_name().expect("it has a name").to_owned() }
    }
}

/// Something that is done again and again.
enum Swap {
    /// The two change places at one instant.
    Exchange(Place, Place),
    /// A folder moves from one place to the other, and next time back.
    Move(Place, Place),
    /// A name becomes a file, then a link out, then nothing. What it is to be is made in another
    /// folder.
    Over(Place, PathBuf, PathBuf),
}

impl Swap {
    /// Does it once; `swapper` is who does.
    fn take_turn(&self, round: usize, swapper: usize) -> rustix::io::Result<()> {
        match self {
            // Some file systems cannot do it at one instant.
            Swap::Exchange(a, b) => exchange(a, b).or_else(|_| exchange_in_three_steps(a, b)),
            Swap::Move(a, b) => rename(a, b).or_else(|_| rename(b, a)),
            Swap::Over(place, folder, target) => {
                let temporary = Place::new(folder, &format!("new-{swapper}"));
                let path = folder.join(&temporary.name);
                match round % 3 {
                    0 => write(&path, &format!("{INSIDE} over.txt\n")),
                    1 => symlink(target, &path).expect("a link"),
                    _ => return rustix::fs::unlinkat(&place.folder, &place.name, AtFlags::empty()),
                }
                rename(&temporary, place)
            }
        }
    }
}

fn exchange(a: &Place, b: &Place) -> rustix::io::Result<()> {
    renameat_with(&a.folder, &a.name, &b.folder, &b.name, RenameFlags::EXCHANGE)
}

fn exchange_in_three_steps(a: &Place, b: &Place) -> rustix::io::Result<()> {
    let third = [&b.name, OsStr::new("-third")].join(OsStr::new(""));
    renameat(&a.folder, &a.name, &b.folder, &third)?;
    rename(b, a)?;
    renameat(&b.folder, &third, &b.folder, &b.name)
}

fn rename(from: &Place, to: &Place) -> rustix::io::Result<()> {
    renameat(&from.folder, &from.name, &to.folder, &to.name)
}

/// What is asked for: all of the places above, by every way that leads there.
const TARGETS: &[&str] = &[
    "/",
    "/?format=json",
    "/file.txt",
    "/nothing-here",
    "/nothing/here",
    "/dir",
    "/dir/",
    "/dir/?format=json",
    "/dir/a.txt",
    "/dir/sub/",
    "/dir/sub/deep.txt",
    "/target/",
    "/target/a.txt",
    "/target/sub/deep.txt",
    "/absolute/",
    "/absolute/a.txt",
    "/absolute/sub/",
    "/absolute/sub/deep.txt",
    "/absolute.txt",
    "/relative/",
    "/relative/a.txt",
    "/relative/sub/deep.txt",
    "/deep/inner/",
    "/deep/inner/up.txt",
    "/over.txt",
    // The same in other words: what counts is what they mean.
    "/dir%2fa.txt",
    "/dir/../file.txt",
    "/dir/sub/..%2fa.txt",
    "/target/sub/%2e%2e/a.txt",
    "/relative%2f..%2frelative/sub/deep.txt",
    "/deep/inner/../../target/",
    "/absolute/../absolute%2Fa.txt",
    "/deep/inner/..%2finner/up.txt",
    // Names that are near to what is there, or to what is outside.
    "/DIR/A.TXT",
    "/Target/within-INSIDE-9c2",
    "/target/ONLY-outside-7f3a",
];

/// One request of a random kind, and its answer.
fn ask(
    client: &mut Client,
    random: &mut Random,
    etags: &mut BTreeMap<&'static str, String>,
) -> (String, Reply) {
    let target = *random.pick(TARGETS);
    let method = if random.below(8) == 0 { "HEAD" } else { "GET" };
    let fields = match (random.below(6), etags.get(target)) {
        (0, _) => "Range: bytes=0-9\r\n".to_owned(),
        (1, _) => "Range: bytes=0-3,12-\r\n".to_owned(),
        (2, Some(etag)) => format!("If-None-Match: {etag}\r\n"),
        (3, _) => "Accept: text/plain\r\n".to_owned(),
        _ => String::new(),
    };
    client.send(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"));
    let mut reply = client.head();
    if method == "GET" && reply.status != 304 {
        let length = reply.field("content-length").and_then(|length| length.parse().ok());
        reply.body = client.bytes(length.unwrap_or_else(|| panic!("no length: {reply:?}")));
    }
    if let Some(etag) = reply.field("etag") {
        etags.insert(target, etag.to_owned());
    }
    (format!("{method} {target} {}", fields.trim_end()), reply)
}

/// Fails unless an answer is one that may be given, and complete.
fn assert_is_well_formed(request: &str, reply: &Reply) {
    let text = reply.text();
    let is_right = match reply.status {
        200 | 206 | 404 if request.starts_with("HEAD") => text.is_empty(),
        // Listings name what is inside; everything else holds the word or a part of it.
        200 => text.contains(INSIDE) || text.contains("</html>") || text.contains("\"entries\""),
        206 => text.contains(&INSIDE[..4]),
        301 | 304 => text.is_empty(),
        403 => !text.is_empty() || request.starts_with("HEAD"),
        404 => text.contains(INSIDE) || text.contains("404"),
        _ => false,
    };
    assert!(is_right, "{request}: {} {text:?}", reply.head);
    assert!(
        reply.field("date").is_some() && reply.field("connection") != Some("close"),
        "{request}: {reply:?}"
    );
}

/// How many threads swap and how many ask.
const SWAPPERS: usize = 2;
const CLIENTS: usize = 4;

/// Lets clients ask a server with these options while everything is swapped. `judge` is given each
/// answer. Gives the number of answers by status.
fn race(options: &[&str], requests: u64, judge: impl Fn(&str, &Reply) + Sync) -> BTreeMap<u16, usize> {
    let mut random = Random::from_environment();
    let (folder, swaps) = make_folders();
    let server = Server::start(&folder.path().join("site"), &[options, &["--log", "off"]].concat());
    wait_until_kept(&server);
    let (stop, swapped) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut statuses = BTreeMap::new();
    std::thread::scope(|scope| {
        let at_the_end = StopAtTheEnd(&stop);
        for swapper in 0..SWAPPERS {
            let mut random = random.fork();
            let (swaps, stop, swapped) = (&swaps, &stop, &swapped);
            scope.spawn(move || {
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // Two may want to swap the same at once; then one of them may fail.
                    let done = random.pick(swaps).take_turn(round, swapper).is_ok();
                    swapped.fetch_add(usize::from(done), Ordering::Relaxed);
                }
            });
        }
        let clients = (0..CLIENTS).map(|_| {
            let (mut random, mut client, judge) = (random.fork(), server.connect(), &judge);
            scope.spawn(move || {
                let (mut statuses, mut etags) = (BTreeMap::new(), BTreeMap::new());
                for _ in 0..requests / CLIENTS as u64 {
                    let (request, reply) = ask(&mut client, &mut random, &mut etags);
                    judge(&request, &reply);
                    *statuses.entry(reply.status).or_insert(0) += 1;
                }
                statuses
            })
        });
        let results: Vec<_> = clients.collect::<Vec<_>>().into_iter().map(ScopedJoinHandle::join).collect();
        drop(at_the_end);
        for result in results {
            for (status, count) in result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                *statuses.entry(status).or_insert(0) += count;
            }
        }
    });
    println!("{} swaps; answers by status: {statuses:?}", swapped.into_inner());
    statuses
}

/// Waits until the files may be kept in memory. They may when they are so old that their entity tags
/// are strong.
fn wait_until_kept(server: &Server) {
    wait_until("a strong entity tag", || {
        let reply = server.get("/dir/a.txt");
        reply.field("etag").is_some_and(|etag| etag.starts_with('"')).then_some(())
    });
}

/// Tells the others to stop, also when a client fails.
struct StopAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn holds_marker(reply: &Reply) -> bool {
    reply.head.contains(MARKER) || as_text(&reply.body).contains(MARKER)
}

/// How many requests.
fn requests() -> u64 {
    setting("GLASSHTTP_CONFINEMENT_REQUESTS", 3000)
}

#[test]
fn nothing_outside_is_served_while_files_folders_and_links_are_swapped() {
    let statuses = race(&[], requests(), |request, reply| {
        assert!(!holds_marker(reply), "{request}: {} {}", reply.head, reply.text());
        assert_is_well_formed(request, reply);
    });
    // Both sides of the swaps were seen.
    assert!(statuses.contains_key(&200) && statuses.contains_key(&403), "{statuses:?}");
}

#[test]
fn nothing_outside_is_served_while_all_is_swapped_and_nothing_is_kept_in_memory() {
    race(&["--cache-size", "0", "--threads", "4", "--hidden"], requests() / 3, |request, reply| {
        assert!(!holds_marker(reply), "{request}: {} {}", reply.head, reply.text());
        assert_is_well_formed(request, reply);
    });
}

#[test]
fn the_race_would_show_what_is_outside_if_links_out_were_followed() {
    let seen = AtomicUsize::new(0);
    race(&["--follow-links"], requests() / 3, |_, reply| {
        seen.fetch_add(usize::from(holds_marker(reply)), Ordering::Relaxed);
    });
    assert!(seen.into_inner() > 0);
}

#[test]
fn a_folder_that_moved_out_and_left_a_link_is_refused_although_its_files_were_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (inside, outside) = (folder.path().join("site/dir"), folder.path().join("dir"));
    write(&inside.join("a.txt"), INSIDE);
    let server = Server::start(&folder.path().join("site"), &["--log", "off"]);
    let mut client = server.connect();
    wait_until_kept(&server);
    for _ in 0..3 {
        assert_eq!(client.get("/dir/a.txt").text(), INSIDE);
    }
    std::fs::rename(&inside, &outside).expect("moved");
    symlink(&outside, &inside).expect("a link");
    assert_eq!(client.get("/dir/a.txt").status, 403);
}

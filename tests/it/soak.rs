//! Mixed traffic while files change: every byte of every answer must be right.
//!
//! A writer adds, replaces and removes files and keeps a history of which version of which file was
//! there when. Clients ask in all ways: GET, HEAD, parts, with validators, several requests at once,
//! and now and then they vanish in the middle. An answer is right if it is that of a version that
//! was there at some moment between the request's first byte and the answer's last.
//!
//! `GLASSHTTP_SOAK_SECONDS` says how long (3).

#![cfg(target_os = "linux")]

use crate::support::{self, Random, Reply, Server, setting, wait_until};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::{AddAssign, Range};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MIB: u64 = 1024 * 1024;

// ---- files and their history

/// A file whose contents change, all at once and never back.
struct File {
    name: String,
    /// The greatest length of a version.
    longest: usize,
    history: Mutex<Vec<Period>>,
}

/// When a version was there: certainly not before `from`, certainly not after `until`.
struct Period {
    /// `None`: there was no file.
    version: Option<u64>,
    from: Instant,
    until: Option<Instant>,
}

impl File {
    /// Every length at which the server changes its ways: copied with the head, kept in memory, sent
    /// by the system, or more than a turn's worth.
    const LONGEST: [usize; 5] = [100, 2_000, 40_000, 200_000, 1_200_000];

    /// The file of this number.
    fn new(number: usize) -> File {
        let longest = File::LONGEST[number % File::LONGEST.len()];
        let period = Period { version: None, from: Instant::now(), until: None };
        File { name: format!("file-{number}.txt"), longest, history: Mutex::new(vec![period]) }
    }

    /// What stands in a version: blocks that begin with the file's name, the version's number and the
    /// block's, and are filled with what follows from these.
    fn content(&self, version: u64) -> Vec<u8> {
        const BLOCK: usize = 1024;
        let mut random = Random::new(version);
        let length = 60 + random.below(self.longest - 60);
        let mut content = String::with_capacity(length + BLOCK);
        while content.len() < length {
            let (end, number) = (content.len() + BLOCK, content.len() / BLOCK);
            let _ = writeln!(content, "{} version {version} block {number}", self.name);
            let filling = format!("{:016x}\n", random.next());
            content.push_str(&filling.repeat((end - content.len()) / filling.len()));
            content.push_str(&".".repeat(end - content.len()));
        }
        content.truncate(length);
        content.into_bytes()
    }

    /// Changes the file by `change`, after which this version is there, or none.
    fn change(&self, version: Option<u64>, change: impl FnOnce()) {
        let lock = || self.history.lock().unwrap_or_else(PoisonError::into_inner);
        lock().push(Period { version, from: Instant::now(), until: None });
        change();
        let mut history = lock();
        let before = history.len() - 2;
        history[before].until = Some(Instant::now());
    }

    fn is_there(&self) -> bool {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.last().is_some_and(|period| period.version.is_some())
    }

    /// How long ago it changed.
    fn age(&self) -> Duration {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.last().map_or(Duration::MAX, |period| period.from.elapsed())
    }

    /// The versions that may have been there at some moment of this time.
    fn versions_between(&self, time: &Range<Instant>) -> Vec<Option<u64>> {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let ended_later =
            history.iter().rev().take_while(|period| period.until.is_none_or(|at| at >= time.start));
        ended_later.filter(|period| period.from <= time.end).map(|period| period.version).collect()
    }
}

/// Changes files until `stop` says that it is time. After each change it asks for the file: what it
/// has done must be seen at once.
fn write_files(
    server: &Server,
    folder: &Path,
    files: &[File],
    mut random: Random,
    stop: &Receiver<()>,
) -> u64 {
    let mut client = server.connect();
    let temporary = folder.with_extension("temporary");
    let mut version = 0;
    let mut replace = |file: &File| {
        version += 1;
        std::fs::write(&temporary, file.content(version)).expect("a file is written");
        let place = folder.join(&file.name);
        file.change(Some(version), || std::fs::rename(&temporary, place).expect("it takes its place"));
    };
    for file in files {
        replace(file);
    }
    loop {
        // A change each millisecond or so.
        match stop.recv_timeout(Duration::from_millis(1)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return version,
        }
        let (busy, calm) = files.split_at(BUSY);
        let file = calm.iter().find(|file| file.age() > CALM).unwrap_or_else(|| {
            // Of the changes half concern the first file, a quarter the second, and so on.
            let number = usize::try_from(random.next().trailing_zeros()).expect("64 at most");
            &busy[number % BUSY]
        });
        if random.below(8) == 0 && file.is_there() {
            let place = folder.join(&file.name);
            file.change(None, || std::fs::remove_file(place).expect("it is removed"));
        } else {
            replace(file);
        }
        let asked = Asked { file, kind: Kind::Get, parts: Vec::new(), known: None, at: Instant::now() };
        client.send(asked.render());
        if let Err(wrong) = asked.find_version(&client.reply()) {
            panic!("a change was not seen at once: {wrong}");
        }
    }
}

// ---- requests and their answers

/// What a client remembers of an answer.
#[derive(Clone)]
struct Known {
    version: u64,
    etag: String,
    /// Only if it was long enough ago for the date to stand for one version (RFC 9110 section
    /// 8.8.2.2).
    last_modified: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Get,
    Head,
    Part,
    TwoParts,
    IfNoneMatch,
    IfModifiedSince,
    IfRange,
}

/// A part's head has fewer bytes than that.
const PART_HEAD: usize = 200;

struct Asked<'a> {
    file: &'a File,
    kind: Kind,
    /// For parts: the first bytes and the lengths.
    parts: Vec<Range<usize>>,
    known: Option<Known>,
    at: Instant,
}

impl<'a> Asked<'a> {
    fn at_random(files: &'a [File], known: &BTreeMap<String, Known>, random: &mut Random) -> Asked<'a> {
        let file = random.pick(files);
        let known = known.get(&file.name).cloned();
        let kinds = [Kind::Get, Kind::Get, Kind::Head, Kind::Part, Kind::TwoParts];
        let kind = match (random.below(8), &known) {
            (0 | 1, Some(_)) => Kind::IfNoneMatch,
            (2, Some(known)) if known.last_modified.is_some() => Kind::IfModifiedSince,
            (3, Some(_)) => Kind::IfRange,
            _ => *random.pick(&kinds),
        };
        let first = random.below(file.longest);
        let part = first..first + 1 + random.below(file.longest);
        let parts = match kind {
            Kind::Part | Kind::IfRange => vec![part],
            // Far enough from each other not to become one.
            Kind::TwoParts => vec![0..10, 200 + part.start..200 + part.end],
            _ => Vec::new(),
        };
        Asked { file, kind, parts, known, at: Instant::now() }
    }

    fn render(&self) -> String {
        let method = if self.kind == Kind::Head { "HEAD" } else { "GET" };
        let mut request = format!("{method} /{} HTTP/1.1\r\nHost: localhost\r\n", self.file.name);
        if !self.parts.is_empty() {
            let parts: Vec<_> =
                self.parts.iter().map(|part| format!("{}-{}", part.start, part.end - 1)).collect();
            let _ = write!(request, "Range: bytes={}\r\n", parts.join(", "));
        }
        let (etag, date) = self
            .known
            .as_ref()
            .map_or(("", ""), |known| (&known.etag, known.last_modified.as_deref().unwrap_or_default()));
        let _ = match self.kind {
            Kind::IfNoneMatch => write!(request, "If-None-Match: {etag}\r\n"),
            Kind::IfModifiedSince => write!(request, "If-Modified-Since: {date}\r\n"),
            Kind::IfRange => write!(request, "If-Range: {etag}\r\n"),
            _ => Ok(()),
        };
        request + "\r\n"
    }

    /// The version that the answer is right for, if there is one.
    fn find_version(&self, reply: &Reply) -> Result<Option<u64>, String> {
        let possible = self.file.versions_between(&(self.at..Instant::now()));
        let found = possible.iter().find(|version| self.is_right(**version, reply));
        found.copied().ok_or_else(|| {
            let is_stale = self.known.as_ref().map(|known| known.version);
            let start = support::as_text(&reply.body[..reply.body.len().min(80)]);
            format!(
                "{:?} of {}, of which the client knows {is_stale:?}; of {possible:?} none is\n{}{start:?}, {} bytes",
                self.kind,
                self.file.name,
                reply.head,
                reply.body.len()
            )
        })
    }

    /// Whether the answer is right if this was the version.
    fn is_right(&self, version: Option<u64>, reply: &Reply) -> bool {
        let Some(version) = version else { return reply.status == 404 };
        let is_known = self.known.as_ref().is_some_and(|known| known.version == version);
        // Not made before it is needed.
        let content = || self.file.content(version);
        match (reply.status, self.kind) {
            (200, Kind::Head) => reply.field("content-length") == Some(&content().len().to_string()),
            // Who asks with a tag or a date gets all of it if it is another, or if it is not sure
            // that it is the same.
            (200, Kind::Get | Kind::IfNoneMatch | Kind::IfModifiedSince | Kind::IfRange) => {
                reply.body == content()
            }
            (206, Kind::IfRange) => is_known && self.is_right_part(&content(), reply),
            (206, Kind::Part) => self.is_right_part(&content(), reply),
            (206, Kind::TwoParts) => self.are_right_parts(&content(), reply),
            // With their heads the parts would be more than all of it.
            (200, Kind::TwoParts) => {
                let content = content();
                let asked: usize = self
                    .parts
                    .iter()
                    .map(|part| part.end.min(content.len()).saturating_sub(part.start))
                    .sum();
                reply.body == content && asked + 2 * PART_HEAD > content.len()
            }
            (304, Kind::IfNoneMatch | Kind::IfModifiedSince) => is_known,
            (416, Kind::Part | Kind::IfRange) => {
                let length = content().len();
                self.parts[0].start >= length
                    && reply.field("content-range") == Some(&format!("bytes */{length}"))
            }
            _ => false,
        }
    }

    fn is_right_part(&self, content: &[u8], reply: &Reply) -> bool {
        let (part, all) = (&self.parts[0], content.len());
        let end = part.end.min(all);
        let range = format!("bytes {}-{}/{all}", part.start, end.wrapping_sub(1));
        part.start < end
            && reply.field("content-range") == Some(&range)
            && reply.body == content[part.start..end]
    }

    /// Two parts, of which the second may lie behind the end.
    fn are_right_parts(&self, content: &[u8], reply: &Reply) -> bool {
        let [first, second] = self.parts.as_slice() else { return false };
        let all = content.len();
        let Some(boundary) = reply.field("content-type").and_then(|kind| kind.split_once("boundary=")) else {
            let is_first = format!("bytes {}-{}/{all}", first.start, first.end - 1);
            return second.start >= all
                && reply.field("content-range") == Some(&is_first)
                && reply.body == content[first.clone()];
        };
        let mut expected = Vec::new();
        for part in [first.clone(), second.start..second.end.min(all)] {
            if part.is_empty() {
                return false;
            }
            let head = format!(
                "\r\n--{}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {}-{}/{all}\r\n\r\n",
                boundary.1,
                part.start,
                part.end - 1
            );
            expected.extend_from_slice(head.as_bytes());
            expected.extend_from_slice(&content[part]);
        }
        expected.extend_from_slice(format!("\r\n--{}--\r\n", boundary.1).as_bytes());
        reply.body == expected
    }

    /// What is worth remembering of an answer that was right for this version.
    fn learn(&self, version: Option<u64>, reply: &Reply, known: &mut BTreeMap<String, Known>) {
        let (Some(version), 200 | 206, Some(etag)) = (version, reply.status, reply.field("etag")) else {
            return;
        };
        if self.kind == Kind::Head {
            // Another version may be as long.
            return;
        }
        let seconds = |name| reply.field(name).and_then(|date| httpdate::parse_http_date(date).ok());
        let age = seconds("date")
            .zip(seconds("last-modified"))
            .and_then(|(now, then)| now.duration_since(then).ok());
        let is_settled = age.is_some_and(|age| age >= Duration::from_secs(2));
        let last_modified = reply.field("last-modified").filter(|_| is_settled).map(str::to_owned);
        known.insert(self.file.name.clone(), Known { version, etag: etag.to_owned(), last_modified });
    }
}

// ---- clients

/// What clients have seen.
#[derive(Debug, Default)]
struct Seen {
    answers: BTreeMap<(Kind, u16), u64>,
    cuts: u64,
    bytes: u64,
}

impl AddAssign for Seen {
    fn add_assign(&mut self, other: Seen) {
        for (answer, count) in other.answers {
            *self.answers.entry(answer).or_default() += count;
        }
        self.cuts += other.cuts;
        self.bytes += other.bytes;
    }
}

/// Asks until it is time to stop. The first wrong answer is the error.
fn ask_for_files(
    server: &Server,
    files: &[File],
    mut random: Random,
    stop: &AtomicBool,
) -> Result<Seen, String> {
    let (mut seen, mut known) = (Seen::default(), BTreeMap::new());
    let mut client = server.connect();
    while !stop.load(Ordering::Relaxed) {
        let count = if random.below(4) == 0 { 2 + random.below(7) } else { 1 };
        let asked: Vec<_> = (0..count).map(|_| Asked::at_random(files, &known, &mut random)).collect();
        client.send(asked.iter().map(Asked::render).collect::<String>());
        let answered = if random.below(30) == 0 { random.below(count) } else { count };
        for asked in &asked[..answered] {
            let mut reply = client.head();
            if asked.kind != Kind::Head && reply.status != 304 {
                let length = reply.field("content-length").and_then(|length| length.parse().ok());
                reply.body = client.bytes(length.ok_or_else(|| reply.head.clone())?);
            }
            let version = asked.find_version(&reply)?;
            asked.learn(version, &reply, &mut known);
            *seen.answers.entry((asked.kind, reply.status)).or_default() += 1;
            seen.bytes += reply.body.len() as u64;
        }
        if answered < count {
            seen.cuts += 1;
            let cut = std::mem::replace(&mut client, server.connect());
            if random.below(2) == 0 {
                cut.reset();
            }
        }
    }
    Ok(seen)
}

/// How many clients there are.
const CLIENTS: usize = 6;

/// How many files there are; the first of them change all the time.
const FILES: usize = 15;
const BUSY: usize = 5;

/// The others change when they are so old. The server keeps files in memory that have not changed
/// for two seconds: so these it keeps, and must notice that they have changed.
const CALM: Duration = Duration::from_millis(2300);

/// What the server may have more in the end than in the beginning: all files in memory, and what the
/// allocator keeps.
const MEMORY: u64 = 24 * MIB;

#[test]
fn every_answer_is_right_while_files_change_and_nothing_is_left_in_the_end() {
    let time = Duration::from_secs(setting("GLASSHTTP_SOAK_SECONDS", 3));
    let mut random = Random::from_environment();
    let outer = tempfile::tempdir().expect("a temporary folder");
    let folder = outer.path().join("site");
    std::fs::create_dir(&folder).expect("made");
    let files: Vec<_> = (0..FILES).map(File::new).collect();
    let server = Server::start(&folder, &["--log", "off", "--threads", "2"]);
    let (descriptors, memory) = {
        let mut client = server.connect();
        assert_eq!(client.get("/").status, 200);
        (server.process.descriptors().len() - 1, server.process.memory())
    };
    let stop = AtomicBool::new(false);
    let (ends, end) = std::sync::mpsc::channel();
    let (versions, seen) = std::thread::scope(|scope| {
        let writer_random = random.fork();
        let (server, folder, written) = (&server, &folder, &files);
        let writer = scope.spawn(move || write_files(server, folder, written, writer_random, &end));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (random, files, stop) = (random.fork(), &files, &stop);
                scope.spawn(move || {
                    let seen = ask_for_files(server, files, random, stop);
                    if seen.is_err() {
                        // One is enough.
                        stop.store(true, Ordering::Relaxed);
                    }
                    seen
                })
            })
            .collect();
        let (_never, nothing) = std::sync::mpsc::channel::<()>();
        let _ = nothing.recv_timeout(time);
        stop.store(true, Ordering::Relaxed);
        let mut seen = Seen::default();
        let results: Vec<_> = clients.into_iter().map(|client| client.join().expect("it ends")).collect();
        drop(ends);
        for result in results {
            seen += result.unwrap_or_else(|wrong| panic!("a wrong answer: {wrong}"));
        }
        (writer.join().expect("it ends"), seen)
    });
    let mebibytes = seen.bytes / MIB;
    println!("{versions} versions, {} cuts, {mebibytes} MiB, answers: {:?}", seen.cuts, seen.answers);
    let open = || server.process.descriptors().len();
    wait_until("the descriptors to be back", || (open() == descriptors).then_some(()));
    let now = server.process.memory();
    println!("{} KiB in the beginning, {} KiB in the end", memory / 1024, now / 1024);
    assert!(now < memory + MEMORY, "{memory} bytes in the beginning, {now} in the end");
    // What is there in the end is right without a doubt: it does not change any more.
    let mut client = server.connect();
    for file in &files {
        let reply = client.get(&format!("/{}", file.name));
        let now = Instant::now();
        match file.versions_between(&(now..now)).as_slice() {
            [Some(version)] => assert!(reply.status == 200 && reply.body == file.content(*version)),
            versions => assert!(versions == [None] && reply.status == 404, "{versions:?} {}", reply.head),
        }
    }
}

//! Other people's programs against the real server: mirrors, package managers, download managers, a
//! viewer in a browser. Each asks in a way of its own, and what they got wrong here once stays mended.
//!
//! `cargo test --test it clients:: -- --ignored` runs them; which programs they need stands at each test.
//! What is not packaged by the system (fsspec by pip, pdf.js by npm) is installed under `target` first.

use crate::support::webdriver::Browser;
use crate::support::{self, Finished, Random, Server, contents_below, folder, run, wait_until, write};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

// ---- running the clients

/// A folder for what a client fetches (`out`), with room beside it for what it keeps in its user's home.
fn place() -> TempDir {
    let place = folder(&[]);
    for name in ["out", "home"] {
        fs::create_dir(place.path().join(name)).expect("a folder is made");
    }
    place
}

/// A client that works in the place's `out`, without the settings of whoever runs the tests.
fn client(program: impl AsRef<Path>, place: &TempDir) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_clear().current_dir(place.path().join("out"));
    command.env("PATH", std::env::var_os("PATH").expect("there is a PATH"));
    command.env("HOME", place.path().join("home")).env("LANG", "C.UTF-8").env("TZ", "UTC");
    command
}

/// Runs it to its end; to be without it is no reason to pass.
fn succeed(command: &mut Command) -> Finished {
    let finished = run(command);
    assert_eq!(finished.code, Some(0), "{command:?}: {finished:#?}");
    finished
}

/// One line of the server's log.
#[derive(Debug, Clone)]
struct Request {
    method: String,
    target: String,
    status: u64,
    bytes: u64,
    complete: bool,
}

/// A server whose log is for programs.
fn serve(site: &Path, options: &[&str]) -> Server {
    Server::start(site, &[&["--log", "json"], options].concat())
}

/// Stops the server and gives all that was asked of it.
fn requests(server: Server) -> Vec<Request> {
    let request = |line: &String| {
        let line: Value = serde_json::from_str(line).ok()?;
        let mut words = line["request"].as_str()?.split(' ').map(str::to_owned);
        Some(Request {
            method: words.next()?,
            target: words.next()?,
            status: line["status"].as_u64()?,
            bytes: line["bytes"].as_u64()?,
            complete: line["complete"].as_bool()?,
        })
    };
    server
        .stop()
        .stdout
        .iter()
        .filter(|line| line.starts_with('{'))
        .map(|line| request(line).expect(line))
        .collect()
}

/// How often each of these was asked for.
fn counts<'a>(requests: impl IntoIterator<Item = &'a Request>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.target.clone()).or_default() += 1;
    }
    counts
}

/// Bytes that do not repeat and cannot be compressed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| random.next().to_le_bytes()).collect();
    bytes.truncate(length);
    bytes
}

/// As `sha256sum` writes it.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Fails unless both have the same files, and names those that differ rather than megabytes.
fn assert_same_files(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        files.iter().map(|(name, content)| format!("{name} {}", content.len())).collect()
    };
    assert_eq!(names(found), names(expected));
    for (name, content) in expected {
        assert!(found[name] == *content, "{name} has other bytes");
    }
}

/// What is installed once under `target` and stays there: a folder that `install` has filled.
fn installed(name: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It has this file once all of it is there.
    let complete = folder.join("complete");
    if !complete.exists() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder is made");
        install(&folder);
        fs::write(complete, "").expect("a file is written");
    }
    folder
}

/// Runs an installer, with the settings of whoever runs the tests, and for as long as it takes.
fn install_by(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(output.status.success(), "{command:?}: {}", support::as_text(&output.stderr));
}

// ---- mirrors: a folder and all below it

/// Four folders with four megabytes, names that need care, and an empty file.
fn tree() -> TempDir {
    let site = folder(&[
        ("outside.txt", "not below tree/"),
        ("tree/a/small.txt", "small"),
        ("tree/b/with space.txt", "space"),
        ("tree/b/ä & 'b'+c.txt", "letters"),
        ("tree/c d/100%.txt", "percent"),
        ("tree/c d/e/number #1?.txt", "deep"),
        ("tree/empty.txt", ""),
    ]);
    for (seed, name) in ["a", "b", "c d", "c d/e"].into_iter().enumerate() {
        write(site.path(), format!("tree/{name}/large.bin"), noise(seed as u64, 1_000_000));
    }
    site
}

/// Its files and its folders as a URL has them, percent-encoded as far as any client must.
const TREE_FILES: [&str; 10] = [
    "/tree/a/large.bin",
    "/tree/a/small.txt",
    "/tree/b/large.bin",
    "/tree/b/with%20space.txt",
    "/tree/b/%C3%A4%20&%20'b'+c.txt",
    "/tree/c%20d/100%25.txt",
    "/tree/c%20d/large.bin",
    "/tree/c%20d/e/large.bin",
    "/tree/c%20d/e/number%20%231%3F.txt",
    "/tree/empty.txt",
];
const TREE_FOLDERS: [&str; 5] = ["/tree/", "/tree/a/", "/tree/b/", "/tree/c%20d/", "/tree/c%20d/e/"];

/// What was asked for, with the percent-encoding that a client may choose undone where both ways mean the same.
fn plain(requests: &[Request]) -> Vec<Request> {
    let one_way = |request: &Request| {
        let mut target = request.target.clone();
        for (encoded, letter) in [("%26", "&"), ("%27", "'"), ("%2B", "+"), ("%2b", "+")] {
            target = target.replace(encoded, letter);
        }
        target = target.replace("%c3%a4", "%C3%A4").replace("%3f", "%3F");
        Request { target, ..request.clone() }
    };
    requests.iter().map(one_way).collect()
}

/// Fails unless each file and each folder was asked for once, and nothing else but what is named here.
fn assert_each_once(requests: &[Request], besides: &[&str]) {
    let gets = plain(requests).into_iter().filter(|request| request.method == "GET");
    let gets: Vec<_> = gets.filter(|request| !besides.contains(&request.target.as_str())).collect();
    let all = TREE_FILES.iter().chain(&TREE_FOLDERS);
    let expected: BTreeMap<_, _> = all.map(|target| ((*target).to_owned(), 1)).collect();
    assert_eq!(counts(&gets), expected);
    assert!(gets.iter().all(|request| request.status == 200 && request.complete), "{gets:#?}");
    for request in plain(requests).iter().filter(|request| request.method != "GET") {
        let target = request.target.as_str();
        let is_of_it = expected.contains_key(target) || besides.contains(&target);
        assert!(request.method == "HEAD" && is_of_it, "{request:?}");
    }
}

#[test]
#[ignore = "needs wget; .ci/run runs it"]
fn wget_fetches_a_tree_once_with_no_archives_and_no_other_orders() {
    let (site, place) = (tree(), place());
    let server = serve(site.path(), &[]);
    let mut wget = client("wget", &place);
    wget.args(["--no-config", "-nv", "-r", "-np", "-nH", "--restrict-file-names=unix,nocontrol"]);
    succeed(wget.arg(server.url("/tree/")));
    let mut got = contents_below(&place.path().join("out"));
    // A folder's page is kept under a name for indexes.
    got.retain(|name, _| !name.ends_with("index.html"));
    let mut expected = contents_below(site.path());
    expected.remove("outside.txt");
    assert_same_files(&got, &expected);
    assert_each_once(&requests(server), &["/robots.txt"]);
}

#[test]
#[ignore = "needs rclone; .ci/run runs it"]
fn rclone_copies_a_tree() {
    let (site, place) = (tree(), place());
    let server = serve(site.path(), &[]);
    let mut rclone = client("rclone", &place);
    rclone.args(["copy", "--config", "", "--retries", "1", "--http-url", &server.url("/tree/")]);
    succeed(rclone.args([":http:", "."]));
    assert_same_files(&contents_below(&place.path().join("out")), &contents_below(&site.path().join("tree")));
    assert_each_once(&requests(server), &[]);
}

#[test]
#[ignore = "needs lftp; .ci/run runs it"]
fn lftp_mirrors_a_tree() {
    let (site, place) = (tree(), place());
    let server = serve(site.path(), &[]);
    let script = format!("set net:max-retries 1; open {}; mirror tree .", server.url("/"));
    succeed(client("lftp", &place).args(["--norc", "-c", &script]));
    assert_same_files(&contents_below(&place.path().join("out")), &contents_below(&site.path().join("tree")));
    assert_each_once(&requests(server), &["/"]);
}

#[test]
#[ignore = "needs httrack; .ci/run runs it"]
fn httrack_which_wants_pages_like_a_person_follows_no_archives_and_no_orders() {
    let (site, place) = (tree(), place());
    let server = serve(site.path(), &[]);
    let mut httrack = client("httrack", &place);
    // Without its limits, which are there for other people's servers.
    httrack.args(["--disable-security-limits", "--max-rate=0", "--connection-per-second=0", "--sockets=4"]);
    succeed(httrack.args(["-q", "-%v0", "-O", ".", &server.url("/tree/")]));
    let mirror = place.path().join("out").join(format!("127.0.0.1_{}/tree", server.port()));
    let got = contents_below(&mirror);
    for (name, content) in
        contents_below(&site.path().join("tree")).iter().filter(|(name, _)| name.ends_with("/large.bin"))
    {
        assert!(got.get(name) == Some(content), "{name} in {:?}", got.keys());
    }
    assert_each_once(&requests(server), &["/robots.txt"]);
}

/// A Python with fsspec.
fn python() -> PathBuf {
    static ONCE: OnceLock<PathBuf> = OnceLock::new();
    let install = |folder: &Path| {
        install_by(Command::new("python3").args(["-m", "venv"]).arg(folder));
        let pip = folder.join("bin/pip");
        install_by(Command::new(pip).args(["install", "--quiet", "fsspec==2026.9.0", "aiohttp==3.14.5"]));
    };
    ONCE.get_or_init(|| installed("clients-python", install)).join("bin/python")
}

/// What a script writes that has fsspec's file system as `http` and the server as `url`.
fn fsspec(server: &Server, place: &TempDir, script: &str) -> Value {
    let url = server.url("");
    let script = format!(
        "import fsspec, json\nhttp = fsspec.filesystem('http')\nurl = {url:?}\n{script}\nprint(json.dumps(result))"
    );
    let finished = succeed(client(python(), place).args(["-I", "-c", &script]));
    serde_json::from_str(finished.stdout.last().expect("a line")).expect("JSON")
}

#[test]
#[ignore = "needs python3 with venv, and fsspec by pip; .ci/run runs it"]
fn fsspec_finds_all_files_of_a_tree_and_nothing_else() {
    let (site, place) = (tree(), place());
    let server = serve(site.path(), &[]);
    let found = fsspec(&server, &place, "result = http.find(url + '/tree/')");
    let mut found: Vec<String> = serde_json::from_value(found).expect("an array of strings");
    let mut expected: Vec<_> = TREE_FILES.iter().map(|target| server.url(target)).collect();
    for url in &mut found {
        *url = url.replace("%26", "&").replace("%27", "'").replace("%2B", "+");
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let asked = counts(&requests(server));
    // Some it asks for without a slash.
    let is_folder =
        |target: &String| TREE_FOLDERS.contains(&format!("{}/", target.trim_end_matches('/')).as_str());
    assert!(asked.keys().all(is_folder), "{asked:#?}");
}

#[test]
#[ignore = "needs python3 with venv, and fsspec by pip; .ci/run runs it"]
fn fsspec_reads_files_in_parts_also_those_with_nothing_in_them() {
    let (site, place) = (tree(), place());
    let server = serve(site.path(), &[]);
    let script = "import hashlib
file = http.open(url + '/tree/a/large.bin', block_size=100_000)
pieces = []
for at in (900_000, 0, 500_000):
    file.seek(at)
    pieces.append(hashlib.sha256(file.read(100_000)).hexdigest())
empty = url + '/tree/empty.txt'
result = [file.size, pieces, http.cat(url + '/tree/a/small.txt').decode(), http.cat(empty).decode(),
    http.cat_file(empty, start=0).decode(), http.open(empty).read().decode()]";
    let result = fsspec(&server, &place, script);
    let large = fs::read(site.path().join("tree/a/large.bin")).expect("it is there");
    let pieces = [900_000, 0, 500_000].map(|at| sha256(&large[at..at + 100_000]));
    assert_eq!(result, serde_json::json!([1_000_000, pieces, "small", "", "", ""]));
    let large = requests(server).into_iter().filter(|request| request.target == "/tree/a/large.bin");
    let parts: Vec<_> = large.filter(|request| request.method == "GET").collect();
    assert!(!parts.is_empty() && parts.iter().all(|request| request.status == 206), "{parts:#?}");
}

// ---- what has changed in a large file

/// A file of which somebody has an older one that differs in so many places.
const CHANGES: usize = 40;
const CHANGED_LENGTH: usize = 4_000_000;

/// The newer and the older.
fn two_versions() -> (Vec<u8>, Vec<u8>) {
    let newer = noise(1, CHANGED_LENGTH);
    let mut older = newer.clone();
    for (number, bytes) in noise(2, CHANGES * 300).chunks(300).enumerate() {
        let at = number * (CHANGED_LENGTH / CHANGES) + 10_000;
        older[at..at + 300].copy_from_slice(bytes);
    }
    (newer, older)
}

/// Fails unless what was asked for came in parts, many in one answer, and was clearly less than the file.
fn assert_only_changes(requests: &[Request], target: &str) {
    let of_it: Vec<_> = requests.iter().filter(|request| request.target == target).collect();
    assert!(of_it.iter().all(|request| request.status == 206), "{of_it:#?}");
    assert!((1..=CHANGES / 4).contains(&of_it.len()), "{of_it:#?}");
    let bytes: u64 = of_it.iter().map(|request| request.bytes).sum();
    assert!(bytes < CHANGED_LENGTH as u64 / 4 * 3, "{bytes} bytes: {of_it:#?}");
}

#[test]
#[ignore = "needs zsync; .ci/run runs it"]
fn zsync_fetches_only_what_has_changed() {
    let (newer, older) = two_versions();
    let (site, place) = (folder(&[]), place());
    write(site.path(), "file.bin", &newer);
    write(place.path(), "out/older.bin", older);
    let mut make = client("zsyncmake", &place);
    make.args(["-u", "file.bin", "-o"]).arg(site.path().join("file.bin.zsync"));
    succeed(make.arg(site.path().join("file.bin")));
    let server = serve(site.path(), &[]);
    succeed(client("zsync", &place).args(["-q", "-i", "older.bin", &server.url("/file.bin.zsync")]));
    assert!(fs::read(place.path().join("out/file.bin")).expect("it is there") == newer);
    assert_only_changes(&requests(server), "/file.bin");
}

#[test]
#[ignore = "needs zckdl, of zchunk; .ci/run runs it"]
fn zchunk_fetches_only_what_has_changed() {
    let (newer, older) = two_versions();
    let (site, place) = (folder(&[]), place());
    write(place.path(), "newer", &newer);
    write(place.path(), "older", older);
    succeed(client("zck", &place).arg("-o").arg(site.path().join("file.zck")).arg("../newer"));
    succeed(client("zck", &place).args(["-o", "older.zck", "../older"]));
    let server = serve(site.path(), &[]);
    let mut zckdl = client("zckdl", &place);
    succeed(zckdl.args(["--fail-no-ranges", "-s", "older.zck", &server.url("/file.zck")]));
    let got = fs::read(place.path().join("out/file.zck")).expect("it is there");
    assert!(got == fs::read(site.path().join("file.zck")).expect("it is there"));
    assert_only_changes(&requests(server), "/file.zck");
}

// ---- download managers

#[test]
#[ignore = "needs aria2c; .ci/run runs it"]
fn aria2_fetches_a_file_over_several_connections() {
    let (site, place) = (folder(&[]), place());
    let content = noise(3, 8_000_000);
    write(site.path(), "large.bin", &content);
    let server = serve(site.path(), &[]);
    let mut aria2 = client("aria2c", &place);
    // As fast as it can, the first connection may be done before the others are made.
    aria2.args(["--no-conf", "-q", "-x4", "-s4", "-k1M", "--max-overall-download-limit=8M"]);
    succeed(aria2.arg(server.url("/large.bin")));
    assert!(fs::read(place.path().join("out/large.bin")).expect("it is there") == content);
    let requests = requests(server);
    assert!(requests.len() >= 4 && requests[0].target == "/large.bin", "{requests:#?}");
    // The first asks for all of it, to hear how much that is.
    let parts = requests.iter().filter(|request| request.status == 206).count();
    assert!(parts >= requests.len() - 1, "{requests:#?}");
}

#[test]
#[ignore = "needs axel; .ci/run runs it"]
fn axel_fetches_a_file_over_several_connections() {
    let (site, place) = (folder(&[]), place());
    let content = noise(4, 8_000_000);
    write(site.path(), "large.bin", &content);
    let server = serve(site.path(), &[]);
    succeed(client("axel", &place).args(["-q", "-n", "4", &server.url("/large.bin")]));
    assert!(fs::read(place.path().join("out/large.bin")).expect("it is there") == content);
}

#[test]
#[ignore = "needs curl, aria2c, axel, lftp, busybox and python3; .ci/run runs it"]
fn clients_that_leave_dot_segments_in_a_path_get_what_it_names() {
    let site = folder(&[("log.txt", "the log"), ("enc/other.txt", "other")]);
    let script = "import sys, urllib.request, shutil
shutil.copyfileobj(urllib.request.urlopen(sys.argv[2]), open(sys.argv[1], 'wb'))";
    let clients: [&[&str]; 6] = [
        &["curl", "-q", "--silent", "--show-error", "--fail", "--path-as-is", "-o", "got"],
        &["aria2c", "--no-conf", "-q", "-o", "got"],
        &["axel", "-q", "-o", "got"],
        &["lftp", "--norc", "-c", "set net:max-retries 1; get1 -o got \"$0\""],
        &["busybox", "wget", "-q", "-O", "got"],
        &["python3", "-I", "-c", script, "got"],
    ];
    let server = serve(site.path(), &[]);
    for words in clients {
        for path in ["/enc/../log.txt", "/enc/./../log.txt"] {
            let place = place();
            let url = server.url(path);
            let mut command = client(words[0], &place);
            // lftp has its words and its URL in one.
            match words.last() {
                Some(last) if last.contains("$0") => {
                    command.args(&words[1..words.len() - 1]).arg(last.replace("$0", &url))
                }
                _ => command.args(&words[1..]).arg(url),
            };
            succeed(&mut command);
            let got = fs::read_to_string(place.path().join("out/got")).expect("it is there");
            assert_eq!(got, "the log", "{words:?} {path}");
        }
    }
    // Each has sent what this is about.
    let sent = requests(server).iter().filter(|request| request.target.contains("/../")).count();
    assert!(sent >= clients.len(), "{sent}");
}

#[test]
#[ignore = "needs wget; .ci/run runs it"]
fn wget_fetches_again_what_was_replaced_by_a_file_of_an_odd_date() {
    let now = SystemTime::now();
    let epoch = SystemTime::UNIX_EPOCH;
    let table = [
        ("both have no date", epoch, epoch),
        (
            "both have the date of reproducible builds",
            epoch + Duration::from_secs(1),
            epoch + Duration::from_secs(1),
        ),
        (
            "both are of 1965",
            epoch - Duration::from_secs(150_000_000),
            epoch - Duration::from_secs(150_000_000),
        ),
        ("both are ahead of the clock", now + Duration::from_secs(10_000), now + Duration::from_secs(10_000)),
        (
            "an older one is back",
            epoch + Duration::from_secs(1_500_000_000),
            epoch + Duration::from_secs(1_400_000_000),
        ),
    ];
    for (what, first, second) in table {
        let (site, place) = (folder(&[]), place());
        let server = serve(site.path(), &[]);
        for (content, time) in [("one", first), ("number two", second)] {
            let path = site.path().join("file.txt");
            fs::write(&path, content).expect("it is written");
            let file = fs::File::options().append(true).open(&path).expect("it is there");
            file.set_modified(time).expect("its time is set");
            let mut wget = client("wget", &place);
            succeed(wget.args(["--no-config", "-nv", "-N", &server.url("/file.txt")]));
            let got = fs::read_to_string(place.path().join("out/file.txt")).expect("it is there");
            assert_eq!(got, content, "{what}");
        }
    }
}

#[test]
#[ignore = "needs wget; .ci/run runs it"]
fn wget_fetches_nothing_again_that_has_not_changed() {
    let (site, place) = (folder(&[("file.txt", "one")]), place());
    let server = serve(site.path(), &[]);
    // Who changed in the last two seconds may change once more in the same.
    let get = || {
        let mut wget = client("wget", &place);
        succeed(wget.args(["--no-config", "-nv", "-N", &server.url("/file.txt")]));
    };
    get();
    wait_until_strong(&server, "/file.txt");
    get();
    let requests: Vec<_> = requests(server).into_iter().filter(|request| request.method == "GET").collect();
    assert_eq!(requests.last().map(|request| request.status), Some(304), "{requests:#?}");
}

/// Waits until the file's tag is strong: until then its last change is too young to tell it from another.
fn wait_until_strong(server: &Server, target: &str) {
    let mut client = server.connect();
    wait_until("a strong tag", || {
        client.send(format!("HEAD {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        client.head().field("etag").is_some_and(|tag| tag.starts_with('"')).then_some(())
    });
}

// ---- package managers, from folders of files

#[test]
#[ignore = "needs npm; .ci/run runs it"]
fn npm_installs_a_package_with_a_scope() {
    let (site, place) = (folder(&[]), place());
    write(place.path(), "package/package.json", r#"{"name": "@scope/name", "version": "1.0.0"}"#);
    write(place.path(), "package/index.js", "module.exports = 42;");
    fs::create_dir_all(site.path().join("npm/@scope")).expect("a folder is made");
    let npm = |words: &[&str]| {
        let mut npm = client("npm", &place);
        npm.arg("--cache").arg(place.path().join("cache")).arg("--no-update-notifier").args(words);
        succeed(&mut npm);
    };
    npm(&["pack", "--silent", "--pack-destination", "..", "../package"]);
    fs::rename(place.path().join("scope-name-1.0.0.tgz"), site.path().join("npm/name.tgz"))
        .expect("it is made");
    let server = serve(site.path(), &[]);
    let registry = server.url("/npm/");
    let package = serde_json::json!({"name": "@scope/name", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {
        "name": "@scope/name", "version": "1.0.0", "dist": {"tarball": format!("{registry}name.tgz")}
    }}});
    write(site.path(), "npm/@scope/name", package.to_string());
    npm(&["install", "--registry", &registry, "--no-audit", "--no-fund", "--fetch-retries=0", "@scope/name"]);
    let script = place.path().join("out/node_modules/@scope/name/index.js");
    assert_eq!(fs::read_to_string(script).expect("it is installed"), "module.exports = 42;");
    let asked = counts(&requests(server));
    assert!(asked.keys().any(|target| target.to_lowercase() == "/npm/@scope%2fname"), "{asked:?}");
}

#[test]
#[ignore = "needs git; .ci/run runs it"]
fn git_clones_a_repository_that_is_only_files() {
    let (site, place) = (folder(&[]), place());
    let git = |words: &[&str]| {
        let mut git = client("git", &place);
        git.args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
        succeed(git.args(words));
    };
    git(&["init", "-q", "made"]);
    let content = noise(5, 300_000);
    write(place.path(), "out/made/file.bin", &content);
    git(&["-C", "made", "add", "."]);
    git(&["-C", "made", "commit", "-q", "-m", "one"]);
    let bare = site.path().join("repository.git");
    let bare = bare.to_str().expect("UTF-8");
    git(&["clone", "-q", "--bare", "made", bare]);
    git(&["-C", bare, "update-server-info"]);
    let server = serve(site.path(), &[]);
    git(&["clone", "-q", &server.url("/repository.git"), "cloned"]);
    assert!(fs::read(place.path().join("out/cloned/file.bin")).expect("it is there") == content);
}

#[test]
#[ignore = "needs python3 with venv, whose pip it runs; .ci/run runs it"]
fn pip_finds_a_package_in_the_listing_of_a_folder() {
    let (site, place) = (folder(&[]), place());
    // A version of one's own has a plus in its name.
    let name = "nothing-1.0+local-py3-none-any.whl";
    let script = "import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    about = 'nothing-1.0+local.dist-info/'
    wheel.writestr('nothing.py', 'answer = 42')
    wheel.writestr(about + 'METADATA', 'Metadata-Version: 2.1\\nName: nothing\\nVersion: 1.0+local\\n')
    wheel.writestr(about + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(about + 'RECORD', '')";
    write(site.path(), "simple/nothing/nothing-0.9.tar.gz", "an older one");
    let wheel = site.path().join("simple/nothing").join(name);
    succeed(client(python(), &place).args(["-I", "-c", script]).arg(&wheel));
    let server = serve(site.path(), &[]);
    let mut pip = client(python(), &place);
    pip.args(["-I", "-m", "pip", "--isolated", "--disable-pip-version-check", "download", "--no-cache-dir"]);
    succeed(pip.args(["--retries", "0", "--index-url", &server.url("/simple/"), "nothing"]));
    assert_same_files(
        &contents_below(&place.path().join("out")),
        &BTreeMap::from([(name.to_owned(), fs::read(wheel).expect("it is there"))]),
    );
    let asked: Vec<_> = counts(&requests(server)).into_keys().collect();
    assert_eq!(asked.len(), 2, "the folder and the file: {asked:?}");
}

#[test]
#[ignore = "needs apt-get and dpkg-deb; .ci/run runs it"]
fn apt_gets_a_package_from_a_folder_and_asks_whether_that_has_changed() {
    let (site, place) = (folder(&[]), place());
    let name = "nothing_1.0~rc1+b1_all.deb";
    let about = "Package: nothing\nVersion: 1.0~rc1+b1\nArchitecture: all\n\
        Maintainer: A <a@example.org>\nDescription: nothing\n";
    write(place.path(), "package/DEBIAN/control", about);
    let package = site.path().join(name);
    succeed(client("dpkg-deb", &place).args(["--root-owner-group", "-b", "../package"]).arg(&package));
    let content = fs::read(&package).expect("it is there");
    let packages =
        format!("{about}Filename: ./{name}\nSize: {}\nSHA256: {}\n\n", content.len(), sha256(&content));
    write(site.path(), "Packages", &packages);
    let hash = sha256(packages.as_bytes());
    let date = "Sun, 09 Sep 2001 01:46:40 UTC";
    write(site.path(), "Release", format!("Date: {date}\nSHA256:\n {hash} {} Packages\n", packages.len()));
    let server = serve(site.path(), &[]);
    // A system of its own, which has nothing.
    for folder in ["state/lists/partial", "cache/archives/partial", "etc/preferences.d"] {
        fs::create_dir_all(place.path().join(folder)).expect("a folder is made");
    }
    write(place.path(), "status", "");
    let url = server.url("/");
    write(place.path(), "etc/sources.list", format!("deb [trusted=yes] {url} ./\n"));
    let place_of = |name: &str| place.path().join(name).display().to_string();
    let apt = |words: &[&str]| {
        let mut apt = client("apt-get", &place);
        for (option, value) in [
            ("Dir::Etc", place_of("etc")),
            ("Dir::Etc::Parts", "/dev/null".to_owned()),
            ("Dir::State", place_of("state")),
            ("Dir::State::status", place_of("status")),
            ("Dir::Cache", place_of("cache")),
            ("APT::Sandbox::User", "root".to_owned()),
            ("Acquire::Retries", "0".to_owned()),
        ] {
            apt.arg("-o").arg(format!("{option}={value}"));
        }
        succeed(apt.arg("-qq").args(words));
    };
    apt(&["update"]);
    wait_until_strong(&server, "/Release");
    apt(&["update"]);
    apt(&["download", "nothing"]);
    assert!(fs::read(place.path().join("out").join(name)).expect("it is there") == content);
    let asked = requests(server);
    let release =
        asked.iter().filter(|request| request.method == "GET" && request.target.ends_with("/Release"));
    assert_eq!(release.map(|request| request.status).collect::<Vec<_>>(), [200, 304], "{asked:#?}");
}

// ---- a viewer and a browser

/// Where pdf.js is.
fn pdfjs() -> PathBuf {
    static ONCE: OnceLock<PathBuf> = OnceLock::new();
    let install = |folder: &Path| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--prefix"]);
        install_by(npm.arg(folder).arg("pdfjs-dist@5.6.205"));
    };
    ONCE.get_or_init(|| installed("clients-pdfjs", install)).join("node_modules/pdfjs-dist/build")
}

/// A document of so many pages, each with a line of text and a picture of noise. All that a reader must
/// know to find a page stands at the end, as in most documents.
fn document(pages: usize, picture: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut places = BTreeMap::new();
    let mut object = |bytes: &mut Vec<u8>, number: usize, head: String, stream: Option<&[u8]>| {
        places.insert(number, bytes.len());
        bytes.extend(format!("{number} 0 obj\n{head}\n").bytes());
        if let Some(stream) = stream {
            bytes.extend(b"stream\n");
            bytes.extend(stream);
            bytes.extend(b"\nendstream\n");
        }
        bytes.extend(b"endobj\n");
    };
    let numbers = |page: usize| (4 + 3 * page, 5 + 3 * page, 6 + 3 * page);
    for page in 0..pages {
        let (_, content, image) = numbers(page);
        let pixels = noise(page as u64, picture * 1000);
        let head = format!(
            "<< /Type /XObject /Subtype /Image /Width 1000 /Height {picture} /ColorSpace /DeviceGray \
            /BitsPerComponent 8 /Length {} >>",
            pixels.len()
        );
        object(&mut bytes, image, head, Some(&pixels));
        let text = format!(
            "BT /F 24 Tf 72 720 Td (This is page {}) Tj ET q 400 0 0 400 72 200 cm /I Do Q",
            page + 1
        );
        object(&mut bytes, content, format!("<< /Length {} >>", text.len()), Some(text.as_bytes()));
    }
    for page in 0..pages {
        let (number, content, image) = numbers(page);
        let head = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R \
            /Resources << /Font << /F 3 0 R >> /XObject << /I {image} 0 R >> >> >>"
        );
        object(&mut bytes, number, head, None);
    }
    let kids: Vec<_> = (0..pages).map(|page| format!("{} 0 R", numbers(page).0)).collect();
    object(&mut bytes, 1, "<< /Type /Catalog /Pages 2 0 R >>".to_owned(), None);
    object(&mut bytes, 2, format!("<< /Type /Pages /Count {pages} /Kids [{}] >>", kids.join(" ")), None);
    object(&mut bytes, 3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(), None);
    let (table, count) = (bytes.len(), places.len() + 1);
    bytes.extend(format!("xref\n0 {count}\n0000000000 65535 f \n").bytes());
    bytes.extend(places.values().flat_map(|place| format!("{place:010} 00000 n \n").into_bytes()));
    bytes.extend(format!("trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").bytes());
    bytes
}

#[test]
#[ignore = "needs chromium, chromedriver and npm; .ci/run runs it"]
fn a_pdf_viewer_of_another_origin_fetches_only_the_pages_that_are_looked_at() {
    let viewer = folder(&[]);
    for name in ["pdf.min.mjs", "pdf.worker.min.mjs"] {
        fs::copy(pdfjs().join(name), viewer.path().join(name)).expect("npm has installed it");
    }
    let script = "import * as pdfjs from './pdf.min.mjs';
pdfjs.GlobalWorkerOptions.workerSrc = './pdf.worker.min.mjs';
window.read = async (url, number) => {
  const pdf = await pdfjs.getDocument({url, disableAutoFetch: true, disableStream: true}).promise;
  const {items} = await (await pdf.getPage(number)).getTextContent();
  return `${items.map(item => item.str).join('')} of ${pdf.numPages}`;
};";
    write(viewer.path(), "viewer.js", script);
    write(viewer.path(), "index.html", "<!doctype html><script type=module src=viewer.js></script>");
    let viewer = Server::start(viewer.path(), &[]);
    let origin = viewer.url("");
    let document = document(40, 600);
    let site = folder(&[]);
    write(site.path(), "document.pdf", &document);
    let server = serve(site.path(), &[&format!("--cors={origin}")]);
    let browser = Browser::start();
    browser.open(&viewer.url("/"));
    browser.wait_for("return typeof window.read === 'function'");
    let url = server.url("/document.pdf");
    browser.run(&format!(
        "window.read({url:?}, 20).then(text => window.result = text, error => window.result = String(error))"
    ));
    browser.wait_for("return typeof window.result === 'string'");
    assert_eq!(browser.text("return window.result"), "This is page 20 of 40");
    drop(browser);
    let requests = requests(server);
    let (parts, others): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.status == 206);
    assert!(parts.len() >= 3, "{requests:#?}");
    // The first asks for all of it, and is broken off once its head is there.
    assert!(others.iter().all(|request| !request.complete || request.method == "OPTIONS"), "{requests:#?}");
    let bytes: u64 = requests.iter().map(|request| request.bytes).sum();
    assert!(bytes < document.len() as u64 / 4 * 3, "{bytes} of {}", document.len());
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_browser_shows_the_file_that_replaced_one_of_the_same_date_and_size() {
    let site = folder(&[("index.html", "<!doctype html><script src=app.js></script>")]);
    let script = |version: u32| write(site.path(), "app.js", format!("window.version = {version};"));
    script(1);
    let server = serve(site.path(), &[]);
    wait_until_strong(&server, "/app.js");
    let browser = Browser::start();
    let shown = || {
        browser.open(&server.url("/"));
        browser.run("return window.version")
    };
    assert_eq!((shown(), shown()), (1.into(), 1.into()));
    script(2);
    assert_eq!((shown(), shown()), (2.into(), 2.into()));
}

#[test]
#[ignore = "needs chromium and chromedriver; .ci/run runs it"]
fn a_browser_never_mixes_parts_of_two_files_of_the_same_date_and_size() {
    let site = folder(&[("index.html", "<!doctype html>")]);
    let content = |letter: &str| write(site.path(), "large.txt", letter.repeat(1_000_000));
    content("a");
    let server = serve(site.path(), &[]);
    wait_until_strong(&server, "/large.txt");
    let browser = Browser::start();
    browser.open(&server.url("/"));
    // It keeps the parts that it has got, and asks for those that it lacks.
    let read = |range: &str| {
        browser.run(&format!(
            "window.read = undefined;
            fetch('/large.txt', {{headers: {{Range: 'bytes={range}'}}}}).then(answer => answer.text())
                .then(text => window.read = text, error => window.read = String(error))"
        ));
        browser.wait_for("return typeof window.read === 'string'");
        browser.text("return [...new Set(window.read)].join('') + window.read.length")
    };
    assert_eq!(read("0-299999"), "a300000");
    assert_eq!(read("0-499999"), "a500000");
    content("b");
    // Told that it is another file, it may be given all of it.
    let read = read("0-699999");
    assert!(["b700000", "b1000000"].contains(&read.as_str()), "{read}");
    drop(browser);
    let requests = requests(server);
    let parts = requests.iter().filter(|request| request.status == 206);
    // Before, it had asked for what it lacked, and for no more.
    let first: Vec<_> = parts.take(2).map(|part| part.bytes).collect();
    assert_eq!(first, [300_000, 200_000], "{requests:#?}");
}

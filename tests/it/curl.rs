//! The real curl against the real server: what people do with it works.

use crate::support::{
    LARGE, PATIENCE, Server, as_text, folder, glasshttp, has_v6, make_fifo, name, write, write_sparse,
};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

// ---- running curl

/// curl without the settings of whoever runs the tests: quiet, but for errors, and bounded in time.
fn curl() -> Command {
    let mut command = Command::new("curl");
    let patience = PATIENCE.as_secs().to_string();
    // -q must come first.
    command.args(["-q", "--silent", "--show-error", "--globoff", "--noproxy", "*", "--max-time", &patience]);
    command.stdin(Stdio::null());
    command
}

/// Starts it; to be without curl is no reason to pass.
fn spawn(command: &mut Command) -> Child {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    child.unwrap_or_else(|error| panic!("these tests need curl, and it cannot be started: {error}"))
}

/// Runs it to its end, which must be exit code 0.
fn run(command: &mut Command) -> String {
    as_text(&succeeded(spawn(command)).stdout)
}

fn succeeded(child: Child) -> Output {
    let output = child.wait_with_output().expect("the process is ours");
    assert!(output.status.success(), "curl: {}: {}", output.status, as_text(&output.stderr));
    output
}

/// The status and the body of one URL.
fn fetch(server: &Server, path: &str, options: &[&str]) -> (u16, String) {
    let mut command = curl();
    let text = run(command.args(options).args(["--write-out", "\n%{http_code}"]).arg(server.url(path)));
    let (body, status) = text.rsplit_once('\n').expect("the status comes after the body");
    (status.parse().expect("a status"), body.to_owned())
}

fn status(server: &Server, path: &str) -> u16 {
    fetch(server, path, &["--path-as-is"]).0
}

/// Status line and fields as curl shows them, sorted, without the time of day.
fn head(server: &Server, path: &str, options: &[&str]) -> Vec<String> {
    let mut command = curl();
    command.args(["--dump-header", "-", "--output", "/dev/null"]).args(options).arg(server.url(path));
    let text = run(&mut command);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("Date:"));
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

fn field<'a>(head: &'a [String], name: &str) -> Option<&'a str> {
    head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// So many bytes of no pattern. They repeat after a prime number of bytes: what is out of place by
/// any number that a program may come by is seen to be.
fn noise(length: usize) -> Vec<u8> {
    const PERIOD: usize = 100_003;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let byte = || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    let period: Vec<u8> = std::iter::repeat_with(byte).take(PERIOD).collect();
    let mut bytes = period.repeat(length.div_ceil(PERIOD));
    bytes.truncate(length);
    bytes
}

/// Equal or not, without printing megabytes.
fn assert_same(file: &Path, expected: &[u8]) {
    let found = std::fs::read(file).expect("curl wrote it");
    assert!(found == expected, "{} bytes of {} differ from what they should be", found.len(), expected.len());
}

// ---- pages and heads

#[test]
fn a_page_a_file_and_a_listing_are_fetched() {
    let folder = folder(&[("index.html", "<p>start"), ("sub/a.txt", "aaaaa"), ("empty", "")]);
    let server = Server::start(folder.path(), &[]);
    for (path, body) in [("/", "<p>start"), ("/?query", "<p>start"), ("/sub/a.txt", "aaaaa"), ("/empty", "")]
    {
        assert_eq!(fetch(&server, path, &[]), (200, body.to_owned()), "{path}");
    }
    let (status, listing) = fetch(&server, "/sub/", &[]);
    assert!(status == 200 && listing.contains("<title>Index of /sub/</title>"), "{listing}");
}

#[test]
fn localhost_works_by_name_over_both_protocols() {
    let folder = folder(&[("a.txt", "aaaaa")]);
    let server = Server::start(folder.path(), &[]);
    for protocol in if has_v6() { &["--ipv4", "--ipv6"][..] } else { &["--ipv4"] } {
        // Not every machine's hosts file has localhost twice.
        let resolve = format!("localhost:{}:127.0.0.1,[::1]", server.port());
        let url = format!("http://localhost:{}/a.txt", server.port());
        assert_eq!(run(curl().args([protocol, "--resolve", &resolve, &url])), "aaaaa", "{protocol}");
    }
}

#[test]
fn a_head_has_the_fields_that_a_get_has() {
    let folder = folder(&[("index.html", "start"), ("sub/a.txt", "aaaaa"), ("empty", "")]);
    write_sparse(folder.path(), "large", LARGE);
    let server = Server::start(folder.path(), &[]);
    let table: &[(&str, &[&str], &str)] = &[
        ("/", &[], "200"),
        ("/sub/a.txt", &[], "200"),
        ("/empty", &[], "200"),
        ("/large", &[], "200"),
        ("/sub/", &[], "200"),
        ("/sub/", &["-HAccept: application/json"], "200"),
        ("/sub", &[], "301"),
        ("/missing", &[], "404"),
        ("/missing", &["-HAccept: text/html"], "404"),
        ("/", &["-HIf-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT"], "304"),
        ("/", &["-HHost: evil.example"], "421"),
    ];
    for &(path, options, status) in table {
        let get = head(&server, path, options);
        let head = head(&server, path, &[options, &["--head"]].concat());
        assert!(get.iter().any(|line| line.starts_with(&format!("HTTP/1.1 {status} "))), "{path}: {get:?}");
        assert_eq!(head, get, "{path} {options:?}");
    }
}

#[test]
fn an_old_client_is_answered_and_the_connection_closed() {
    let folder = folder(&[("a.txt", "aaaaa")]);
    let server = Server::start(folder.path(), &[]);
    assert_eq!(fetch(&server, "/a.txt", &["--http1.0"]), (200, "aaaaa".to_owned()));
    assert_eq!(field(&head(&server, "/a.txt", &["--http1.0"]), "Connection"), Some("close"));
    let asked = head(&server, "/a.txt", &["--http1.0", "-HConnection: keep-alive"]);
    assert_eq!(field(&asked, "Connection"), Some("keep-alive"));
}

// ---- parts and copies

#[test]
fn a_range_is_that_part_of_the_file() {
    let folder = folder(&[("digits.txt", "0123456789")]);
    let server = Server::start(folder.path(), &[]);
    let table = [
        ("0-4", 206, "01234", Some("bytes 0-4/10")),
        ("5-", 206, "56789", Some("bytes 5-9/10")),
        ("-3", 206, "789", Some("bytes 7-9/10")),
        ("9-9", 206, "9", Some("bytes 9-9/10")),
        ("5-1000", 206, "56789", Some("bytes 5-9/10")),
        ("-1000", 206, "0123456789", Some("bytes 0-9/10")),
    ];
    for (range, status, body, content_range) in table {
        assert_eq!(fetch(&server, "/digits.txt", &["-r", range]), (status, body.to_owned()), "{range}");
        let head = head(&server, "/digits.txt", &["-r", range]);
        assert_eq!(field(&head, "Content-Range"), content_range, "{range}");
    }
    assert_eq!(fetch(&server, "/digits.txt", &["-r", "10-"]).0, 416);
    let head = head(&server, "/digits.txt", &["-r", "10-"]);
    assert_eq!(field(&head, "Content-Range"), Some("bytes */10"));
}

#[test]
fn several_ranges_come_as_parts_with_heads_of_their_own() {
    let folder = folder(&[("digits.txt", &"0123456789".repeat(100))]);
    let server = Server::start(folder.path(), &[]);
    let table: &[(&str, &[(&str, &str)])] = &[
        ("0-1,-2", &[("0-1", "01"), ("998-999", "89")]),
        ("500-502,0-0,998-", &[("500-502", "012"), ("0-0", "0"), ("998-999", "89")]),
        ("0-1,-2,5000-", &[("0-1", "01"), ("998-999", "89")]),
    ];
    for &(ranges, parts) in table {
        let text = run(curl().args(["--include", "-r", ranges]).arg(server.url("/digits.txt")));
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
        let (_, boundary) = head.split_once("multipart/byteranges; boundary=").expect("the boundary");
        let boundary = boundary.lines().next().expect("it has an end");
        let mut expected = String::new();
        for (range, content) in parts {
            let head =
                format!("Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/1000\r\n");
            expected += &format!("\r\n--{boundary}\r\n{head}\r\n{content}");
        }
        expected += &format!("\r\n--{boundary}--\r\n");
        // The line break at the very start may be there or not (RFC 2046 section 5.1.1).
        assert_eq!(body.trim_start(), expected.trim_start(), "{ranges}");
    }
}

#[test]
fn a_download_that_broke_off_is_resumed() {
    let content = noise(300_000);
    let (there, here) = (folder(&[]), folder(&[]));
    write(there.path(), "large.bin", &content);
    let server = Server::start(there.path(), &[]);
    let file = here.path().join("large.bin");
    std::fs::write(&file, &content[..123_456]).expect("a part is written");
    let mut command = curl();
    command.args(["-C", "-", "--write-out", "%{http_code} %{size_download}", "--output"]).arg(&file);
    let status = run(command.arg(server.url("/large.bin")));
    assert_eq!(status, format!("206 {}", 300_000 - 123_456));
    assert_same(&file, &content);
}

#[test]
fn a_copy_of_the_same_date_is_not_sent_again() {
    // The files of `folder` are of September 2001.
    let folder = folder(&[("a.txt", "aaaaa")]);
    let server = Server::start(folder.path(), &[]);
    for (date, expected) in [
        ("Sat, 01 Jan 2000 00:00:00 GMT", (200, "aaaaa")),
        ("Sun, 09 Sep 2001 01:46:39 GMT", (200, "aaaaa")),
        ("Sun, 09 Sep 2001 01:46:40 GMT", (304, "")),
    ] {
        assert_eq!(fetch(&server, "/a.txt", &["-z", date]), (expected.0, expected.1.to_owned()), "{date}");
    }
}

#[test]
fn a_copy_with_the_same_tag_is_not_sent_again() {
    let (there, here) = (folder(&[("a.txt", "aaaaa")]), folder(&[]));
    let server = Server::start(there.path(), &[]);
    let tag = here.path().join("tag");
    let tag = tag.to_str().expect("UTF-8");
    assert_eq!(fetch(&server, "/a.txt", &["--etag-save", tag]), (200, "aaaaa".to_owned()));
    assert_eq!(fetch(&server, "/a.txt", &["--etag-compare", tag]), (304, String::new()));
    // The same length and the same time of change, but other bytes in another file.
    write(there.path(), "new.txt", "bbbbb");
    std::fs::rename(there.path().join("new.txt"), there.path().join("a.txt")).expect("it is replaced");
    assert_eq!(fetch(&server, "/a.txt", &["--etag-compare", tag]), (200, "bbbbb".to_owned()));
}

#[test]
fn a_file_that_was_just_written_has_a_tag_that_works_too() {
    let (there, here) = (folder(&[]), folder(&[]));
    std::fs::write(there.path().join("a.txt"), "aaaaa").expect("a file is written");
    let server = Server::start(there.path(), &[]);
    let tag = here.path().join("tag");
    let tag = tag.to_str().expect("UTF-8");
    assert_eq!(fetch(&server, "/a.txt", &["--etag-save", tag]).0, 200);
    assert_eq!(fetch(&server, "/a.txt", &["--etag-compare", tag]).0, 304);
}

#[test]
fn a_file_of_64_mib_arrives_byte_for_byte() {
    let content = noise(64 * 1024 * 1024);
    let (there, here) = (folder(&[]), folder(&[]));
    write(there.path(), "large.bin", &content);
    let server = Server::start(there.path(), &[]);
    let file = here.path().join("copy");
    run(curl().arg("--output").arg(&file).arg(server.url("/large.bin")));
    assert_same(&file, &content);
}

#[test]
fn eight_downloads_at_a_time_get_their_own_bytes() {
    const LENGTH: usize = 4 * 1024 * 1024;
    const STEP: usize = 1000;
    let content = noise(LENGTH + 8 * STEP);
    let (there, here) = (folder(&[]), folder(&[]));
    let files: Vec<_> =
        (0..8).map(|number| (format!("{number}.bin"), &content[number * STEP..][..LENGTH])).collect();
    for (file, bytes) in &files {
        write(there.path(), file, bytes);
    }
    for threads in ["1", "3"] {
        let server = Server::start(there.path(), &["--threads", threads]);
        let start = |(file, _): &(String, _)| {
            spawn(curl().arg("--output").arg(here.path().join(file)).arg(server.url(&format!("/{file}"))))
        };
        let downloads: Vec<_> = files.iter().map(start).collect();
        for (download, (file, bytes)) in downloads.into_iter().zip(&files) {
            succeeded(download);
            assert_same(&here.path().join(file), bytes);
        }
    }
}

// ---- connections and redirects

#[test]
fn several_urls_go_over_one_connection_whatever_their_answers_are() {
    let folder = folder(&[("a.txt", "aaaaa"), ("sub/b.txt", ""), ("empty", "")]);
    write_sparse(folder.path(), "large", 1024 * 1024);
    let server = Server::start(folder.path(), &[]);
    let table =
        [("/a.txt", 200), ("/missing", 404), ("/sub", 301), ("/sub/", 200), ("/empty", 200), ("/large", 200)];
    for options in [&[][..], &["--head"], &["-r", "0-0"], &["-z", "Sun, 09 Sep 2001 01:46:40 GMT"]] {
        let mut command = curl();
        command.args(options).args(["--write-out", "%{http_code} %{num_connects}\n"]);
        for (path, _) in table {
            command.args(["--output", "/dev/null"]).arg(server.url(path));
        }
        let lines: Vec<_> = run(&mut command).lines().map(str::to_owned).collect();
        let (statuses, connects): (Vec<_>, Vec<_>) = lines
            .iter()
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(s, c)| (s.to_owned(), c.to_owned()))
            .unzip();
        assert_eq!(connects, ["1", "0", "0", "0", "0", "0"], "{options:?} {lines:?}");
        if options.is_empty() {
            assert_eq!(statuses, table.map(|(_, status)| status.to_string()));
        }
    }
}

#[test]
fn small_uploads_that_are_refused_do_not_cost_the_connection() {
    let folder = folder(&[("a.txt", "aaaaa")]);
    let server = Server::start(folder.path(), &[]);
    let mut command = curl();
    command.args(["--data", "body", "--write-out", "%{http_code} %{num_connects}\n"]);
    for _ in 0..3 {
        command.args(["--output", "/dev/null"]).arg(server.url("/a.txt"));
    }
    assert_eq!(run(&mut command), "405 1\n405 0\n405 0\n");
}

#[test]
fn a_folder_without_its_slash_is_redirected_with_the_query() {
    let folder =
        folder(&[("sub/index.html", "sub"), ("a b/index.html", "a b"), ("sub/deep/index.html", "deep")]);
    let server = Server::start(folder.path(), &[]);
    let table = [
        ("/sub", "/sub/", "sub"),
        ("/sub?x=1&y=%2F", "/sub/?x=1&y=%2F", "sub"),
        ("/a%20b?q", "/a%20b/?q", "a b"),
        ("/sub/deep?a?b", "/sub/deep/?a?b", "deep"),
    ];
    for (path, end, body) in table {
        let write_out = "\n%{http_code} %{num_redirects} %{num_connects} %{url_effective}";
        let text = run(curl().args(["-L", "--write-out", write_out]).arg(server.url(path)));
        assert_eq!(text, format!("{body}\n200 1 1 {}", server.url(end)), "{path}");
    }
}

#[test]
fn a_redirect_never_leads_to_another_host() {
    let folder = folder(&[("evil.example/index.html", "")]);
    let server = Server::start(folder.path(), &[]);
    for path in ["//evil.example", "///evil.example", "/./evil.example", "/.//evil.example"] {
        let head = head(&server, path, &["--path-as-is"]);
        assert_eq!(field(&head, "Location"), Some("/evil.example/"), "{path}: {head:?}");
    }
}

// ---- what is refused

#[test]
fn dot_segments_reach_nothing_outside() {
    let outer =
        folder(&[("secret.txt", "secret"), ("site/index.html", "start"), ("site/sub/a.txt", "aaaaa")]);
    let server = Server::start(&outer.path().join("site"), &[]);
    let table = [
        ("/../secret.txt", 400),
        ("/..", 400),
        ("/sub/..", 301),
        ("/sub/../../secret.txt", 400),
        ("/sub/../index.html", 200),
        ("/nowhere/../index.html", 200),
        ("/sub/%2e%2e/sub/a.txt", 200),
        ("/sub%2Fa.txt", 200),
        ("/sub%2f..%2findex.html", 200),
        ("/%2e%2e/secret.txt", 400),
        ("/.%2E/secret.txt", 400),
        ("/%2e%2e%2fsecret.txt", 400),
        ("/..%2fsecret.txt", 400),
        ("/sub%2f..%2f..%2fsecret.txt", 400),
        ("/..%5csecret.txt", 404),
        ("/..\\secret.txt", 404),
        ("/sub\\a.txt", 404),
        ("/%00/../secret.txt", 400),
        ("/sub/a.txt%00", 400),
        ("/%", 404),
        ("/%zz", 404),
        ("/%252e%252e/secret.txt", 404),
        ("/.../secret.txt", 404),
        ("//secret.txt", 404),
        ("/sub/a.txt/", 404),
        ("/sub/a.txt/..", 301),
        ("/./sub/./a.txt", 200),
        ("//sub//a.txt", 200),
    ];
    for (path, expected) in table {
        let (status, body) = fetch(&server, path, &["--path-as-is"]);
        assert_eq!(status, expected, "{path}");
        assert_ne!(body, "secret", "{path}");
    }
    let absolute = outer.path().join("secret.txt");
    assert_eq!(status(&server, &format!("/{}", absolute.display())), 404);
}

/// A server for which the permissions of files count: as root, which may read everything, it is somebody
/// else. Wherever the project is, that one must be able to reach the program, and so gets a copy.
fn for_whom_permissions_count(outer: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return glasshttp();
    }
    let program = outer.join("glasshttp");
    if !program.exists() {
        set_mode(outer, 0o755);
        std::fs::copy(env!("CARGO_BIN_EXE_glasshttp"), &program).expect("copied");
    }
    let mut command = Command::new(program);
    command.env_clear().uid(65534).gid(65534);
    command
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
}

/// May be entered but not read, be it by its owner or by others.
const ENTER_ONLY: u32 = 0o311;

#[test]
fn what_is_in_a_folder_that_may_only_be_entered_is_served_by_its_name_its_index_too() {
    let outer = folder(&[
        ("site/index.html", "start"),
        ("site/page/index.html", "page"),
        ("site/page/a.txt", "aaaaa"),
        ("site/list/a.txt", "aaaaa"),
        ("site/closed/index.html", "closed"),
    ]);
    let site = outer.path().join("site");
    for (name, mode) in [("page", ENTER_ONLY), ("list", ENTER_ONLY), ("closed", 0o000)] {
        set_mode(&site.join(name), mode);
    }
    let table = [
        ("/", 200, "start"),
        ("/page", 301, ""),
        ("/page/", 200, "page"),
        ("/page/a.txt", 200, "aaaaa"),
        ("/page/nothing", 404, "404"),
        ("/page/A.TXT", 404, "404 Not Found: there is nothing here\n"),
        ("/list", 301, ""),
        ("/list/a.txt", 200, "aaaaa"),
        ("/list/", 403, "403 Forbidden: the server may not read this\n"),
        ("/list/?archive=tar.gz", 403, "403 Forbidden: the server may not read this\n"),
        ("/closed/", 403, "403 Forbidden: the server may not read this\n"),
        ("/closed/index.html", 403, "403 Forbidden: the server may not read this\n"),
    ];
    let start =
        || Server::start_command(for_whom_permissions_count(outer.path()).args(["--port", "0"]).arg(&site));
    let check = |server: &Server| {
        for (path, status, part) in table {
            let (found, body) = fetch(server, path, &[]);
            assert!(found == status && body.contains(part), "{path}: {found} {body}");
        }
    };
    let server = start();
    check(&server);
    assert_eq!(server.stop().stderr, Vec::<String>::new());
    // And the folder that is served may be such a one. Then a line says so.
    set_mode(&site, ENTER_ONLY);
    let server = start();
    check(&server);
    assert_eq!(fetch(&server, "/list/a.txt", &[]), (200, "aaaaa".to_owned()));
    let lines = server.stop().stderr;
    assert!(lines.len() == 1 && lines[0].contains("may be entered but not read"), "{lines:?}");
    std::fs::remove_file(site.join("index.html")).expect("removed");
    let server = start();
    assert_eq!((status(&server, "/"), status(&server, "/page/")), (403, 200));
    // What may not even be entered ends the start, be it that it may be read.
    for mode in [0o000, 0o444] {
        set_mode(&site, mode);
        let output = for_whom_permissions_count(outer.path()).arg(&site).output().expect("it starts");
        let line = as_text(&output.stderr);
        assert!(
            !output.status.success() && line.contains("ermission denied") && line.lines().count() == 1,
            "{line}"
        );
    }
    for name in ["", "page", "list", "closed"] {
        set_mode(&site.join(name), 0o755);
    }
}

#[test]
fn an_upload_is_refused_and_a_body_that_waits_for_leave_is_not_sent() {
    let (there, here) = (folder(&[("a.txt", "aaaaa")]), folder(&[("small", "small")]));
    write_sparse(here.path(), "large", LARGE);
    let server = Server::start(there.path(), &[]);
    // File, options, whether no byte of it may be sent.
    let table: &[(&str, &[&str], bool)] = &[
        ("small", &[], false),
        ("small", &["-HExpect: 100-continue"], true),
        ("large", &["-HExpect: 100-continue"], true),
        ("large", &["-HExpect:"], false),
        ("large", &["-HExpect: 100-continue", "-HTransfer-Encoding: chunked"], true),
        ("large", &["-HExpect:", "-HTransfer-Encoding: chunked"], false),
        ("large", &["-X", "POST", "-HExpect: 100-continue"], true),
    ];
    for &(file, options, nothing_sent) in table {
        for path in ["/a.txt", "/new.txt"] {
            let mut command = curl();
            command
                .args(["--expect100-timeout", &PATIENCE.as_secs().to_string()])
                .arg("-T")
                .arg(here.path().join(file));
            command.args(options).args(["--dump-header", "-", "--output", "/dev/null"]);
            let text =
                run(command.args(["--write-out", "%{http_code} %{size_upload}"]).arg(server.url(path)));
            let context = format!("{file} {options:?} {path}: {text}");
            let (status, sent) =
                text.lines().last().and_then(|line| line.split_once(' ')).expect("two numbers");
            assert_eq!(status, "405", "{context}");
            assert!(!nothing_sent || sent == "0", "{context}");
            assert!(!text.contains(" 100 "), "{context}");
            assert!(text.contains("\nAllow: GET, HEAD"), "{context}");
        }
    }
    assert_eq!(std::fs::read_dir(there.path()).expect("it is there").count(), 1);
    assert_eq!(fetch(&server, "/a.txt", &[]), (200, "aaaaa".to_owned()));
}

#[test]
fn hidden_files_are_not_there_but_well_known_ones_are() {
    let folder = folder(&[
        (".env", "secret"),
        (".git/config", "secret"),
        ("sub/.htpasswd", "secret"),
        (".well-known/security.txt", "public"),
        (".well-known/.secret", "secret"),
    ]);
    let server = Server::start(folder.path(), &[]);
    for path in
        ["/.env", "/.git/config", "/.git/", "/.git", "/sub/.htpasswd", "/%2eenv", "/.well-known/.secret"]
    {
        assert_eq!(status(&server, path), 404, "{path}");
    }
    assert_eq!(fetch(&server, "/.well-known/security.txt", &[]), (200, "public".to_owned()));
}

#[test]
fn links_work_as_long_as_they_stay_inside() {
    let outer = folder(&[("secret/file", "secret"), ("site/a.txt", "aaaaa"), ("site/sub/b.txt", "bbbbb")]);
    let site = outer.path().join("site");
    let links: &[(&str, &Path, u16)] = &[
        ("inside", Path::new("a.txt"), 200),
        ("sub/up", Path::new("../a.txt"), 200),
        ("chain", Path::new("sub/up"), 200),
        ("absolute", &site.join("a.txt"), 200),
        ("detour", Path::new("../site/a.txt"), 200),
        ("outside", Path::new("../secret/file"), 403),
        ("absolute-outside", &outer.path().join("secret/file"), 403),
        ("chain-outside", Path::new("sub/../outside"), 403),
        ("system", Path::new("/etc/passwd"), 403),
        ("process", Path::new("/proc/self/environ"), 403),
        ("dangling", Path::new("nowhere"), 404),
        ("loop", Path::new("loop"), 404),
    ];
    for (link, end, _) in links {
        symlink(end, site.join(link)).expect("a link");
    }
    symlink("../secret", site.join("folder-outside")).expect("a link");
    symlink(site.join("sub"), site.join("folder-inside")).expect("a link");
    symlink(&site, outer.path().join("current")).expect("a link");
    // The folder itself may be named by a link.
    for folder in [&site, &outer.path().join("current")] {
        let server = Server::start(folder, &[]);
        for (link, _, expected) in links {
            let (status, body) = fetch(&server, &format!("/{link}"), &[]);
            assert_eq!(status, *expected, "{link}");
            assert_eq!(body == "aaaaa", status == 200, "{link}: {body}");
        }
        assert_eq!(status(&server, "/folder-outside/"), 403);
        assert_eq!(status(&server, "/folder-outside/file"), 403);
        assert_eq!(fetch(&server, "/folder-inside/b.txt", &[]), (200, "bbbbb".to_owned()));
        assert_eq!(fetch(&server, "/folder-inside/up", &[]), (200, "aaaaa".to_owned()));
    }
}

#[test]
fn what_is_neither_file_nor_folder_is_refused_at_once() {
    let folder = folder(&[("sub/a.txt", "")]);
    make_fifo(&folder.path().join("sub/fifo"));
    // A FIFO as the index must not stop the server either.
    make_fifo(&folder.path().join("index.html"));
    let _socket = UnixListener::bind(folder.path().join("sub/socket")).expect("a socket");
    let server = Server::start(folder.path(), &["--threads", "1"]);
    for path in ["/sub/fifo", "/sub/socket", "/"] {
        assert_eq!(status(&server, path), 403, "{path}");
    }
    let listing = json(&server, "/sub/?format=json");
    let types: Vec<_> = entries(&listing).map(|entry| (text(&entry["name"]), text(&entry["type"]))).collect();
    assert_eq!(types, [("a.txt", "file"), ("fifo", "other"), ("socket", "other")]);
    assert!(entries(&listing).skip(1).all(|entry| entry.get("href").is_none()), "{listing}");
}

// ---- what a refusal looks like

#[test]
fn an_error_is_a_page_for_browsers_and_a_line_for_others() {
    let folder = folder(&[("a.txt", "aaaaa")]);
    let server = Server::start(folder.path(), &["--no-listing"]);
    for (path, status, phrase) in
        [("/missing", 404, "Not Found"), ("/", 403, "Forbidden"), ("/%00", 400, "Bad Request")]
    {
        let browser = "-HAccept: text/html,application/xhtml+xml,*/*;q=0.8";
        let (found, page) = fetch(&server, path, &[browser]);
        assert_eq!(found, status, "{path}");
        assert!(
            page.starts_with("<!DOCTYPE html>") && page.contains(&format!("<h1>{phrase}</h1>")),
            "{page}"
        );
        let head = head(&server, path, &[browser]);
        assert_eq!(field(&head, "Content-Type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(
            field(&head, "Content-Security-Policy")
                .is_some_and(|policy| policy.contains("default-src 'none'"))
        );
        for other in ["-HAccept: */*", "-HAccept:", "-HAccept: application/json"] {
            let (found, line) = fetch(&server, path, &[other]);
            assert_eq!((found, line.lines().count()), (status, 1), "{path} {other}");
            assert!(line.starts_with(&format!("{status} {phrase}: ")), "{line}");
        }
    }
}

#[test]
fn the_folders_own_404_page_is_used() {
    let folder = folder(&[("404.html", "<p>not here"), ("sub/a.txt", ""), (".env", "")]);
    let server = Server::start(folder.path(), &[]);
    for path in ["/missing", "/sub/missing", "/missing/", "/.env", "/sub/a.txt/"] {
        for options in [&[][..], &["-HAccept: text/html"], &["-r", "0-3"], &["-HIf-None-Match: *"]] {
            assert_eq!(fetch(&server, path, options), (404, "<p>not here".to_owned()), "{path} {options:?}");
        }
    }
    let head = head(&server, "/missing", &[]);
    assert_eq!(field(&head, "Content-Type"), Some("text/html; charset=utf-8"));
    // Who can do nothing with a page gets none.
    let (status, line) = fetch(&server, "/missing", &["-HAccept: application/json"]);
    assert!(status == 404 && line.starts_with("404 Not Found: "), "{line}");
}

// ---- listings

/// A listing as JSON.
fn json(server: &Server, path: &str) -> Value {
    let (status, body) = fetch(server, path, &[]);
    assert_eq!(status, 200, "{path}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
}

fn entries(listing: &Value) -> impl Iterator<Item = &Value> {
    listing["entries"].as_array().expect("entries").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

#[test]
fn a_listing_is_json_for_those_who_prefer_it() {
    let folder = folder(&[("sub/a.txt", "aaaaa"), ("sub/deep/b.txt", "")]);
    let server = Server::start(folder.path(), &[]);
    let expected = serde_json::json!([
        {"name": "deep", "type": "directory", "href": "./deep/"},
        {"name": "a.txt", "type": "file", "size": 5, "href": "./a.txt", "modified": "2001-09-09T01:46:40Z"},
    ]);
    let table: &[(&str, &[&str], bool)] = &[
        ("/sub/", &["-HAccept: application/json"], true),
        ("/sub/", &["-HAccept: application/json, text/html;q=0.9"], true),
        ("/sub/?format=json", &[], true),
        ("/sub/?format=json", &["-HAccept: text/html"], true),
        ("/sub/", &[], false),
        ("/sub/", &["-HAccept: text/html, application/json;q=0.9"], false),
        ("/sub/?format=html", &["-HAccept: application/json"], false),
    ];
    for &(path, options, is_json) in table {
        let head = head(&server, path, options);
        let content_type = if is_json { "application/json" } else { "text/html; charset=utf-8" };
        assert_eq!(field(&head, "Content-Type"), Some(content_type), "{path} {options:?}");
        let (_, body) = fetch(&server, path, options);
        if is_json {
            let mut listing: Value = serde_json::from_str(&body).expect("it is JSON");
            assert_eq!(listing["path"], "/sub/");
            // When a folder was changed is up to the file system.
            assert!(listing["entries"][0].as_object_mut().expect("an entry").remove("modified").is_some());
            assert_eq!(listing["entries"], expected, "{path} {options:?}");
        } else {
            assert!(body.starts_with("<!DOCTYPE html>"), "{path} {options:?}: {body}");
        }
    }
}

#[test]
fn every_name_is_reached_through_its_href() {
    let names: &[&[u8]] = &[
        b"a b",
        b" ",
        b"#hash",
        b"q?x=1",
        b"100%",
        b"%41",
        b"%2e%2e",
        b"a+b&c=d;e,f",
        b"'single' \"double\" `back`",
        b"<b>&amp;",
        b"[1] {2}",
        b"line\nfeed\r\ttab",
        b"\x01\x1b\x7f",
        b"\xff\xfe",
        b"caf\xe9",
        "\u{4e2d}\u{6587}.txt".as_bytes(),
        "\u{1f980} \u{202e}rtl".as_bytes(),
        b"javascript:alert(1)",
        b"http:",
        b"...",
        b"-o",
        b"~tilde",
        b"back\\slash",
        b"..\\..\\up",
        b"C:\\a",
        b"100%.txt",
        b"index.html~",
        b"*?",
        &[b'x'; 255],
    ];
    let folder = folder(&[]);
    for (number, bytes) in names.iter().enumerate() {
        // A leading dot would hide it; below a folder the same name is asked for as a folder's, too.
        if !bytes.starts_with(b".") {
            write(folder.path(), name(bytes), number.to_string());
        }
        write(
            folder.path(),
            Path::new("in").join(name(&[b"d", &bytes[..bytes.len().min(254)]].concat())).join("a"),
            number.to_string(),
        );
    }
    let server = Server::start(folder.path(), &[]);
    let content = |href: &str| fetch(&server, href, &["--path-as-is"]);
    let mut seen = Vec::new();
    for entry in entries(&json(&server, "/?format=json")) {
        let shown = text(&entry["name"]);
        match text(&entry["type"]) {
            "file" => {
                let href = text(&entry["href"]).strip_prefix('.').expect("relative to the folder");
                assert!(href.bytes().all(|byte| byte.is_ascii_graphic()), "{href}");
                let (status, number) = content(href);
                assert_eq!(status, 200, "{href}");
                let bytes = names[number.parse::<usize>().expect("a number")];
                assert_eq!(shown, String::from_utf8_lossy(bytes));
                seen.push(number);
            }
            _ => assert_eq!(shown, "in"),
        }
    }
    assert_eq!(seen.len(), names.iter().filter(|name| !name.starts_with(b".")).count());
    // The same names as folders.
    let folders = json(&server, "/in/?format=json");
    assert_eq!(entries(&folders).count(), names.len());
    for entry in entries(&folders) {
        let href = text(&entry["href"]).strip_prefix('.').expect("relative to the folder");
        assert!(href.ends_with('/'), "{href}");
        let (status, number) = content(&format!("/in{href}a"));
        assert!(status == 200 && number.parse::<usize>().is_ok(), "{href}: {status} {number}");
        // Without the slash it redirects to exactly that href.
        let head = head(&server, &format!("/in{}", href.trim_end_matches('/')), &[]);
        assert_eq!(field(&head, "Location"), Some(&*format!("/in{href}")));
    }
}

#[test]
fn a_listing_that_is_sent_as_it_is_made_is_the_same_to_clients_of_1_0_and_only_announced_to_head() {
    let folder = folder(&[]);
    for number in 0..300 {
        write(folder.path(), format!("many/{number}"), "");
    }
    let server = Server::start(folder.path(), &[]);
    let (status, listing) = fetch(&server, "/many/", &[]);
    assert_eq!((status, listing.matches("<a href=").count()), (200, 301), "{listing}");
    assert_eq!(fetch(&server, "/many/", &["--http1.0"]), (200, listing));
    let announced = head(&server, "/many/", &["--head"]);
    assert_eq!(field(&announced, "Transfer-Encoding"), Some("chunked"));
    // Another request on the same connection finds its answer where it expects it.
    let (head_url, url) = (server.url("/many/"), server.url("/many/?format=json"));
    let answers =
        run(curl().args(["--head", "--output", "/dev/null", &head_url, "--next", "--silent", &url]));
    assert_eq!(entries(&serde_json::from_str(&answers).expect("JSON")).count(), 300);
}

#[test]
fn a_file_name_may_be_typed_as_it_is() {
    let folder = folder(&[("\u{4e2d}.txt", "middle"), ("a'b(c)!$&+,;=@:.txt", "signs")]);
    let server = Server::start(folder.path(), &[]);
    for (path, body) in [("/\u{4e2d}.txt", "middle"), ("/a'b(c)!$&+,;=@:.txt", "signs")] {
        assert_eq!(fetch(&server, path, &[]), (200, body.to_owned()), "{path}");
    }
    let mut url = std::ffi::OsString::from(server.url("/"));
    url.push(OsStr::new("\u{4e2d}.txt"));
    assert_eq!(run(curl().arg(url)), "middle");
}

//! What is written for each exchange.

use super::small_site;
use crate::support::{
    self, Client, Finished, Process, Server, address_of_our_own, glasshttp, one_line, wait_until,
};
use send_ctrlc::InterruptibleCommand as _;
use std::path::Path;

const COMMON_END: &str = "] \"GET /a.txt?q HTTP/1.1\" 200 5";
const COMBINED_END: &str = "] \"GET /a.txt?q HTTP/1.1\" 200 5 \"http://there/\" \"test/1\"";

#[test]
fn each_log_format_writes_one_line_an_exchange() {
    let folder = small_site();
    let table: &[(&[&str], &str)] = &[
        (&[], COMMON_END),
        (&["--log", "auto"], COMMON_END),
        (&["--log", "common"], COMMON_END),
        (&["--log", "combined"], COMBINED_END),
    ];
    for &(options, end) in table {
        let lines = logged(folder.path(), options);
        let line = one_line(&lines, &["127.0.0.1 - - ["], &options);
        assert!(line.ends_with(end), "{options:?}: {line}");
    }
}

#[test]
fn the_json_log_writes_one_object_an_exchange() {
    let folder = small_site();
    let lines = logged(folder.path(), &["--log", "json"]);
    let line = one_line(&lines, &[], &"json");
    let object: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
    let expected = [
        ("client", "127.0.0.1".into()),
        ("request", "GET /a.txt?q HTTP/1.1".into()),
        ("status", 200.into()),
        ("bytes", 5.into()),
        ("complete", true.into()),
        ("referer", "http://there/".into()),
        ("user_agent", serde_json::Value::from("test/1")),
    ];
    for (key, value) in expected {
        assert_eq!(object[key], value, "{key} in {line}");
    }
    assert!(object["time"].is_string() && object["duration_us"].is_u64(), "{line}");
}

#[test]
fn without_a_log_nothing_is_written() {
    let folder = small_site();
    assert_eq!(logged(folder.path(), &["--log", "off"]), Vec::<String>::new());
}

/// What is written beside the start line while a server answers one request.
fn logged(folder: &Path, options: &[&str]) -> Vec<String> {
    let server = Server::start(folder, options);
    let fields = "Referer: http://there/\r\nUser-Agent: test/1\r\n";
    assert_eq!(server.connect().get_with("/a.txt?q", fields).status, 200);
    let end = server.stop();
    assert_eq!((end.code, end.stderr), (Some(0), vec![]));
    end.stdout[1..].to_vec()
}

#[test]
fn a_log_line_is_there_soon_after_its_exchange() {
    let folder = small_site();
    let server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    for target in ["/a.txt", "/missing"] {
        client.get(target);
        // The connection stays open, and the server runs on.
        server.process.stdout.line(target, |line| line.contains(&format!("\"GET {target} HTTP/1.1\"")));
    }
}

#[test]
fn quiet_prints_nothing_at_all() {
    let address = address_of_our_own();
    let folder = small_site();
    for quiet in [&["--quiet"][..], &["-q"], &["-q", "--log", "json"]] {
        let place = ["--bind", &address.ip().to_string(), "--port", &address.port().to_string()];
        let mut process = Process::start(glasshttp().args(quiet).args(place).arg(folder.path()));
        let mut client = wait_until("a connection", || Client::connect(address).ok());
        assert_eq!(client.get("/").status, 200);
        process.ask_to_stop();
        let Finished { code, stdout, stderr } = process.finish();
        assert_eq!((code, stdout, stderr), (Some(0), vec![], vec![]), "{quiet:?}");
    }
}

#[test]
fn nothing_that_a_client_sends_controls_the_terminal_of_who_reads_the_log() {
    let folder = small_site();
    let agent: &[u8] = b"User-Agent: \xc2\x9b2J \xff \"quoted\" \\\r\n";
    let requests: &[(&[u8], &[u8])] = &[
        (b"GET /\xc2\x9b2J\xff\x80\"a%1b%0a HTTP/1.1\r\n", agent),
        (b"GET /\x1b[2J HTTP/1.1\r\n", b""),
        (b"GET /\x07\x08 HTTP/1.1\r\n", b""),
        (b"GET / HTTP/1.1\r\n", b"User-Agent: \x1b[2J\r\n"),
        (b"\x1b[2J / HTTP/1.1\r\n", b""),
    ];
    for format in ["common", "combined", "json"] {
        let server = Server::start(folder.path(), &["--log", format]);
        for (line, fields) in requests {
            let mut client = server.connect();
            client.send([*line, b"Host: localhost\r\n", *fields, b"\r\n"].concat());
            assert!(matches!(client.reply().status, 400 | 404), "{line:?}");
        }
        let lines = server.stop().stdout.split_off(1);
        assert_eq!(lines.len(), requests.len(), "{format}: {lines:?}");
        for line in lines {
            assert!(!line.contains(|letter: char| letter.is_control()), "{format}: {line:?}");
            if format == "json" {
                serde_json::from_str::<serde_json::Value>(&line).expect("a line is JSON");
            } else {
                assert!(line.is_ascii(), "{format}: {line:?}");
            }
        }
    }
}

#[test]
fn a_log_that_nobody_reads_keeps_the_server_neither_from_answering_nor_from_ending() {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::process::Stdio;
    let folder = support::folder(&[("a.txt", "hello")]);
    let mut child = glasshttp()
        .args(["--port", "0"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn_interruptible()
        .expect("it starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("the start line");
    let address = line.trim().trim_start_matches("Listening on http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(support::PATIENCE)).expect("set");
    // A hundred bytes of log for each request: several times what a pipe holds.
    for _ in 0..5000 {
        stream.write_all(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut answer = [0; 1024];
        assert!(stream.read(&mut answer).expect("an answer") > 0);
    }
    support::ask_to_stop(&mut child);
    let (ended, waits) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let status = waits.recv_timeout(support::PATIENCE).expect("it ends").expect("waited for");
    assert_eq!(status.code(), Some(0));
}

//! `--fault`: what a client meets when the server breaks a rule on purpose.

use crate::support::{self, Client, Server, as_text, folder, glasshttp, one_line, run};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const TEXT: &str = "Hello from the other side of the glass.\n";

fn site() -> TempDir {
    folder(&[("hello.txt", TEXT)])
}

fn start(site: &TempDir, faults: &str) -> Server {
    Server::start(site.path(), &["--fault", faults, "--log", "off"])
}

fn ask(server: &Server) -> Client {
    let mut client = server.connect();
    client.send("GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    client
}

/// All that comes until the server closes.
fn answer(faults: &str) -> String {
    let site = site();
    as_text(&ask(&start(&site, faults)).rest().expect("it is closed, not broken"))
}

#[test]
fn split_sends_the_same_bytes_a_byte_at_a_time() {
    let whole = answer("split");
    assert!(whole.starts_with("HTTP/1.1 200 OK\r\n") && whole.ends_with(TEXT), "{whole}");
}

#[test]
fn drop_after_ends_a_connection_after_exactly_so_many_bytes() {
    assert_eq!(answer("drop-after=10"), "HTTP/1.1 2");
    let site = site();
    let server = start(&site, "drop-after=330");
    let end = Command::new("curl").args(["-sS", "-o", "/dev/null", &server.url("/hello.txt")]).output();
    let end = end.expect("curl is there");
    // "Transferred a partial file."
    assert_eq!(end.status.code(), Some(18), "{}", as_text(&end.stderr));
}

#[test]
fn without_a_length_the_end_of_the_connection_is_the_end_of_the_body() {
    let answer = answer("no-length");
    assert!(!answer.contains("Content-Length") && answer.ends_with(&format!("\r\n\r\n{TEXT}")), "{answer}");
}

#[test]
fn a_wrong_length_is_off_by_as_much_as_was_asked_for() {
    assert!(answer("wrong-length=+5").contains(&format!("\r\nContent-Length: {}\r\n", TEXT.len() + 5)));
    assert!(answer("wrong-length=-5").contains(&format!("\r\nContent-Length: {}\r\n", TEXT.len() - 5)));
}

#[test]
fn lf_only_leaves_the_carriage_returns_of_heads_out() {
    let answer = answer("lf-only");
    assert!(!answer.contains('\r') && answer.contains("200 OK\n") && answer.ends_with(TEXT), "{answer}");
}

#[test]
fn slow_keeps_to_its_rate_and_several_faults_go_together() {
    let began = Instant::now();
    let answer = answer("slow=1000,lf-only");
    let least = Duration::from_millis(answer.len() as u64 - 100);
    assert!(answer.ends_with(TEXT) && began.elapsed() >= least, "{:?} for {answer}", began.elapsed());
}

#[test]
fn the_inspector_is_spared_and_split_answers_leave_others_their_turns() {
    let site = site();
    support::write_sparse(site.path(), "large", 5_000_000);
    let options = ["--fault", "split,no-length,lf-only", "--inspect", "--threads", "1", "--log", "off"];
    let server = Server::start(site.path(), &options);
    let mut slow = server.connect();
    slow.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    slow.bytes(100);
    let began = Instant::now();
    let page = server.get("/.glass/inspect/inspect.css");
    assert!(page.status == 200 && page.field("content-length").is_some() && page.body.len() > 10_000);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn a_fault_is_explained() {
    let site = site();
    let server = Server::start(site.path(), &["--fault", "wrong-length=+5", "--explain"]);
    ask(&server).rest().expect("closed");
    let end = server.stop();
    let is_told = |line: &String| line.contains("? fault") && line.contains("Content-Length says 45, not 40");
    assert!(end.stdout.iter().any(is_told), "{end:?}");
    assert_eq!(end.stderr, ["glasshttp: THIS SERVER BREAKS THE RULES ON PURPOSE: wrong-length=+5"]);
}

#[test]
fn faults_are_for_this_machine_alone_and_must_exist() {
    let site = site();
    let table = [
        (&["--fault", "split", "--bind", "0.0.0.0"][..], 1, "--fault is for this machine alone"),
        (&["--fault", "fire"], 2, "the faults are slow=N, split"),
        (&["--fault", "slow"], 2, "slow takes a number of bytes a second"),
    ];
    for (options, code, words) in table {
        let end = run(glasshttp().args(["--port", "0"]).args(options).arg(site.path()));
        assert_eq!(end.code, Some(code), "{options:?}: {end:?}");
        one_line(&end.stderr, &[words], &options);
    }
}

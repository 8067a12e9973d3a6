//! How it ends, and what is under way then.

use super::small_site;
use crate::support::{LARGE, Server, glasshttp, write_sparse};
#[cfg(unix)]
use rustix::process::Signal;

#[cfg(unix)]
#[test]
fn a_signal_stops_it_with_exit_code_0() {
    let folder = small_site();
    for signal in [Signal::INT, Signal::TERM] {
        let server = Server::start(folder.path(), &["--log", "off"]);
        server.process.signal(signal);
        let end = server.process.finish();
        assert_eq!((end.code, end.stderr), (Some(0), vec![]), "{signal:?}");
    }
}

#[test]
fn idle_connections_are_closed_when_it_stops() {
    let folder = small_site();
    let mut server = Server::start(folder.path(), &["--idle-timeout", "1000"]);
    let (mut used, mut silent) = (server.connect(), server.connect());
    assert_eq!(used.get("/").status, 200);
    // That it has an answer says that the connection before it is taken in, too.
    assert_eq!(server.get("/").status, 200);
    server.process.ask_to_stop();
    for client in [&mut used, &mut silent] {
        assert_eq!(client.rest().expect("closed, not broken"), b"");
    }
    assert_eq!(server.process.finish().code, Some(0));
}

#[test]
fn a_download_under_way_is_finished_before_it_stops() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    let mut server = Server::start(folder.path(), &[]);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().field("content-length"), Some(&*LARGE.to_string()));
    let half = usize::try_from(LARGE / 2).expect("it fits");
    client.bytes(half);
    server.process.ask_to_stop();
    server.wait_until_it_accepts_no_more();
    assert_eq!(client.rest().expect("closed, not broken").len(), half);
    let end = server.process.finish();
    assert_eq!((end.code, end.stderr), (Some(0), vec![]));
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once_with_another_exit_code() {
    let folder = small_site();
    write_sparse(folder.path(), "large", LARGE);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let server = Server::start(folder.path(), &["--send-timeout", "1000"]);
        let mut client = server.connect();
        client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.head().status, 200);
        server.process.signal(signal);
        server.wait_until_it_accepts_no_more();
        server.process.signal(signal);
        assert_eq!(server.process.finish().code, Some(code), "{signal:?}");
    }
}

#[test]
fn a_port_can_be_used_again_at_once() {
    let folder = small_site();
    let first = Server::start(folder.path(), &[]);
    let port = first.port().to_string();
    let mut client = first.connect();
    assert_eq!(client.get("/").status, 200);
    // The server closes first, so it is its side that stays around in TIME_WAIT.
    assert_eq!(first.stop().code, Some(0));
    let second = Server::start_command(glasshttp().args(["--port", &port]).arg(folder.path()));
    assert_eq!(second.get("/").status, 200);
}

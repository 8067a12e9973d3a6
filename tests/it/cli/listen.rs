//! Where it listens, and whom it answers there.

use super::{connect, small_site};
use crate::support::{Server, V4, V6, has_v6};

#[test]
fn by_default_both_loopback_addresses_answer() {
    let folder = small_site();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.address.ip(), V4);
    assert_eq!(server.get("/").status, 200);
    if has_v6() {
        assert_eq!(connect(V6, server.port()).expect("::1").get("/").status, 200);
    }
}

#[test]
fn bind_decides_which_addresses_answer() {
    let folder = small_site();
    let v6 = has_v6();
    // Options, whether they need IPv6, and who answers: 127.0.0.1, ::1.
    let table: &[(&[&str], bool, bool, bool)] = &[
        (&["--bind", "127.0.0.1"], false, true, false),
        (&["-b127.0.0.1"], false, true, false),
        (&["--host", "127.0.0.1"], false, true, false),
        (&["--bind", "0.0.0.0"], false, true, false),
        (&["--bind", "127.0.0.1", "--bind", "127.0.0.1"], false, true, false),
        (&["--bind", "::1"], true, false, true),
        (&["--bind", "[::1]"], true, false, true),
        (&["--bind", "127.0.0.1", "--bind", "::1"], true, true, true),
        (&["--bind", "127.0.0.1,::1"], true, true, true),
        (&["--bind", "::1", "--host", "127.0.0.1"], true, true, true),
        (&["--bind", "localhost"], true, true, true),
        (&["--bind", "::"], true, true, true),
        (&["--bind", "0.0.0.0", "--bind", "::"], true, true, true),
    ];
    for &(options, needs_v6, v4_answers, v6_answers) in table {
        if needs_v6 && !v6 {
            continue;
        }
        let server = Server::start(folder.path(), options);
        for (address, answers) in [(V4, v4_answers), (V6, v6_answers)] {
            let status = connect(address, server.port()).map(|mut client| client.get("/").status);
            assert_eq!(status.ok(), answers.then_some(200), "{options:?} at {address}");
        }
    }
}

#[test]
fn the_start_line_names_an_address_that_can_be_opened() {
    let folder = small_site();
    let v6 = has_v6();
    for (bind, needs_v6, ip) in [("0.0.0.0", false, V4), ("::1", true, V6), ("::", true, V6)] {
        if !needs_v6 || v6 {
            let server = Server::start(folder.path(), &["--bind", bind]);
            assert_eq!(server.address.ip(), ip, "{bind}");
            assert_eq!(server.get("/").status, 200, "{bind}");
        }
    }
}

#[test]
fn on_loopback_only_allowed_hosts_are_answered() {
    let folder = small_site();
    let table: &[(&[&str], &str, u16)] = &[
        (&[], "localhost", 200),
        (&[], "127.0.0.1:8000", 200),
        (&[], "evil.example", 421),
        (&["--allow-host", "dev.example"], "dev.example", 200),
        (&["--allow-host", "dev.example"], "DEV.example:1234", 200),
        (&["--allow-host", "dev.example"], "localhost", 200),
        (&["--allow-host", "dev.example"], "evil.example", 421),
        (&["--allow-host", "a.example", "--allow-host", "b.example"], "b.example", 200),
        (&["--allow-host", "a.example,b.example"], "b.example", 200),
        (&["--allow-host", "*.a.example"], "x.a.example", 200),
        (&["--allow-host", ".a.example"], "x.y.A.example:80", 200),
        (&["--allow-host", ".a.example"], "a.example.evil", 421),
        // Nobody can let an address lead to another machine.
        (&[], "0.0.0.0:8000", 200),
        (&[], "[::]:8000", 200),
        (&[], "192.0.2.1", 200),
        // Who shares with the network cannot know under which names it sees this machine.
        (&["--bind", "0.0.0.0"], "this-machine.example", 200),
    ];
    for &(options, host, expected) in table {
        let server = Server::start(folder.path(), options);
        let mut client = server.connect();
        client.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(client.reply().status, expected, "{options:?} {host}");
    }
}

//! https: what a client of the library rustls gets, and what is wrong with certificates.

#![cfg(all(any(target_os = "linux", windows), feature = "tls"))]

use crate::support::{
    Finished, PATIENCE, Reply, Server, folder, glasshttp, one_line, run, wait_until, write_sparse,
};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned, SupportedProtocolVersion,
    version,
};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// A folder `served`, whose `a.txt` is `hello`, and beside it `cert.pem` and `key.pem`.
fn site() -> TempDir {
    let outer = folder(&[("served/a.txt", "hello")]);
    write_pair(outer.path(), "cert.pem", "key.pem");
    outer
}

/// A new certificate for localhost with its key.
fn write_pair(folder: &Path, certificate: &str, key: &str) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(folder.join(certificate), pair.cert.pem()).expect("written");
    fs::write(folder.join(key), pair.signing_key.serialize_pem()).expect("written");
}

/// A server for the folder with its certificate.
fn start(outer: &Path, options: &[&str]) -> Server {
    let (certificate, key) = (outer.join("cert.pem"), outer.join("key.pem"));
    let mut command = glasshttp();
    command.args(["--port", "0", "--tls-cert"]).arg(certificate).arg("--tls-key").arg(key);
    Server::start_command(command.args(options).arg(outer.join("served")))
}

/// A client's settings: it trusts the certificate in this file and nobody else.
fn client_config(certificate: &Path, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).expect("a certificate")).expect("a good one");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let mut config = builder.expect("versions").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// A client that speaks TLS.
struct Secure(StreamOwned<ClientConnection, TcpStream>);

impl Secure {
    fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> Secure {
        Secure::over(TcpStream::connect_timeout(&address, PATIENCE).expect("it accepts"), config)
    }

    fn over(stream: TcpStream, config: &Arc<ClientConfig>) -> Secure {
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::clone(config), name).expect("a client");
        Secure(StreamOwned::new(connection, stream))
    }

    /// To a server with the folder's certificate.
    fn to(server: &Server, outer: &Path) -> Secure {
        let config = client_config(&outer.join("cert.pem"), &[&version::TLS13]);
        Secure::connect(server.address, &Arc::new(config))
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("it takes what is sent");
    }

    fn get(&mut self, target: &str) -> Reply {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        self.reply()
    }

    fn reply(&mut self) -> Reply {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("a head");
            head.extend(byte);
        }
        let head = String::from_utf8(head).expect("ASCII");
        let status = head[9..12].parse().expect("a status");
        let mut reply = Reply { status, head, body: Vec::new() };
        let length = reply.field("content-length").map_or(0, |length| length.parse().expect("a length"));
        reply.body = vec![0; length];
        self.0.read_exact(&mut reply.body).expect("the body");
        reply
    }

    /// All that comes until the server says that this is all; an error if it does not say so.
    fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

// ---- who speaks TLS

#[test]
fn both_versions_are_spoken_and_a_session_is_resumed() {
    let outer = site();
    let server = start(outer.path(), &[]);
    let start_line = server.process.stdout.so_far()[0].clone();
    assert_eq!(start_line, format!("Listening on https://{}/", server.address));
    for version in [&version::TLS12, &version::TLS13] {
        let config = Arc::new(client_config(&outer.path().join("cert.pem"), &[version]));
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut client = Secure::connect(server.address, &config);
            assert_eq!(client.get("/a.txt").text(), "hello");
            let connection = &client.0.conn;
            assert_eq!(connection.handshake_kind(), Some(expected), "{version:?}");
            assert_eq!(connection.protocol_version(), Some(version.version));
            assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]));
        }
    }
}

#[test]
fn a_connection_is_kept_and_requests_are_answered_in_order() {
    let outer = site();
    let server = start(outer.path(), &[]);
    let mut client = Secure::to(&server, outer.path());
    assert_eq!(client.get("/a.txt").text(), "hello");
    let one = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let missing = "GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send([one, missing, one].concat());
    let statuses: Vec<_> = (0..3).map(|_| client.reply().status).collect();
    assert_eq!(statuses, [200, 404, 200]);
}

#[test]
fn large_files_ranges_and_uploads_come_whole() {
    let outer = site();
    let bytes: Vec<u8> = (0..=250).cycle().take(3_000_001).collect();
    fs::write(outer.path().join("served/large"), &bytes).expect("written");
    let server = start(outer.path(), &["--upload"]);
    let mut client = Secure::to(&server, outer.path());
    assert!(client.get("/large").body == bytes);
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1000000-1999999\r\n\r\n");
    let part = client.reply();
    assert!(part.status == 206 && part.body == bytes[1_000_000..2_000_000]);
    client.send(format!("PUT /copy HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", bytes.len()));
    client.send(&bytes);
    assert_eq!(client.reply().status, 201);
    assert!(fs::read(outer.path().join("served/copy")).expect("there") == bytes);
}

#[test]
fn a_client_that_reads_slowly_gets_all_of_it() {
    let outer = site();
    let length = 20_000_000;
    write_sparse(&outer.path().join("served"), "large", length);
    let server = start(outer.path(), &[]);
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(16 * 1024).expect("a socket");
    socket.connect_timeout(&server.address.into(), PATIENCE).expect("it accepts");
    let config = client_config(&outer.path().join("cert.pem"), &[&version::TLS13]);
    let mut client = Secure::over(socket.into(), &Arc::new(config));
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    // Meanwhile others are answered.
    assert_eq!(Secure::to(&server, outer.path()).get("/a.txt").status, 200);
    let all = client.rest().expect("its end is told");
    let head = memchr::memmem::find(&all, b"\r\n\r\n").expect("a head") + 4;
    assert_eq!((all.len() - head) as u64, length);
}

#[test]
fn the_end_is_told_only_when_nothing_is_missing() {
    let outer = site();
    write_sparse(&outer.path().join("served"), "large", 1_000_000);
    let request = "GET /large HTTP/1.0\r\nHost: localhost\r\n\r\n";
    let table: &[(&[&str], &str, bool)] = &[
        (&[], request, true),
        (&["--idle-timeout", "0.1"], "", true),
        (&["--fault", "drop-after=1000"], request, false),
    ];
    for &(options, request, is_told) in table {
        let server = start(outer.path(), options);
        let mut client = Secure::to(&server, outer.path());
        client.send(request);
        let rest = client.rest();
        assert_eq!(rest.is_ok(), is_told, "{options:?} {:?}", rest.err());
    }
}

#[test]
fn who_says_that_nothing_more_will_come_is_answered_and_told_the_same() {
    let outer = site();
    let server = start(outer.path(), &[]);
    for request in ["", "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let mut client = Secure::to(&server, outer.path());
        // In a turn of its own, so that what follows comes after the handshake.
        assert_eq!(client.get("/a.txt").text(), "hello");
        // The TCP connection stays open: all that tells is the alert.
        client.0.conn.writer().write_all(request.as_bytes()).expect("memory");
        client.0.conn.send_close_notify();
        while client.0.conn.wants_write() {
            client.0.conn.write_tls(&mut client.0.sock).expect("it reads");
        }
        let rest = client.rest().expect("its end is told");
        assert_eq!(rest.ends_with(b"hello"), !request.is_empty(), "{rest:?}");
    }
}

#[test]
fn who_wants_nothing_but_http_2_is_told_that_there_is_none() {
    let outer = site();
    let server = start(outer.path(), &[]);
    let mut config = client_config(&outer.path().join("cert.pem"), &[&version::TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut client = Secure::connect(server.address, &Arc::new(config));
    let error = client.0.write_all(b"GET / HTTP/1.1\r\n\r\n").expect_err("they cannot agree");
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_unix_socket_beside_it_stays_plain() {
    let outer = site();
    let socket = outer.path().join("s");
    let bind = format!("unix:{}", socket.display());
    let server = start(outer.path(), &["--bind", "127.0.0.1", "--bind", &bind]);
    assert_eq!(Secure::to(&server, outer.path()).get("/a.txt").text(), "hello");
    let mut plain = std::os::unix::net::UnixStream::connect(socket).expect("it accepts");
    plain.set_read_timeout(Some(PATIENCE)).expect("a socket");
    plain.write_all(b"GET /a.txt HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("it reads");
    let mut reply = String::new();
    plain.read_to_string(&mut reply).expect("it answers");
    assert!(reply.ends_with("hello"), "{reply}");
}

#[test]
fn the_composer_and_the_inspector_work_over_it() {
    let outer = site();
    let server = start(outer.path(), &["--inspect"]);
    let mut client = Secure::to(&server, outer.path());
    assert_eq!(client.get("/.glass/").status, 200);
    let body = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(format!(
        "POST /.glass/send HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let reply = String::from_utf8(client.rest().expect("all of it")).expect("text");
    assert!(reply.contains("HTTP/1.1 200 OK") && reply.contains("hello"), "{reply}");
}

#[test]
fn an_explanation_says_what_was_agreed_on() {
    let outer = site();
    let server = start(outer.path(), &["--explain"]);
    Secure::to(&server, outer.path()).get("/a.txt");
    server.process.stdout.line("what was agreed on", |line| line.contains("TLS 1.3, TLS13_"));
}

// ---- who does not

#[test]
fn who_speaks_plain_http_is_told_where_to_go() {
    let outer = site();
    let server = start(outer.path(), &[]);
    let host = format!("dev.localhost:{}", server.port());
    let there = format!("https://{host}/a.txt?b=c");
    for (request, status, location) in [
        (format!("GET /a.txt?b=c HTTP/1.1\r\nHost: {host}\r\n\r\nGET / HTTP/1.1\r\n"), 308, Some(&*there)),
        (format!("GET http://{host}/a.txt?b=c HTTP/1.1\r\nHost: a\r\n\r\n"), 308, Some(&*there)),
        (
            "GET //b/%0d%0a/\u{fc} HTTP/1.0\r\nHost: a.b.\r\n\r\n".into(),
            308,
            Some("https://a.b.//b/%0d%0a/%C3%BC"),
        ),
        (
            "GET / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 9\r\n\r\n".into(),
            308,
            Some("https://[::1]:80/"),
        ),
        (format!("POST /a.txt HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400, None),
        ("GET /a.txt HTTP/1.1\r\nHost:\r\n\r\n".into(), 400, None),
        ("GET /a.txt HTTP/1.0\r\n\r\n".into(), 400, None),
        ("GET /a.txt HTTP/1.1\r\nHost: a b\r\n\r\n".into(), 400, None),
        ("GET /a.txt HTTP/1.1\r\nHost: evil@a\r\n\r\n".into(), 400, None),
    ] {
        let mut client = server.connect();
        client.send(&request);
        let reply = client.reply();
        let seen = (reply.status, reply.field("location"), reply.field("connection"));
        assert_eq!(seen, (status, location, Some("close")), "{request}");
        if request.starts_with("POST") {
            assert!(reply.text().contains(&format!("https://{host}")), "{}", reply.text());
        }
        assert_eq!(client.rest().expect("an end"), b"", "{request}");
    }
    server.process.stdout.line("a line of the log", |line| line.contains("\"GET /a.txt?b=c HTTP/1.1\" 308"));
}

#[test]
fn why_plain_http_is_sent_on_is_explained() {
    let outer = site();
    let server = start(outer.path(), &["--explain"]);
    server.connect().get("/a.txt");
    let lines = &server.process.stdout;
    lines.line("the decision", |line| {
        line.contains("this port speaks HTTPS: redirected to \"https://localhost")
    });
}

#[test]
#[ignore = "needs curl"]
fn curl_follows_from_http_to_https() {
    let outer = site();
    let server = start(outer.path(), &[]);
    let mut curl = std::process::Command::new("curl");
    curl.args(["-sSL", "--max-time", "20", "--cacert"]).arg(outer.path().join("cert.pem"));
    let output = curl.arg(format!("http://localhost:{}/a.txt", server.port())).output().expect("curl runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.stdout, Secure::to(&server, outer.path()).get("/a.txt").body);
}

#[test]
fn garbage_gets_an_alert_and_an_end() {
    let outer = site();
    let server = start(outer.path(), &[]);
    let long = vec![0xff; 100_000];
    let garbage: &[&[u8]] = &[
        b"\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\xff\xff0123456789",
        b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
        b"SSH-2.0-client\r\n\r\n",
        &long,
    ];
    for bytes in garbage {
        let mut client = server.connect();
        client.send(bytes);
        client.finish_sending();
        let answer = client.rest().expect("an orderly end");
        let is_answer = answer.starts_with(&[21, 3]) || answer.starts_with(b"HTTP/1.1 400 ");
        assert!(is_answer, "{:?}: {answer:?}", &bytes[..bytes.len().min(20)]);
    }
    assert_eq!(Secure::to(&server, outer.path()).get("/a.txt").status, 200);
}

/// The first bytes of a client that knows how to begin.
fn client_hello(outer: &Path) -> Vec<u8> {
    let config = client_config(&outer.join("cert.pem"), &[&version::TLS13]);
    let name = ServerName::try_from("localhost").expect("a name");
    let mut connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).expect("memory");
    hello
}

#[test]
fn a_handshake_that_stalls_is_cut_off() {
    let outer = site();
    let server = start(outer.path(), &["--head-timeout", "0.1"]);
    let hello = client_hello(outer.path());
    // Silent, in the middle of a message, and after the server's answer.
    for length in [0, 1, hello.len() / 2, hello.len()] {
        let mut client = server.connect();
        client.send(&hello[..length]);
        client.rest().expect("an end");
    }
}

#[test]
fn a_handshake_may_come_byte_by_byte() {
    /// Writes each byte by itself.
    struct Drip(TcpStream);
    impl Read for Drip {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0.read(into)
        }
    }
    impl Write for Drip {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(&bytes[..1])
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let outer = site();
    let server = start(outer.path(), &[]);
    let Secure(stream) = Secure::to(&server, outer.path());
    stream.sock.set_nodelay(true).expect("a socket");
    let mut stream = StreamOwned::new(stream.conn, Drip(stream.sock));
    stream
        .write_all(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    assert!(reply.ends_with("\r\n\r\nhello"), "{reply}");
}

#[test]
fn with_all_connections_taken_a_new_one_is_closed_and_does_not_hang() {
    let outer = site();
    let server = start(outer.path(), &["--max-connections", "1"]);
    let mut holder = Secure::to(&server, outer.path());
    holder.send("GET /a.txt HTTP/1.1\r\n");
    let mut other = Secure::to(&server, outer.path());
    assert!(other.0.write_all(b"GET / HTTP/1.1\r\n").and_then(|()| other.0.flush()).is_err());
    holder.send("Host: localhost\r\n\r\n");
    assert_eq!(holder.reply().status, 200);
}

// ---- certificates

#[test]
fn a_certificate_of_its_own_is_good_for_a_try() {
    let outer = site();
    let mut command = glasshttp();
    command.args(["--port", "0", "--tls-self-signed"]);
    let server = Server::start_command(command.arg(outer.path().join("served")));
    let line = server.process.stderr.line("the fingerprint", |line| line.contains("SHA-256 fingerprint is "));
    let printed = line.rsplit(' ').next().expect("a word").to_owned();
    let taken = Arc::new(client_config(&outer.path().join("cert.pem"), &[&version::TLS13]));
    let mut stranger = Secure::connect(server.address, &taken);
    let refused =
        stranger.0.write_all(b"GET / HTTP/1.1\r\n\r\n").expect_err("it is not the one that is trusted");
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
    let is_hex = |byte: &str| byte.len() == 2 && u8::from_str_radix(byte, 16).is_ok();
    assert!(printed.split(':').count() == 32 && printed.split(':').all(is_hex), "{printed}");
}

#[test]
fn key_and_certificate_may_be_in_one_file() {
    let outer = site();
    let both =
        ["cert.pem", "key.pem"].map(|name| fs::read_to_string(outer.path().join(name)).expect("there"));
    fs::write(outer.path().join("both.pem"), both.concat()).expect("written");
    let mut command = glasshttp();
    command.args(["--port", "0", "--tls-cert"]).arg(outer.path().join("both.pem"));
    let server = Server::start_command(command.arg(outer.path().join("served")));
    assert_eq!(Secure::to(&server, outer.path()).get("/a.txt").status, 200);
}

/// A certificate for these years.
fn write_dated(folder: &Path, name: &str, years: [i32; 2]) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (date_time_ymd(years[0], 1, 1), date_time_ymd(years[1], 1, 1));
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    fs::write(folder.join(name), certificate.pem() + &key.serialize_pem()).expect("written");
}

#[test]
fn a_key_that_all_could_read_is_refused() {
    let outer = site();
    write_pair(&outer.path().join("served"), "cert.pem", "key.pem");
    let mut command = glasshttp();
    command.current_dir(outer.path()).args(["--tls-cert", "cert.pem", "--tls-key", "served/key.pem"]);
    let Finished { code, stderr, .. } = run(command.args(["--port", "0", "served"]));
    assert_eq!(code, Some(1));
    one_line(&stderr, &["served/key.pem", "put it elsewhere"], &"a key");
    fs::hard_link(outer.path().join("key.pem"), outer.path().join("served/other")).expect("a link");
    let mut command = glasshttp();
    command.current_dir(outer.path()).args(["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let Finished { code, stderr, .. } = run(command.args(["--port", "0", "served"]));
    assert_eq!(code, Some(1));
    one_line(&stderr, &["\"key.pem\" has another name", "\"other\""], &"a key with two names");
}

#[test]
fn files_of_any_editor_and_with_words_around_them_are_taken() {
    let outer = site();
    let text = |name: &str| fs::read_to_string(outer.path().join(name)).expect("there");
    let (certificate, key) = (text("cert.pem"), text("key.pem"));
    let write = |change: &dyn Fn(&str) -> String| {
        fs::write(outer.path().join("cert.txt"), change(&certificate)).expect("written");
        fs::write(outer.path().join("key.txt"), change(&key)).expect("written");
    };
    let changes: [&dyn Fn(&str) -> String; 5] = [
        &|pem| format!("\u{feff}{pem}"),
        &|pem| format!("\u{feff}{}", pem.replace('\n', "\r\n")),
        &|pem| format!("subject: localhost\r\n\r\n{pem}\r\nand more\r\n"),
        &|pem| pem.replace('\n', "  \n    "),
        &|pem| pem.trim_end().to_owned(),
    ];
    for (number, change) in changes.iter().enumerate() {
        write(change);
        let mut command = glasshttp();
        command.current_dir(outer.path()).args(["--tls-cert", "cert.txt", "--tls-key", "key.txt"]);
        let server = Server::start_command(command.args(["--port", "0", "served"]));
        assert_eq!(Secure::to(&server, outer.path()).get("/a.txt").status, 200, "{number}");
    }
}

#[cfg(unix)]
#[test]
fn a_new_certificate_is_taken_over_while_connections_go_on() {
    let outer = site();
    let server = start(outer.path(), &[]);
    let old = Arc::new(client_config(&outer.path().join("cert.pem"), &[&version::TLS13]));
    let mut before = Secure::connect(server.address, &old);
    assert_eq!(before.get("/a.txt").status, 200);
    // Something that is no good changes nothing, and is said.
    let good = fs::read(outer.path().join("cert.pem")).expect("there");
    fs::write(outer.path().join("cert.pem"), "hello").expect("written");
    server.process.signal(rustix::process::Signal::HUP);
    server.process.stderr.line("what is wrong", |line| line.contains("holds no certificate"));
    fs::write(outer.path().join("old.pem"), good).expect("written");
    assert_eq!(Secure::connect(server.address, &old).get("/a.txt").status, 200);
    // Something good does.
    write_pair(outer.path(), "cert.pem", "key.pem");
    let new = client_config(&outer.path().join("cert.pem"), &[&version::TLS13]);
    server.process.signal(rustix::process::Signal::HUP);
    wait_until("the new certificate", || {
        // A session of before would be resumed, which shows no certificate.
        let new = Arc::new(new.clone());
        let mut after = Secure::connect(server.address, &new);
        let sent = after.0.write_all(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
        sent.is_ok().then(|| assert_eq!(after.reply().text(), "hello"))
    });
    // Who was there before is not disturbed.
    assert_eq!(before.get("/a.txt").status, 200);
}

#[test]
fn what_is_wrong_with_the_files_is_one_line_that_names_them() {
    let outer = site();
    let folder = outer.path();
    write_pair(folder, "other.pem", "other-key.pem");
    write_dated(folder, "old.pem", [2001, 2002]);
    write_dated(folder, "new.pem", [2900, 2901]);
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect("there");
    let damaged = text("cert.pem").replace("-----END", "****END");
    fs::write(folder.join("cut.pem"), text("cert.pem").split("-----END").next().expect("some"))
        .expect("written");
    fs::write(folder.join("damaged.pem"), damaged).expect("written");
    fs::write(folder.join("text.pem"), "hello\n").expect("written");
    let no_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(folder.join("no-x509.pem"), no_x509).expect("written");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    fs::write(folder.join("locked.pem"), locked).expect("written");
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    fs::write(folder.join("no-key.pem"), no_key).expect("written");
    let old_locked = "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n\
        DEK-Info: AES-256-CBC,1C1D\r\n\r\nAAAA\r\n-----END RSA PRIVATE KEY-----\r\n";
    fs::write(folder.join("old-locked.pem"), old_locked).expect("written");
    fs::write(folder.join("both-locked.pem"), text("cert.pem") + old_locked).expect("written");
    let wide: Vec<u8> = text("key.pem").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.join("wide.pem"), [b"\xff\xfe", &*wide].concat()).expect("written");
    let table = [
        ("cert.pem", "old-locked.pem", "old-locked.pem", "locked with a password"),
        ("both-locked.pem", "both-locked.pem", "both-locked.pem", "locked with a password"),
        ("cert.pem", "wide.pem", "wide.pem", "is in UTF-16: save it again in UTF-8"),
        ("missing.pem", "key.pem", "missing.pem", "no such file"),
        ("cert.pem", "missing.pem", "missing.pem", "no such file"),
        ("served", "key.pem", "served", "directory"),
        ("text.pem", "key.pem", "text.pem", "no certificate"),
        ("cert.pem", "text.pem", "text.pem", "no key"),
        ("cut.pem", "key.pem", "cut.pem", "damaged"),
        ("damaged.pem", "key.pem", "damaged.pem", "damaged"),
        ("no-x509.pem", "key.pem", "no-x509.pem", "damaged"),
        ("key.pem", "cert.pem", "key.pem", "exchanged"),
        ("cert.pem", "cert.pem", "cert.pem", "--tls-key"),
        ("cert.pem", "other-key.pem", "other-key.pem", "not that of the certificate"),
        ("cert.pem", "locked.pem", "locked.pem", "locked with a password"),
        ("cert.pem", "no-key.pem", "no-key.pem", "it must be one of ECDSA on P-256"),
        ("old.pem", "old.pem", "old.pem", "expired on 2002-01-01"),
        ("new.pem", "new.pem", "new.pem", "not good before 2900-01-01"),
    ];
    for (certificate, key, named, part) in table {
        let mut command = glasshttp();
        command.arg("--tls-cert").arg(folder.join(certificate)).arg("--tls-key").arg(folder.join(key));
        let Finished { code, stdout, stderr } = run(command.args(["--port", "0"]).arg(folder.join("served")));
        assert_eq!((code, stdout.len()), (Some(1), 0), "{certificate} {key}");
        one_line(&stderr, &[named, part], &(certificate, key));
    }
}

#[test]
fn check_takes_any_certificate() {
    let outer = site();
    let server = start(outer.path(), &[]);
    for (url, code) in [
        (format!("https://{}/a.txt", server.address), 0),
        (format!("https://localhost:{}/a.txt", server.port()), 0),
        (format!("https://{}/missing", server.address), 1),
    ] {
        let Finished { code: found, stdout, stderr } = run(glasshttp().args(["--check", &url]));
        assert_eq!(found, Some(code), "{url}: {stdout:?} {stderr:?}");
    }
    let plain = Server::start(&outer.path().join("served"), &[]);
    let Finished { code, stderr, .. } =
        run(glasshttp().args(["--check", &format!("https://{}/", plain.address)]));
    assert_eq!(code, Some(1));
    one_line(&stderr, &["does not answer"], &"no TLS there");
}

#[test]
fn options_that_make_no_sense_together_are_one_line() {
    let table: &[(&[&str], &str)] = &[
        (&["--tls-key", "key.pem"], "--tls-cert"),
        (&["--tls-self-signed", "--tls-cert", "cert.pem"], "cannot be used with"),
    ];
    for (options, part) in table {
        let Finished { code, stderr, .. } = run(glasshttp().args(*options));
        assert_eq!(code, Some(2), "{options:?}");
        one_line(&stderr, &[part, "--help"], options);
    }
}

// ---- other people's programs

/// What a command writes; it must end well.
fn output_of(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().expect("it is installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What `openssl s_client` has to say about a server after it has sent one request.
fn s_client(outer: &Path, server: &Server, options: &[&str]) -> String {
    let script = r#"(printf 'GET /a.txt HTTP/1.0\r\nHost: localhost\r\n\r\n') | openssl s_client "$@" 2>&1"#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", "-connect", &server.address.to_string(), "-servername", "localhost"]);
    command.args(["-ign_eof", "-CAfile"]).arg(outer.join("cert.pem")).args(options);
    String::from_utf8_lossy(&output_of(&mut command)).into_owned()
}

#[test]
#[ignore = "needs openssl"]
fn openssl_agrees_in_both_versions_and_resumes_sessions() {
    let outer = site();
    let server = start(outer.path(), &[]);
    for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let session = outer.path().join(version);
        let session = session.to_str().expect("UTF-8");
        let first = s_client(outer.path(), &server, &[option, "-alpn", "http/1.1", "-sess_out", session]);
        for part in [
            "Verify return code: 0 (ok)",
            "ALPN protocol: http/1.1",
            "HTTP/1.1 200 OK",
            "New, ",
            version,
            "hello",
        ] {
            assert!(first.contains(part), "{part} in {first}");
        }
        let second = s_client(outer.path(), &server, &[option, "-sess_in", session]);
        assert!(second.contains("Reused, ") && second.contains("hello"), "{second}");
    }
    // What is older, or not HTTP/1.1, is no longer spoken.
    for options in [&["-tls1_1"][..], &["-alpn", "h2"]] {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &server.address.to_string()]).args(options);
        let output = command.stdin(Stdio::null()).output().expect("it is installed");
        assert!(!output.status.success(), "{options:?}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn the_fingerprint_that_is_printed_is_the_certificates() {
    let outer = site();
    let mut command = glasshttp();
    command.args(["--port", "0", "--tls-self-signed"]);
    let server = Server::start_command(command.arg(outer.path().join("served")));
    let line = server.process.stderr.line("the fingerprint", |line| line.contains("SHA-256 fingerprint is "));
    let printed = line.rsplit(' ').next().expect("a word");
    let script = "openssl s_client -connect \"$1\" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 -ext subjectAltName";
    let shown = output_of(Command::new("sh").args(["-c", script, "sh", &server.address.to_string()]));
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains(printed), "{printed} in {shown}");
    assert!(shown.contains("DNS:localhost") && shown.contains("IP Address:127.0.0.1"), "{shown}");
}

#[test]
#[ignore = "needs curl"]
fn curl_gets_64_mib_byte_for_byte_and_keeps_its_connection() {
    let outer = site();
    let mut word = 1_u64;
    let mut next = || {
        // Xorshift: bytes that no compression and no mistake would reproduce.
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word.to_le_bytes()
    };
    let bytes: Vec<u8> = (0..8 * 1024 * 1024).flat_map(|_| next()).collect();
    fs::write(outer.path().join("served/large"), &bytes).expect("written");
    let server = start(outer.path(), &[]);
    let curl = || {
        let mut command = Command::new("curl");
        let resolve = format!("localhost:{}:127.0.0.1", server.port());
        command.args(["--silent", "--show-error", "--resolve", &resolve, "--cacert"]);
        command.arg(outer.path().join("cert.pem"));
        command
    };
    let url = |path: &str| format!("https://localhost:{}{path}", server.port());
    for version in [&["--tlsv1.3"][..], &["--tls-max", "1.2"]] {
        let received = output_of(curl().args(version).arg(url("/large")));
        assert!(received == bytes, "{version:?}: {} bytes", received.len());
    }
    let out = output_of(curl().args(["--write-out", "%{num_connects}\n", &url("/a.txt"), &url("/a.txt")]));
    assert_eq!(String::from_utf8_lossy(&out), "hello1\nhello0\n");
}

//! What goes wrong around the server: descriptors run out, files change under its hands, nobody
//! reads its log, clients vanish. It goes on serving, and nothing is left behind.

#![cfg(target_os = "linux")]

use crate::support::{
    self, Client, FEW, Finished, LARGE, Process, Server, as_text, folder, glasshttp, one_line,
    start_with_few_descriptors, take_all_descriptors, wait_until, write, write_sparse,
};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A page of 5 bytes, and a file so large that while a client reads nothing it is under way.
fn site() -> TempDir {
    let folder = folder(&[("a.txt", "hello")]);
    write_sparse(folder.path(), "large", LARGE);
    folder
}

/// A small file comes as it should, on a connection of its own.
fn assert_serves(server: &Server) {
    let reply = server.get("/a.txt");
    assert_eq!((reply.status, reply.text().as_str()), (200, "hello"), "{reply:?}");
}

/// A server, and how many descriptors it has open while it has no connection. It has answered
/// once, so that what it opens at its beginning is open, and what it closes then is closed.
fn start(folder: &Path, options: &[&str]) -> (Server, usize) {
    let server = Server::start(folder, options);
    let before = descriptors_without_connections(&server);
    (server, before)
}

fn descriptors_without_connections(server: &Server) -> usize {
    let mut client = server.connect();
    assert_eq!(client.get("/a.txt").text(), "hello");
    server.process.descriptors().len() - 1
}

fn wait_for_descriptors(server: &Server, count: usize) {
    wait_until(&format!("{count} descriptors"), || {
        (server.process.descriptors().len() == count).then_some(())
    });
}

// ---- descriptors run out

#[test]
fn without_descriptors_it_waits_for_one_and_does_not_spin() {
    let folder = site();
    let options = ["--max-connections", "1000", "--head-timeout", "60"];
    let server = start_with_few_descriptors(folder.path(), &options);
    let mut clients = take_all_descriptors(&server);
    let before = server.process.processor_ticks();
    // Nothing comes: this one waits to be accepted.
    let answer = clients.last_mut().expect("many").listen(Duration::from_secs(1)).expect("it is not cut");
    assert_eq!(answer, None);
    let ticks = server.process.processor_ticks() - before;
    println!("{ticks} ticks in a second without descriptors");
    assert!(ticks < 25, "{ticks} hundredths of a second of work while there was nothing to do");
}

#[test]
fn without_descriptors_those_that_are_connected_are_answered() {
    let folder = site();
    let options = ["--max-connections", "1000", "--head-timeout", "60"];
    let server = start_with_few_descriptors(folder.path(), &options);
    let mut clients = take_all_descriptors(&server);
    // Both at once: between two requests the connection would have to give way. To open a file
    // takes a descriptor.
    clients[0].send("Host: localhost\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(clients[0].reply().status, 204);
    let reply = clients[0].reply();
    assert_eq!((reply.status, reply.field("retry-after")), (503, Some("1")));
}

#[test]
fn more_connections_than_descriptors_are_warned_of() {
    let folder = site();
    let server = start_with_few_descriptors(folder.path(), &["--max-connections", "1000"]);
    let end = server.stop();
    let expected = "glasshttp: --max-connections 1000 is more than the 64 files that this process may open \
        allow for; raise that limit (ulimit -n) or lower this one";
    assert_eq!(end.stderr, [expected]);
}

#[test]
fn once_descriptors_are_back_those_that_waited_and_all_others_are_served() {
    let folder = site();
    let options = ["--max-connections", "1000", "--head-timeout", "60"];
    let server = start_with_few_descriptors(folder.path(), &options);
    let before = descriptors_without_connections(&server);
    let mut clients = take_all_descriptors(&server);
    let mut waits = clients.pop().expect("many");
    drop(clients);
    waits.send("Host: localhost\r\n\r\n");
    assert_eq!(waits.reply().status, 204);
    assert_serves(&server);
    drop(waits);
    wait_for_descriptors(&server, before);
}

#[test]
fn by_default_few_descriptors_mean_few_connections_and_everybody_is_served() {
    let folder = site();
    let server = start_with_few_descriptors(folder.path(), &[]);
    let mut clients = Vec::new();
    for number in 0..3 * FEW {
        let mut client = server.connect();
        let reply = client.get("/a.txt");
        assert_eq!(reply.status, 200, "connection {number}: {reply:?}");
        clients.push(client);
    }
    let taken = server.process.descriptors();
    assert!((0..FEW).any(|number| !taken.contains(&number)), "{taken:?}");
}

// ---- files change while they are sent

/// Content of which every byte tells its place, so that no other bytes could be taken for it.
fn numbered_content(length: usize) -> Vec<u8> {
    let mut content = Vec::with_capacity(length + 16);
    while content.len() < length {
        content.extend_from_slice(format!("{:015}\n", content.len()).as_bytes());
    }
    content.truncate(length);
    content
}

/// As long as what cannot wait in the buffers between the server and a client with little room.
const LONG: usize = 24 * 1024 * 1024;

/// What a client has read before the file changes.
const READ: usize = 256 * 1024;

/// A client that has asked for a long file and read the beginning, and that has sent the next
/// request, too.
fn begin_download(server: &Server) -> (Client, Vec<u8>) {
    let mut client = Client::connect_with_little_room(server.address).expect("it accepts");
    client.send(
        "GET /long HTTP/1.1\r\nHost: a.localhost\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    let reply = client.head();
    assert_eq!((reply.status, reply.field("content-length")), (200, Some(LONG.to_string().as_str())));
    let beginning = client.bytes(READ);
    (client, beginning)
}

fn assert_next_is_answered(mut client: Client) {
    let next = client.reply();
    assert_eq!((next.status, next.text().as_str()), (200, "hello"));
}

#[test]
fn a_file_that_is_cut_short_while_it_is_sent_ends_the_connection_and_nothing_else_is_sent() {
    let (folder, content) = (site(), numbered_content(LONG));
    for length in [0, READ as u64] {
        write(folder.path(), "long", &content);
        let (server, before) = start(folder.path(), &[]);
        let (mut client, mut received) = begin_download(&server);
        let file = std::fs::File::options().write(true).open(folder.path().join("long"));
        file.and_then(|file| file.set_len(length)).expect("it is cut");
        // The connection ends, be it by a reset.
        while let Ok(Some(piece)) = client.listen(support::PATIENCE) {
            if piece.is_empty() {
                break;
            }
            received.extend_from_slice(&piece);
        }
        assert!(received.len() < LONG, "all {LONG} bytes came from a file that has {length}");
        // What is under way refers to the pages of the file (that is how sendfile saves copying),
        // and a page in which a file is cut is filled with zeros by the system.
        let cut = usize::try_from(length).expect("it fits");
        let is_right = |(place, &byte): (usize, &u8)| byte == content[place] || (place >= cut && byte == 0);
        let wrong = received.iter().enumerate().position(|found| !is_right(found));
        assert_eq!(wrong, None, "something else came among {} bytes", received.len());
        assert_serves(&server);
        drop(client);
        wait_for_descriptors(&server, before);
    }
}

#[test]
fn of_a_file_that_grows_while_it_is_sent_as_much_comes_as_was_promised() {
    let (folder, content) = (site(), numbered_content(LONG));
    write(folder.path(), "long", &content);
    let server = Server::start(folder.path(), &[]);
    let (mut client, mut received) = begin_download(&server);
    let file = std::fs::File::options().append(true).open(folder.path().join("long"));
    file.and_then(|mut file| std::io::Write::write_all(&mut file, &vec![b'x'; 100_000])).expect("it grows");
    received.extend(client.bytes(LONG - READ));
    assert!(received == content);
    assert_next_is_answered(client);
}

#[test]
fn a_file_that_is_removed_while_it_is_sent_comes_whole() {
    let (folder, content) = (site(), numbered_content(LONG));
    write(folder.path(), "long", &content);
    let (server, before) = start(folder.path(), &[]);
    let (mut client, mut received) = begin_download(&server);
    std::fs::remove_file(folder.path().join("long")).expect("it is removed");
    assert_eq!(server.get("/long").status, 404);
    received.extend(client.bytes(LONG - READ));
    assert!(received == content);
    assert_next_is_answered(client);
    wait_for_descriptors(&server, before);
}

#[test]
fn a_file_that_is_replaced_while_it_is_sent_comes_as_it_was() {
    let (folder, content) = (site(), numbered_content(LONG));
    write(folder.path(), "long", &content);
    let server = Server::start(folder.path(), &[]);
    let (mut client, mut received) = begin_download(&server);
    write(folder.path(), "new", "new");
    std::fs::rename(folder.path().join("new"), folder.path().join("long")).expect("it is replaced");
    assert_eq!(server.get("/long").text(), "new");
    received.extend(client.bytes(LONG - READ));
    assert!(received == content);
    assert_next_is_answered(client);
}

#[test]
fn a_folder_that_goes_away_is_404_until_it_is_back() {
    let outer = folder(&[("site/a.txt", "hello"), ("other/a.txt", "other")]);
    let (site, away) = (outer.path().join("site"), outer.path().join("away"));
    let server = Server::start(&site, &[]);
    let mut client = server.connect();
    for round in 0..3 {
        assert_eq!(client.get("/a.txt").text(), "hello", "round {round}");
        std::fs::rename(&site, &away).expect("moved");
        assert_eq!(client.get("/a.txt").status, 404, "round {round}");
        assert_eq!(client.get("/").status, 404, "round {round}");
        std::fs::rename(&away, &site).expect("moved");
    }
    std::fs::remove_dir_all(&site).expect("removed");
    assert_eq!(client.get("/a.txt").status, 404);
    std::fs::rename(outer.path().join("other"), &site).expect("moved");
    assert_eq!(client.get("/a.txt").text(), "other");
}

// ---- nobody takes the log

/// How many requests: so many lines that a pipe and all queues overflow.
const MANY_LINES: usize = 20_000;

/// Asks so often, and checks that all are answered.
fn ask_often(address: std::net::SocketAddr, count: usize) {
    let mut client = Client::connect(address).expect("it accepts");
    let request = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: faults\r\n\r\n";
    let at_once = 50;
    for _ in 0..count / at_once {
        client.send(request.repeat(at_once));
        for _ in 0..at_once {
            let reply = client.reply();
            assert_eq!((reply.status, reply.body.as_slice()), (200, b"hello".as_slice()));
        }
    }
}

fn stop(process: Process) -> Finished {
    process.signal(rustix::process::Signal::TERM);
    process.finish()
}

/// How many lines of the log it says were lost.
fn lost_lines(end: &Finished) -> usize {
    assert_eq!(end.code, Some(0), "{end:?}");
    let line = one_line(&end.stderr, &["glasshttp: ", " lines of the log could not be written"], &"stderr");
    line.split(' ').nth(1).and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

fn logging() -> (Command, TempDir) {
    let folder = folder(&[("a.txt", "hello")]);
    let mut command = glasshttp();
    command.args(["--port", "0", "--log", "combined"]).arg(folder.path());
    (command, folder)
}

#[test]
fn a_log_whose_reader_has_gone_costs_no_answer_and_what_was_lost_is_said() {
    let (mut command, _folder) = logging();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let process = Process::start_writing_to(&mut command, writer);
    let address = process.wait_for_port();
    drop(reader);
    ask_often(address, 500);
    assert_eq!(lost_lines(&stop(process)), 500);
}

#[test]
fn a_log_that_does_not_fit_on_the_disk_costs_no_answer_and_what_was_lost_is_said() {
    let (mut command, _folder) = logging();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let process = Process::start_writing_to(&mut command, full);
    ask_often(process.wait_for_port(), 500);
    assert_eq!(lost_lines(&stop(process)), 500);
}

#[test]
fn a_log_whose_reader_has_stopped_costs_no_answer_and_what_was_lost_is_said() {
    let (mut command, _folder) = logging();
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let process = Process::start_writing_to(&mut command, writer);
    ask_often(process.wait_for_port(), MANY_LINES);
    let lost = lost_lines(&stop(process));
    assert!((1..MANY_LINES).contains(&lost), "{lost}");
    // What it has written is whole lines but for the last, and none is missing that it does not
    // count.
    let mut log = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut log).expect("what is in the pipe");
    let written = as_text(&log).lines().filter(|line| line.ends_with("\"faults\"")).count();
    println!("{written} lines written, {lost} said to be lost, of {MANY_LINES}");
    assert!(written + lost >= MANY_LINES, "{written} lines written, {lost} said to be lost");
}

#[test]
fn a_log_whose_reader_goes_on_after_a_pause_goes_on_too() {
    let (mut command, _folder) = logging();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let process = Process::start_writing_to(&mut command, writer);
    let address = process.wait_for_port();
    ask_often(address, MANY_LINES);
    let (tell, heard) = std::sync::mpsc::channel();
    let lines = std::thread::spawn(move || {
        let lines = std::io::BufRead::lines(std::io::BufReader::new(reader)).map(|line| line.expect("ASCII"));
        let lines = lines.filter(|line| line.ends_with("\"faults\""));
        lines.inspect(|line| _ = line.contains("/last ").then(|| tell.send(()))).count()
    });
    ask_often(address, 1000);
    // What is still on its way when it stops may be given up although a part of it arrives. So it stops when a line is
    // there that was written behind all others; that one may be lost itself, and then it is the next.
    let mut client = Client::connect(address).expect("it accepts");
    let mut more = 0;
    wait_until("the last line", || {
        client.get_with("/last", "User-Agent: faults\r\n");
        more += 1;
        heard.recv_timeout(Duration::from_millis(200)).ok()
    });
    let end = stop(process);
    let lost = if end.stderr.is_empty() { 0 } else { lost_lines(&end) };
    let written = lines.join().expect("it reads");
    println!("{written} lines written, {lost} lost");
    assert_eq!(written + lost, MANY_LINES + 1000 + more);
}

// ---- clients vanish

/// What a client has sent when it vanishes, and whether it waits for the beginning of an answer.
const STATES: [(&str, &str, bool); 9] = [
    ("before a byte", "", false),
    ("in a request line", "GET /a.t", false),
    ("in a head", "GET /a.txt HTTP/1.1\r\nHost: local", false),
    ("in a body", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf", false),
    (
        "in a chunk",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        false,
    ),
    ("in an answer", "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n", true),
    ("between two requests", "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", true),
    (
        "with answers queued",
        "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\nGET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
        true,
    ),
    (
        "after the last answer",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\nhalf",
        true,
    ),
];

/// How many clients vanish in each state.
const EACH: usize = 20;

/// Lets clients vanish in every state, and fails if the server keeps anything of them.
fn vanish_in_each_state(vanish: impl Fn(Client)) {
    let folder = site();
    let (server, before) = start(folder.path(), &[]);
    for (state, sent, is_answered) in STATES {
        println!("{state}");
        let mut clients = Vec::new();
        for _ in 0..EACH {
            let mut client = server.connect();
            client.send(sent);
            if is_answered {
                client.head();
            }
            clients.push(client);
        }
        clients.into_iter().for_each(&vanish);
        wait_for_descriptors(&server, before);
        assert_serves(&server);
    }
    wait_for_descriptors(&server, before);
}

#[test]
fn a_client_that_resets_its_connection_in_any_state_leaves_nothing_behind() {
    vanish_in_each_state(Client::reset);
}

#[test]
fn a_client_that_closes_its_connection_in_any_state_leaves_nothing_behind() {
    vanish_in_each_state(drop);
}

#[test]
fn a_client_that_stops_sending_and_then_resets_in_any_state_leaves_nothing_behind() {
    vanish_in_each_state(|mut client| {
        client.finish_sending();
        client.reset();
    });
}

#[test]
fn many_clients_that_vanish_as_soon_as_they_are_connected_leave_nothing_behind() {
    let folder = site();
    let (server, before) = start(folder.path(), &[]);
    for number in 0..2000 {
        let mut client = server.connect();
        if number % 2 == 1 {
            client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        }
        client.reset();
    }
    assert_serves(&server);
    wait_for_descriptors(&server, before);
}

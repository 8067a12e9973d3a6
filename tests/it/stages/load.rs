//! The load maker: it counts what it gets, and finds out what is wrong with it.
//!
//! Most servers here are threads of the test: they answer as no stage would.

use super::{Stage, command};
use crate::support::{Finished, V4, one_line, run};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A server in a thread of its own. It calls `answer` with the stream of a client and its number, again and again until
/// the client is gone: client 0 is the one that the load maker sends ahead.
fn server(
    answer: impl Fn(&mut TcpStream, usize) -> std::io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((V4, 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { continue };
            let answer = Arc::clone(&answer);
            thread::spawn(move || while answer(&mut stream, number).is_ok() {});
        }
    });
    address
}

/// Reads what the load maker sends to an echo.
fn line(stream: &mut TcpStream) -> std::io::Result<[u8; 64]> {
    let mut line = [0; 64];
    stream.read_exact(&mut line)?;
    assert_eq!(line[63], b'\n');
    Ok(line)
}

/// Reads a request, to the empty line.
fn request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).expect("text"))
}

fn load(url: &str, arguments: &[&str]) -> Finished {
    run(command("10_load").args([url, "seconds=1", "name=it"]).args(arguments))
}

fn load_echo(address: SocketAddr, arguments: &[&str]) -> Finished {
    load(&format!("echo://{address}"), arguments)
}

fn load_http(address: SocketAddr, arguments: &[&str]) -> Finished {
    load(&format!("http://{address}/a.txt?b"), arguments)
}

/// The rows of a table: `None` for a dash.
fn rows(ended: &Finished) -> Vec<Vec<Option<u64>>> {
    assert_eq!((ended.code, ended.stderr.as_slice()), (Some(0), &[][..]));
    let rows = ended.stdout.iter().filter(|line| line.starts_with(' '));
    let cell = |cell: &str| (cell != "-").then(|| cell.parse().unwrap_or_else(|_| panic!("{cell:?}")));
    rows.map(|row| row.split_whitespace().map(cell).collect()).collect()
}

/// The only row, its first columns: clients, served, answers a second; and errors.
fn row(ended: &Finished) -> [Option<u64>; 4] {
    let [row] = &rows(ended)[..] else { panic!("{:?}", ended.stdout) };
    [row[0], row[1], row[2], row[5]]
}

/// Whether a note in the table says so.
fn notes(ended: &Finished, part: &str) {
    let mut notes = ended.stdout.iter().skip(1).filter(|line| line.starts_with("# "));
    assert!(notes.any(|note| note.contains(part)), "no {part:?}: {:?}", ended.stdout);
}

#[test]
fn right_answers_are_counted_and_timed() {
    let address = server(|stream, _| {
        let line = line(stream)?;
        // In pieces, as TCP may do.
        stream.write_all(&line[..10])?;
        stream.write_all(&line[10..])
    });
    let ended = load_echo(address, &["clients=1,3"]);
    let head = format!("# it echo://{address} seconds=1 idle=0");
    assert_eq!(ended.stdout[0], head);
    let columns = "clients  served   ans/s  p50-us  p99-us  errors threads  rss-kb  cpu-us  own-us";
    assert_eq!(ended.stdout[1], columns);
    let rows = rows(&ended);
    assert_eq!(rows.len(), 2);
    for (row, clients) in rows.iter().zip([1, 3]) {
        assert_eq!(
            (row.len(), row[0], row[1], row[5]),
            (10, Some(clients), Some(clients), Some(0)),
            "{row:?}"
        );
        assert!(row[2] > Some(10) && row[3] > Some(0) && row[3] <= row[4], "{row:?}");
        // Nobody has said which process it is.
        assert_eq!(row[6..9], [None; 3], "{row:?}");
    }
}

#[test]
fn a_wrong_answer_is_noticed() {
    let address = server(|stream, number| {
        let mut line = line(stream)?;
        // The client's second answer is that of another line.
        line[62] = if number > 0 { b'0' } else { line[62] };
        stream.write_all(&line)
    });
    let ended = load_echo(address, &["clients=2"]);
    let [clients, served, _, errors] = row(&ended);
    assert_eq!((clients, served, errors), (Some(2), Some(2), Some(2)));
    notes(&ended, "with 2 clients: the answer is wrong");
}

#[test]
fn an_answer_with_something_behind_it_is_noticed() {
    let address = server(|stream, number| {
        let line = line(stream)?;
        let more: &[u8] = if number > 0 { b"!" } else { b"" };
        stream.write_all(&[&line, more].concat())
    });
    let ended = load_echo(address, &["clients=1"]);
    assert_eq!(row(&ended)[3], Some(1));
}

#[test]
fn a_server_that_leaves_is_noticed() {
    let address = server(|stream, number| {
        let line = line(stream)?;
        if number > 0 {
            return Err(std::io::ErrorKind::Other.into());
        }
        stream.write_all(&line)
    });
    assert_eq!(row(&load_echo(address, &["clients=2"])), [Some(2), Some(0), Some(0), Some(2)]);
}

#[test]
fn clients_that_get_no_answer_are_not_served_and_it_ends_all_the_same() {
    let address = server(|stream, number| {
        let line = line(stream)?;
        // Client 2 alone is answered, and at first the one that was sent ahead.
        if number == 0 || number == 2 { stream.write_all(&line) } else { Ok(()) }
    });
    let [clients, served, rate, errors] = row(&load_echo(address, &["clients=3"]));
    assert_eq!((clients, served, errors), (Some(3), Some(1), Some(0)));
    assert!(rate > Some(0));
    let silent = server(|stream, number| {
        let line = line(stream)?;
        if number == 0 { stream.write_all(&line) } else { Ok(()) }
    });
    let ended = load_echo(silent, &["clients=2"]);
    assert_eq!(rows(&ended)[0][..6], [Some(2), Some(0), Some(0), None, None, Some(0)]);
}

#[test]
fn without_a_first_answer_there_is_one_line_and_no_table() {
    let never = server(|stream, _| line(stream).map(|_| ()));
    let wrong = server(|stream, _| line(stream).and_then(|_| stream.write_all(&[b'x'; 64])));
    let nobody = TcpListener::bind((V4, 0)).and_then(|holder| holder.local_addr()).expect("a free port");
    for (address, why) in
        [(never, "no answer within 2 s"), (wrong, "the answer is wrong"), (nobody, "refused")]
    {
        let Finished { code, stdout, stderr } = load_echo(address, &[]);
        assert_eq!((code, stdout.as_slice()), (Some(1), &[][..]), "{why}");
        one_line(&stderr, &[&address.to_string(), why, "Is the right server running?"], &why);
    }
}

#[test]
fn over_http_it_reads_each_response_exactly_and_asks_again_on_the_same_connection() {
    let address = server(|stream, _| {
        let host = stream.local_addr()?;
        assert_eq!(request(stream)?, format!("GET /a.txt?b HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        stream.write_all(b"HTTP/1.1 200 OK\r\nServer: it\r\ncontent-LENGTH: 5\r")?;
        stream.write_all(b"\n\r\nhe")?;
        stream.write_all(b"llo")
    });
    let [clients, served, rate, errors] = row(&load_http(address, &["clients=2"]));
    assert_eq!((clients, served, errors), (Some(2), Some(2), Some(0)));
    assert!(rate > Some(10));
}

#[test]
fn over_http_it_notices_what_is_wrong() {
    for (response, why) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo", "the answer is wrong"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!", "does not end in time"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello", "no response 200 with a Content-Length"),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "no response 200 with a Content-Length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", "no response 200 with a Content-Length"),
    ] {
        let address = server(move |stream, number| {
            request(stream)?;
            let right = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
            stream.write_all(if number == 0 { right } else { response }.as_bytes())
        });
        let ended = load_http(address, &["clients=2"]);
        assert_eq!(row(&ended), [Some(2), Some(0), Some(0), Some(2)], "{response:?}");
        notes(&ended, why);
    }
}

#[test]
fn over_http_an_answer_without_an_end_is_given_up() {
    let address = server(|stream, _| {
        request(stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X-More: and more\r\n")?;
        }
    });
    let Finished { code, stderr, .. } = load_http(address, &[]);
    assert_eq!(code, Some(1));
    one_line(&stderr, &["no response 200"], &"endless");
}

#[test]
fn of_a_server_on_linux_it_tells_threads_memory_and_time() {
    let running = Stage::start_with("05_echo_pool", ["2"]);
    let pid = format!("pid={}", running.process.id());
    let ended = load_echo(running.address, &["clients=5", &pid]);
    let row = &rows(&ended)[0];
    // A pool of two serves two of five, and has a third thread that accepts.
    assert_eq!((row[1], row[6]), (Some(2), Some(3)), "{row:?}");
    assert!(row[7] > Some(100) && row[8].is_some() && row[9].is_some(), "{row:?}");
}

#[test]
fn idle_clients_fill_a_pool_and_not_a_loop() {
    for (stage, served) in [("05_echo_pool", 0), ("04_echo_threads", 2), ("06_echo_event_loop", 2)] {
        let running = Stage::start(stage);
        let ended = load_echo(running.address, &["clients=2", "idle=20"]);
        assert!(ended.stdout[0].ends_with(" idle=20"), "{:?}", ended.stdout);
        assert_eq!(row(&ended)[1], Some(served), "{stage}");
    }
}

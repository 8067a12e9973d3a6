//! Stage 10: a load maker. It is many clients at once, checks each answer
//! that it gets, and says how many came and how long they took. Chapter 9
//! of the course builds it up.
//!
//! ```text
//! rustc --edition 2024 -O examples/10_load.rs
//! ./10_load echo://127.0.0.1:7004
//! ```
//!
//! Ctrl-C stops it. It ends by itself, too.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// How long a connection may take to be made, and the very first answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A longer response is not what this program is for.
const MAX_RESPONSE: u64 = 1024 * 1024;

/// The stack of a client's thread, which does not do much.
const STACK: usize = 128 * 1024;

/// What the columns are. The times are in microseconds: the median and
/// the 99th percentile of what an answer took, and the processor time for
/// each answer, of the server (cpu) and of this program (own).
const COLUMNS: [&str; 10] = [
    "clients", "served", "ans/s", "p50-us", "p99-us", "errors",
    "threads", "rss-kb", "cpu-us", "own-us",
];

/// A client's connection. What was read too much stays in its buffer.
type Client<'a> = BufReader<&'a TcpStream>;

/// What to measure.
struct Plan {
    url: String,
    address: SocketAddr,
    /// What is sent to a server that speaks HTTP. `None` for an echo.
    request: Option<String>,
    clients: Vec<usize>,
    seconds: u64,
    idle: usize,
    pid: String,
    name: String,
}

fn main() -> ExitCode {
    let Some(plan) = arguments() else {
        eprintln!(
            "Name a server on this machine, and maybe how to measure it: \
             cargo run --example 10_load -- echo://127.0.0.1:7004 \
             clients=1,10,100 seconds=2 idle=0 pid=4242 name=threads \
             (or http://127.0.0.1:8001/PATH; at most 5000 clients, 60 s)"
        );
        return ExitCode::from(2);
    };
    let first = match ask_once(&plan) {
        Ok(answer) => answer,
        Err(error) => {
            let url = &plan.url;
            eprintln!("{url}: {error}. Is the right server running?");
            return ExitCode::FAILURE;
        }
    };
    let Plan { name, url, seconds, idle, .. } = &plan;
    println!("# {name} {url} seconds={seconds} idle={idle}");
    print_row(COLUMNS.map(String::from));
    for &count in &plan.clients {
        measure(&plan, &first, count);
    }
    ExitCode::SUCCESS
}

/// The plan from the command line. `None` if something in it is wrong.
fn arguments() -> Option<Plan> {
    let mut arguments = env::args_os().skip(1);
    let url = arguments.next()?.into_string().ok()?;
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let request = match scheme {
        "echo" => None,
        "http" => {
            Some(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
        }
        _ => return None,
    };
    // Load is for servers of one's own: those on this machine.
    let mut found = host.to_socket_addrs().ok()?;
    let address =
        found.find(|at| at.is_ipv4() && at.ip().is_loopback())?;
    let mut plan = Plan {
        name: scheme.to_string(),
        url: url.clone(),
        address,
        request,
        clients: vec![1, 10, 50, 100, 500, 1000],
        seconds: 2,
        idle: 0,
        pid: String::new(),
    };
    for argument in arguments {
        let (key, value) = argument.to_str()?.split_once('=')?;
        match key {
            "clients" => {
                let numbers = value.split(',').map(str::parse);
                plan.clients = numbers.collect::<Result<_, _>>().ok()?;
            }
            "seconds" => plan.seconds = value.parse().ok()?,
            "idle" => plan.idle = value.parse().ok()?,
            "pid" => plan.pid = value.parse::<u32>().ok()?.to_string(),
            "name" => plan.name = value.replace(char::is_whitespace, "-"),
            _ => return None,
        }
    }
    let are_right = plan.clients.iter().all(|n| (1..=5000).contains(n))
        && (1..=60).contains(&plan.seconds)
        && plan.idle <= 5000;
    are_right.then_some(plan)
}

/// The first exchange shows that a server is there, and the right one.
fn ask_once(plan: &Plan) -> io::Result<Vec<u8>> {
    let stream = TcpStream::connect_timeout(&plan.address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let answer =
        exchange(plan, &mut BufReader::new(&stream), (0, 0), None);
    answer.map_err(|error| match error.kind() {
        // Systems differ in which of the two they report.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            io::Error::other("no answer within 2 s")
        }
        _ => error,
    })
}

/// One exchange: asks, reads the answer exactly to its end, and checks
/// it. Over HTTP, the answers must all be like the first.
fn exchange(
    plan: &Plan,
    client: &mut Client,
    (number, count): (usize, usize),
    first: Option<&[u8]>,
) -> io::Result<Vec<u8>> {
    let (answer, expected) = if let Some(request) = &plan.request {
        client.get_mut().write_all(request.as_bytes())?;
        (read_response(client)?, first.map(<[u8]>::to_vec))
    } else {
        // 64 bytes that no other client sends, nor this one twice.
        let line = format!("client {number:>6} line {count:>44}\n");
        client.get_mut().write_all(line.as_bytes())?;
        let mut answer = vec![0; line.len()];
        client.read_exact(&mut answer)?;
        (answer, Some(line.into_bytes()))
    };
    if expected.is_some_and(|expected| answer != expected) {
        return Err(io::Error::other("the answer is wrong"));
    }
    if !client.buffer().is_empty() {
        return Err(io::Error::other("the answer does not end in time"));
    }
    Ok(answer)
}

/// Reads a response of HTTP, which must be a 200, and returns its body.
fn read_response(client: &mut Client) -> io::Result<Vec<u8>> {
    let mut response = client.take(MAX_RESPONSE);
    let mut status = String::new();
    response.read_line(&mut status)?;
    let mut length = None;
    loop {
        let mut line = String::new();
        response.read_line(&mut line)?;
        // The empty line ends the head.
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("Content-Length") {
            length = value.trim().parse().ok();
        }
    }
    let (true, Some(length)) = (status.contains(" 200 "), length) else {
        let what = "no response 200 with a Content-Length";
        return Err(io::Error::other(what));
    };
    let mut body = Vec::new();
    if response.take(length).read_to_end(&mut body)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(body)
}

/// What one client has seen: how long each answer took, and what has
/// ended it before the time was over.
type Seen = (Vec<Duration>, Option<io::Error>);

/// One client: asks, waits for the answer, and asks again until the end.
fn run_client(
    plan: &Plan,
    first: &[u8],
    stream: &TcpStream,
    number: usize,
    (begin, end): (Instant, Instant),
) -> Seen {
    let mut client = BufReader::new(stream);
    let mut times = Vec::new();
    thread::sleep(begin.saturating_duration_since(Instant::now()));
    loop {
        let name = (number, times.len());
        let asked = Instant::now();
        let answer = exchange(plan, &mut client, name, Some(first));
        let took = asked.elapsed();
        // What the end cuts off says nothing about the server.
        if asked + took >= end {
            return (times, None);
        }
        match answer {
            Ok(_) => times.push(took),
            Err(error) => return (times, Some(error)),
        }
    }
}

/// Connects this many clients, one after the other, until one cannot.
fn connect_all(plan: &Plan, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    while streams.len() < count {
        match TcpStream::connect_timeout(&plan.address, PATIENCE) {
            Ok(stream) => streams.push(stream),
            Err(error) => {
                let number = streams.len();
                println!("# {number} of {count} could connect: {error}");
                break;
            }
        }
    }
    streams
}

/// Measures the server with so many clients, and prints the row.
fn measure(plan: &Plan, first: &[u8], count: usize) {
    let idle = connect_all(plan, plan.idle);
    let streams = connect_all(plan, count);
    // They begin together, when each has its thread.
    let begin = Instant::now() + Duration::from_millis(200);
    let end = begin + Duration::from_secs(plan.seconds);
    let look = || [usage(&plan.pid), usage("self")];
    let (seen, before, after) = thread::scope(|scope| {
        let start = |(number, stream)| {
            let time = (begin, end);
            let run =
                move || run_client(plan, first, stream, number, time);
            thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, run)
        };
        let clients = streams.iter().enumerate().map(start);
        let threads: io::Result<Vec<_>> = clients.collect();
        let before = look();
        thread::sleep(end.saturating_duration_since(Instant::now()));
        let after = look();
        // This wakes those that still wait for an answer.
        for stream in &streams {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let threads = threads.unwrap_or_else(|error| {
            println!("# no {count} threads for as many clients: {error}");
            Vec::new()
        });
        let seen: Vec<Seen> = threads
            .into_iter()
            .map(|thread| thread.join().expect("it never panics"))
            .collect();
        (seen, before, after)
    });
    drop((idle, streams));
    print_result(plan, count, &seen, before, after);
    // The server is to see that they are gone, before the next come.
    thread::sleep(Duration::from_millis(200));
}

/// Prints what came of it.
fn print_result(
    plan: &Plan,
    count: usize,
    seen: &[Seen],
    before: [Option<Usage>; 2],
    after: [Option<Usage>; 2],
) {
    let served = seen.iter().filter(|(times, _)| !times.is_empty());
    let errors = seen.iter().filter_map(|(_, error)| error.as_ref());
    if let Some(error) = errors.clone().next() {
        println!("# with {count} clients: {error}");
    }
    let mut times: Vec<_> =
        seen.iter().flat_map(|(times, _)| times).collect();
    times.sort_unstable();
    let number = times.len() as u128;
    let percentile = |percent: usize| {
        let time = times.get(times.len() * percent / 100)?;
        Some(time.as_micros())
    };
    // Linux counts processor time in hundredths of a second.
    let processor = |at: usize| {
        let ticks = after[at]?[0].saturating_sub(before[at]?[0]);
        (ticks * 10_000).checked_div(number)
    };
    let cells = [
        Some(count as u128),
        Some(served.count() as u128),
        Some(number / u128::from(plan.seconds)),
        percentile(50),
        percentile(99),
        Some((count - seen.len() + errors.count()) as u128),
        after[0].map(|[_, threads, _]| threads),
        after[0].map(|[_, _, memory]| memory),
        processor(0),
        processor(1),
    ];
    print_row(cells.map(|cell| {
        cell.map_or("-".to_string(), |number| number.to_string())
    }));
}

fn print_row(cells: [String; 10]) {
    println!("{}", cells.map(|cell| format!("{cell:>7}")).join(" "));
}

/// What a process has used up to now, or uses: processor time in
/// hundredths of a second, threads, kilobytes of memory.
type Usage = [u128; 3];

/// Asks Linux what a process uses. `None` on any other system.
fn usage(pid: &str) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    // Behind the name, which stands in parentheses: see proc(5).
    let (_, numbers) = stat.rsplit_once(") ")?;
    let ticks = |at| numbers.split(' ').nth(at)?.parse::<u128>().ok();
    let line = |name| {
        let line =
            status.lines().find_map(|line| line.strip_prefix(name));
        line?.split_whitespace().next()?.parse().ok()
    };
    Some([ticks(11)? + ticks(12)?, line("Threads:")?, line("VmRSS:")?])
}

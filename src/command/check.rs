//! `--check`: asks a server whether it answers, for machines without curl, such as a container image with this program
//! alone in it.
//!
//! ```text
//! glasshttp --check http://localhost:8000/     exit code 0 for 2xx and 3xx, else 1 and a line that says why
//! glasshttp --check https://localhost:8443/    the same; any certificate will do
//! glasshttp --check unix:/run/site/socket      the same, through a Unix socket
//! glasshttp --check                            the server that the other options and variables describe
//! ```
//!
//! Without a URL the question is whether that server is well, and not what it serves: each status but 5xx will do, such
//! as a 401, or the 403 of a folder without a listing.

use crate::base::human;
use crate::base::platform::local;
use crate::command::cli::{Check, Config, DEFAULT_PORT, Endpoint, Url};
use crate::command::tls;
use crate::command::urls;
use crate::site::auth::Plain;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many bytes of an answer are read to find its first line.
const MAX_LINE: usize = 1024;

/// Asks the server, and gives a line for people about its answer.
///
/// # Errors
/// A line that says why the answer is not good.
pub(super) fn run(check: &Check, config: &Config) -> Result<String, String> {
    let (url, is_good): (_, fn(u16) -> bool) = match check {
        Check::Described => (described_by(config)?, |status| status < 500),
        Check::Url(url) => (url.clone(), |status| (200..400).contains(&status)),
    };
    let shown = url.to_string();
    let (sender, answer) = channel();
    // On a thread of its own, since the look-up of a name may take longer than this, and cannot be stopped.
    std::thread::Builder::new()
        .name("check".to_owned())
        .spawn(move || sender.send(ask(&url)))
        .map_err(|error| format!("cannot ask {shown}: {}", human::reason(&error)))?;
    match answer.recv_timeout(PATIENCE) {
        Ok(Ok(status)) if is_good(status) => Ok(format!("{shown}: {status}")),
        Ok(Ok(status)) => Err(format!("{shown} answers with {status}")),
        Ok(Err(error)) => Err(format!("{shown} does not answer: {}", human::reason(&error))),
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("{shown} does not answer within {} seconds", PATIENCE.as_secs()))
        }
        Err(RecvTimeoutError::Disconnected) => Err(format!("{shown} cannot be asked")),
    }
}

/// The URL of the server that these options describe.
fn described_by(config: &Config) -> Result<Url, String> {
    let (addresses, sockets) = (config.listen.addresses(), config.listen.sockets());
    let endpoint = match (addresses.first(), sockets.first()) {
        (None, Some(path)) => Endpoint::Unix(path.clone()),
        (address, _) => {
            let port = config.listen.port.unwrap_or(DEFAULT_PORT);
            if port == 0 {
                return Err("with --port 0 nobody knows which one it has: --check needs a URL".to_owned());
            }
            let address = address.copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
            Endpoint::Tcp(urls::reachable(SocketAddr::new(address, port)).ip().to_string(), port)
        }
    };
    let is_secure = config.tls.is_some() && matches!(endpoint, Endpoint::Tcp(..));
    let mut url = Url::new(endpoint, is_secure, config.site.base.start());
    url.authorization = config.auth.plain.first().map(Plain::authorization);
    Ok(url)
}

/// Sends a GET, and gives the status of the answer.
fn ask(url: &Url) -> io::Result<u16> {
    let mut request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: glasshttp --check\r\nAccept: */*\r\nConnection: close\r\n",
        url.path, url.host
    );
    if let Some(authorization) = &url.authorization {
        request += &format!("Authorization: {authorization}\r\n");
    }
    request += "\r\n";
    match &url.endpoint {
        Endpoint::Unix(path) => status(local::connect(path)?, &request),
        Endpoint::Tcp(name, port) => {
            let stream = connect(name, *port)?;
            if url.is_secure {
                status(tls::connect(stream, name)?, &request)
            } else {
                status(stream, &request)
            }
        }
    }
}

/// Connects to the first address of this name that accepts.
fn connect(name: &str, port: u16) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (name, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Sends a request and reads the status of the answer.
fn status(mut stream: impl Read + Write, request: &str) -> io::Result<u16> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    let mut piece = [0; 128];
    while !has_final_status(&mut answer) && answer.len() < MAX_LINE {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    read_status(&answer).ok_or_else(|| io::Error::other("what it says is not HTTP"))
}

/// Whether the status line of the final response has come. Interim responses (1xx) may come before it, and are taken
/// out (RFC 9110 section 15.2).
fn has_final_status(answer: &mut Vec<u8>) -> bool {
    while read_status(answer).is_some_and(|status| status < 200)
        && let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n")
    {
        answer.drain(..end + 4);
    }
    answer.contains(&b'\n') && read_status(answer).is_none_or(|status| status >= 200)
}

/// The status in a status line, `HTTP/1.1 200 OK` (RFC 9112 section 4).
fn read_status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let [b'0'..=b'9', b' ', digits @ .., b' ' | b'\r' | b'\n'] = rest.get(..6)? else { return None };
    let are_digits = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| are_digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interim_answers_are_passed_over() {
        let table: &[(&[u8], bool, Option<u16>)] = &[
            (b"HTTP/1.1 200 OK\r\n", true, Some(200)),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", true, Some(200)),
            (
                b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 404 \r\n",
                true,
                Some(404),
            ),
            (b"HTTP/1.1 103 Early\r\nLink: x\r\n", false, Some(103)),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP", false, None),
            (b"nonsense\n", true, None),
        ];
        for (answer, is_final, status) in table {
            let mut read = answer.to_vec();
            assert_eq!(has_final_status(&mut read), *is_final, "{}", answer.escape_ascii());
            assert_eq!(read_status(&read), *status, "{}", answer.escape_ascii());
        }
    }

    #[test]
    fn a_status_is_read_from_the_first_line_and_from_nothing_else() {
        let table: &[(&[u8], Option<u16>)] = &[
            (b"HTTP/1.1 200 OK\r\n", Some(200)),
            (b"HTTP/1.0 404 \r\n", Some(404)),
            (b"HTTP/1.1 503\r\n", Some(503)),
            (b"HTTP/1.1 20", None),
            (b"HTTP/1.1 2000 OK\r\n", None),
            (b"HTTP/1.1 abc OK\r\n", None),
            (b"HTTP/1.1 +20 OK\r\n", None),
            (b"SSH-2.0-x\r\n", None),
            (b"", None),
        ];
        for &(line, expected) in table {
            assert_eq!(read_status(line), expected, "{}", line.escape_ascii());
        }
    }
}

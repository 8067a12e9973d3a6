//! `--check`: asks a server whether it answers, for where there is no curl, such as an image with this program
//! alone in it.
//!
//! ```text
//! glasshttp --check http://localhost:8000/     exit code 0 for 2xx and 3xx, else 1 and a line that says why
//! glasshttp --check https://localhost:8443/    the same; whose certificate it is, is not asked
//! glasshttp --check unix:/run/site/socket      / by way of a Unix socket
//! glasshttp --check                            the server that the other options and variables describe
//! ```
//!
//! Without a URL the question is whether that server is well, and not what it serves: all but 5xx will do, such as a
//! 401 or the 403 of a folder without a listing.

use crate::base::human;
use crate::command::cli::Config;
use crate::command::start_lines;
use crate::command::tls;
use crate::http::host::Host;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of an answer is read to find its first line.
const MAX_LINE: usize = 1024;

/// What to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The server that the other options describe.
    Own,
    /// What has this URL.
    Url(Place),
}

/// Where a server is, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    socket: Socket,
    is_secure: bool,
    /// The Host field.
    host: String,
    path: String,
    /// The Authorization field.
    authorization: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Socket {
    /// A name or an address, and a port.
    Port(String, u16),
    Unix(PathBuf),
}

impl Target {
    /// Reads a URL; nothing means the own server.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Target, String> {
        if text.is_empty() {
            return Ok(Target::Own);
        }
        Place::parse(text).map(Target::Url)
    }

    /// Asks, and tells what came back: a line for people.
    ///
    /// # Errors
    /// A line that says why that is no good.
    pub fn ask(&self, config: &Config) -> Result<String, String> {
        let (place, is_good): (_, fn(u16) -> bool) = match self {
            Target::Own => (Place::of(config)?, |status| status < 500),
            Target::Url(place) => (place.clone(), |status| (200..400).contains(&status)),
        };
        let shown = place.to_string();
        let (sender, answer) = channel();
        // To look up a name may take longer than anybody wants to wait, and cannot be told to stop.
        let ask = move || sender.send(place.ask());
        std::thread::Builder::new()
            .name("check".to_owned())
            .spawn(ask)
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
}

impl Place {
    fn parse(text: &str) -> Result<Place, String> {
        let wrong = || "it must be a URL such as http://localhost:8000/, or unix:PATH".to_owned();
        if let Some(path) = text.strip_prefix("unix:") {
            let is_path = !path.is_empty();
            return if is_path { Ok(Place::at(Socket::Unix(path.into()), false, "/")) } else { Err(wrong()) };
        }
        let (is_secure, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) if tls::IS_BUILT_IN => (true, rest),
            (_, Some(_)) => return Err("https was left out of this build".to_owned()),
            (None, None) => return Err(wrong()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let parsed = Host::parse(host.as_bytes()).filter(|host| !host.name.is_empty()).ok_or_else(wrong)?;
        let port = parsed.port.unwrap_or(if is_secure { 443 } else { 80 });
        let name = String::from_utf8_lossy(parsed.name);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        if path.contains(|letter: char| letter.is_control() || letter == ' ') {
            return Err(wrong());
        }
        let path = utf8_percent_encode(if path.is_empty() { "/" } else { path }, CONTROLS).to_string();
        let path = if path.starts_with('?') { format!("/{path}") } else { path };
        let mut place = Place::at(Socket::Port(name.to_owned(), port), is_secure, &path);
        host.clone_into(&mut place.host);
        place.authorization = user.map(authorization).transpose()?;
        Ok(place)
    }

    fn at(socket: Socket, is_secure: bool, path: &str) -> Place {
        Place { socket, is_secure, host: "localhost".to_owned(), path: path.to_owned(), authorization: None }
    }

    /// The server that this describes.
    fn of(config: &Config) -> Result<Place, String> {
        let socket = match (config.addresses.first(), config.sockets.first()) {
            (None, Some(path)) => Socket::Unix(path.clone()),
            (address, _) => {
                let port = config.port.unwrap_or(crate::command::cli::DEFAULT_PORT);
                if port == 0 {
                    return Err("with --port 0 nobody knows which one it has: --check needs a URL".to_owned());
                }
                let address = address.copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
                Socket::Port(start_lines::reachable(SocketAddr::new(address, port)).ip().to_string(), port)
            }
        };
        let is_secure = config.tls.is_some() && matches!(socket, Socket::Port(..));
        let mut place = Place::at(socket, is_secure, config.site.base.start());
        place.authorization = config.auth.plain.first().map(crate::site::auth::Plain::authorization);
        Ok(place)
    }

    /// The status that comes back.
    fn ask(&self) -> io::Result<u16> {
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: glasshttp --check\r\nAccept: */*\r\nConnection: close\r\n",
            self.path, self.host
        );
        if let Some(authorization) = &self.authorization {
            request += &format!("Authorization: {authorization}\r\n");
        }
        request += "\r\n";
        match &self.socket {
            Socket::Unix(path) => status(UnixStream::connect(path)?, &request),
            Socket::Port(name, port) => {
                let stream = connect(name, *port)?;
                if self.is_secure {
                    status(tls::connect(stream, name)?, &request)
                } else {
                    status(stream, &request)
                }
            }
        }
    }
}

/// Without a name and a password, if there are any.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        match &self.socket {
            Socket::Unix(path) => write!(f, "unix:{}", crate::base::human::OneLine(path)),
            Socket::Port(name, port) if name.contains(':') => {
                write!(f, "{scheme}://[{name}]:{port}{}", self.path)
            }
            Socket::Port(name, port) => write!(f, "{scheme}://{name}:{port}{}", self.path),
        }
    }
}

/// The Authorization field for `user:password` in a URL, where `%3A` and the like may stand.
fn authorization(user: &str) -> Result<String, String> {
    let decoded = percent_encoding::percent_decode_str(user).decode_utf8_lossy();
    crate::site::auth::Plain::parse(&decoded).map(|plain| plain.authorization())
}

/// Connects to the first address of this name that takes it.
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

/// Whether the line is whole that counts. Interim answers (1xx) may come before it, and are taken out (RFC 9110
/// section 15.2).
fn has_final_status(answer: &mut Vec<u8>) -> bool {
    while read_status(answer).is_some_and(|status| status < 200)
        && let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n")
    {
        answer.drain(..end + 4);
    }
    answer.contains(&b'\n') && read_status(answer).is_none_or(|status| status >= 200)
}

/// RFC 9112 section 4: `HTTP/1.1 200 OK`.
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
    fn a_url_says_where_and_what() {
        let table = [
            ("http://localhost", "http://localhost:80/", "localhost"),
            ("http://localhost:8000/a/b?c#d", "http://localhost:8000/a/b?c", "localhost:8000"),
            ("http://localhost:8000?c", "http://localhost:8000/?c", "localhost:8000"),
            ("http://[::1]:80/\u{e4}", "http://[::1]:80/%C3%A4", "[::1]:80"),
            ("http://[::1]/", "http://[::1]:80/", "[::1]"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("http://pia:pep%40per@localhost:80/", "http://localhost:80/", "localhost:80"),
            ("unix:/run/a", "unix:/run/a", "localhost"),
        ];
        for (text, shown, host) in table {
            let place = Place::parse(text).expect("a good URL");
            assert_eq!((place.to_string().as_str(), place.host.as_str()), (shown, host), "{text}");
        }
        let https = Place::parse("https://localhost/").map(|place| place.to_string());
        assert_eq!(https.as_deref().ok(), tls::IS_BUILT_IN.then_some("https://localhost:443/"), "{https:?}");
        for text in [
            "localhost:8000",
            "http://",
            "http:///",
            "ftp://a/",
            "unix:",
            "http://a/b c",
            "http://a/\r\nb",
            "http://a b/",
            "www",
        ] {
            assert!(Target::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_and_a_password_in_it_are_sent() {
        let place = Place::parse("http://Aladdin:open%20sesame@a/").expect("a good URL");
        // The example of RFC 7617 section 2.
        assert_eq!(place.authorization.as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    }

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

//! The value of `--check`: the server that is asked whether it answers.
//!
//! ```text
//! http://localhost:8000/a?b#c    Tcp("localhost", 8000), Host: localhost:8000, GET /a?b
//! https://pia:pass@[::1]/        Tcp("::1", 443), over TLS, Host: [::1], Authorization: Basic ..., GET /
//! unix:/run/site/socket          Unix("/run/site/socket"), Host: localhost, GET /
//! (nothing)                      the server that the other options describe
//! ```

use super::listen::unix_path;
use crate::base::human::OneLine;
use crate::command::tls;
use crate::http::host::Host;
use crate::site::auth::Plain;
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};
use std::fmt;
use std::path::PathBuf;

/// Which server is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The server that the other options describe.
    Described,
    /// The server that has this URL.
    Url(Url),
}

/// A URL, in the parts of which a request is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Where to connect.
    pub endpoint: Endpoint,
    /// Whether to speak TLS there.
    pub is_secure: bool,
    /// The value of the Host field.
    pub host: String,
    /// The path and the query.
    pub path: String,
    /// The value of the Authorization field, if the URL has a user.
    pub authorization: Option<String>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A name or an address, and a port.
    Tcp(String, u16),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Check {
    /// Reads a value of `--check`.
    ///
    /// # Errors
    /// A line that says what the value must be.
    pub(super) fn parse(text: &str) -> Result<Check, String> {
        if text.is_empty() { Ok(Check::Described) } else { Url::parse(text).map(Check::Url) }
    }
}

impl Url {
    /// The URL of this path there, without a user.
    pub(crate) fn new(endpoint: Endpoint, is_secure: bool, path: &str) -> Url {
        Url { endpoint, is_secure, host: "localhost".to_owned(), path: path.to_owned(), authorization: None }
    }

    fn parse(text: &str) -> Result<Url, String> {
        let wrong = || "it must be a URL such as http://localhost:8000/, or unix:PATH".to_owned();
        if let Some(path) = unix_path(text)? {
            let is_path = !path.is_empty();
            return if is_path {
                Ok(Url::new(Endpoint::Unix(path.into()), false, "/"))
            } else {
                Err(wrong())
            };
        }
        let (is_secure, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) if tls::IS_BUILT_IN => (true, rest),
            (_, Some(_)) => return Err("https was left out of this build".to_owned()),
            (None, None) => return Err(wrong()),
        };
        // The fragment is for browsers; it is never sent (RFC 9110 section 7.1).
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let parsed = Host::parse(host.as_bytes()).filter(|host| !host.name.is_empty()).ok_or_else(wrong)?;
        let port = parsed.port.unwrap_or(if is_secure { 443 } else { 80 });
        let name = String::from_utf8_lossy(parsed.name);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let endpoint = Endpoint::Tcp(name.to_owned(), port);
        let mut url = Url::new(endpoint, is_secure, &written_path(path).ok_or_else(wrong)?);
        host.clone_into(&mut url.host);
        url.authorization = user.map(authorization).transpose()?;
        Ok(url)
    }
}

/// The path and query of a URL as a request line has them; `None` if they would break that line.
fn written_path(path: &str) -> Option<String> {
    if path.contains(|letter: char| letter.is_control() || letter == ' ') {
        return None;
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    Some(format!("{slash}{}", utf8_percent_encode(path, CONTROLS)))
}

/// The Authorization field for `user:password` in a URL, which may be percent-encoded.
fn authorization(user: &str) -> Result<String, String> {
    let decoded = percent_decode_str(user).decode_utf8_lossy();
    Plain::parse(&decoded).map(|plain| plain.authorization())
}

/// The URL as people read it, without a user and a password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        match &self.endpoint {
            Endpoint::Unix(path) => write!(f, "unix:{}", OneLine(path)),
            Endpoint::Tcp(name, port) if name.contains(':') => {
                write!(f, "{scheme}://[{name}]:{port}{}", self.path)
            }
            Endpoint::Tcp(name, port) => write!(f, "{scheme}://{name}:{port}{}", self.path),
        }
    }
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
            #[cfg(unix)]
            ("unix:/run/a", "unix:/run/a", "localhost"),
        ];
        for (text, shown, host) in table {
            let url = Url::parse(text).expect("a good URL");
            assert_eq!((url.to_string().as_str(), url.host.as_str()), (shown, host), "{text}");
        }
        let https = Url::parse("https://localhost/").map(|url| url.to_string());
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
            assert!(Check::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_and_a_password_in_it_are_sent() {
        let url = Url::parse("http://Aladdin:open%20sesame@a/").expect("a good URL");
        // The example of RFC 7617 section 2.
        assert_eq!(url.authorization.as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    }
}

//! Request methods (RFC 9110 section 9): what the client wants done with the target.

/// A method. Names are case-sensitive (RFC 9110 section 9.1): `get` is not GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Send me the representation.
    Get,
    /// Send me what GET would send, without the body.
    Head,
    /// Tell me what I may ask.
    Options,
    /// Take this. Files do not; folders do with `--upload`, and the inspector's composer.
    Post,
    /// Keep this under the target's name. Files take it with `--upload`.
    Put,
    /// A method that we know and that nothing here takes: DELETE, PATCH, TRACE.
    NotForFiles,
    /// Open a tunnel. The one method whose target is an authority (`host:port`).
    Connect,
    /// Any other token. RFC 9110 section 9.1: answer 501, since we cannot know what it means.
    Unknown,
}

impl Method {
    /// The methods that a file takes, as the value of an `Allow` field.
    pub const ALLOW: &str = "GET, HEAD, OPTIONS";

    /// The same where files can be uploaded.
    pub const ALLOW_WITH_PUT: &str = "GET, HEAD, PUT, OPTIONS";

    /// What folders take there, too: forms with files.
    pub const ALLOW_WITH_FORMS: &str = "GET, HEAD, PUT, POST, OPTIONS";

    /// The names of all methods that are known, the most frequent first, and behind them [`Method::OTHER`].
    pub const NAMES: [&str; 10] =
        ["GET", "HEAD", "PUT", "POST", "OPTIONS", "DELETE", "PATCH", "TRACE", "CONNECT", Method::OTHER];

    /// What stands for the name of every other method, and of none.
    pub const OTHER: &str = "other";

    /// The method of this name. The name's syntax (a token) is checked by the request parser.
    pub fn from_name(name: &[u8]) -> Method {
        match name {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"OPTIONS" => Method::Options,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" | b"PATCH" | b"TRACE" => Method::NotForFiles,
            b"CONNECT" => Method::Connect,
            _ => Method::Unknown,
        }
    }

    /// Whether every file takes it. A body that comes with it means nothing (RFC 9110 section 9.3).
    pub fn is_for_files(self) -> bool {
        matches!(self, Method::Get | Method::Head | Method::Options)
    }

    /// The one of [`Method::NAMES`] with which this request line begins: of whatever clients send, there
    /// are no more than these.
    pub fn name_in(line: &[u8]) -> &'static str {
        let begins =
            |name: &&str| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b" "));
        Method::NAMES.into_iter().find(begins).unwrap_or(Method::OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_a_known_name_or_with_another() {
        let table = [
            ("GET / HTTP/1.1", "GET"),
            ("CONNECT a:1 HTTP/1.1", "CONNECT"),
            ("PROPFIND / HTTP/1.1", "other"),
            ("other / HTTP/1.1", "other"),
            ("get / HTTP/1.1", "other"),
            ("GETS / HTTP/1.1", "other"),
            ("GET", "other"),
            ("", "other"),
        ];
        for (line, name) in table {
            assert_eq!(Method::name_in(line.as_bytes()), name, "{line}");
        }
        // All that have a meaning have a name.
        for name in Method::NAMES {
            assert_eq!(
                Method::from_name(name.as_bytes()) == Method::Unknown,
                name == Method::OTHER,
                "{name}"
            );
        }
    }
}

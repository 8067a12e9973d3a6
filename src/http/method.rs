//! Request methods (RFC 9110 section 9): what the client wants done with the target.
//!
//! ```
//! use glasshttp::http::Method;
//! assert_eq!(Method::from_name(b"GET"), Method::Get);
//! assert_eq!(Method::from_name(b"get"), Method::Unknown);
//! ```

/// A method. Names are case-sensitive (RFC 9110 section 9.1): `get` is not GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Send me a representation of the target.
    Get,
    /// Send me what GET would send, without the content.
    Head,
    /// Process this as the target does such things.
    Post,
    /// Make this the state of the target.
    Put,
    /// Tell me how I may communicate with the target.
    Options,
    /// Remove the target.
    Delete,
    /// Change the target by these instructions (RFC 5789).
    Patch,
    /// Send me my request as it arrived.
    Trace,
    /// Open a tunnel. The one method whose target is an authority (`host:port`).
    Connect,
    /// Any other token. RFC 9110 section 9.1: answer 501, since we cannot know what it means.
    Unknown,
}

impl Method {
    /// All methods that are known, by name, the most frequent first.
    const KNOWN: [(&str, Method); 9] = [
        ("GET", Method::Get),
        ("HEAD", Method::Head),
        ("PUT", Method::Put),
        ("POST", Method::Post),
        ("OPTIONS", Method::Options),
        ("DELETE", Method::Delete),
        ("PATCH", Method::Patch),
        ("TRACE", Method::Trace),
        ("CONNECT", Method::Connect),
    ];

    /// The names of the known methods, and behind them [`Method::OTHER`].
    pub const NAMES: [&str; Method::KNOWN.len() + 1] = {
        let mut names = [Method::OTHER; Method::KNOWN.len() + 1];
        let mut at = 0;
        while at < Method::KNOWN.len() {
            names[at] = Method::KNOWN[at].0;
            at += 1;
        }
        names
    };

    /// Stands for the name of every other method, and of none.
    pub const OTHER: &str = "other";

    /// The method of this name. The request parser has checked the syntax of the name (a token).
    pub fn from_name(name: &[u8]) -> Method {
        let known = Method::KNOWN.iter().find(|(known, _)| known.as_bytes() == name);
        known.map_or(Method::Unknown, |&(_, method)| method)
    }

    /// The one of [`Method::NAMES`] with which a request line begins. Clients can send any name, but logs and metrics
    /// see no other than these.
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

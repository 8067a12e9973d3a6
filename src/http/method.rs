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
    /// Take this. Files do not; the inspector's composer does.
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
}

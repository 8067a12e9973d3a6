//! Status codes (RFC 9110 section 15): three digits for programs, a phrase for people.

use crate::base::trace::Rfc;
use std::fmt;

/// A status code between 100 and 599.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(u16);

/// Declares each status that this server sends, once: name, code, phrase, and where it is defined.
macro_rules! statuses {
    ($($name:ident = $code:literal $phrase:literal, $rfc:literal $section:literal;)*) => {
        impl Status {
            $(#[doc = concat!(stringify!($code), " ", $phrase)] pub const $name: Status = Status($code);)*

            /// Every status that this server sends.
            pub const ALL: &[Status] = &[$(Status::$name),*];

            /// The status line (RFC 9112 section 4) and the name of the field behind it, Date, ready to send.
            pub fn line_and_date(self) -> &'static [u8] {
                match self.0 {
                    $($code => concat!("HTTP/1.1 ", stringify!($code), " ", $phrase, "\r\nDate: ").as_bytes(),)*
                    _ => unreachable!("only the constants above can be made"),
                }
            }

            /// The status line up to and including its CRLF.
            pub fn line(self) -> &'static [u8] {
                let line = self.line_and_date();
                &line[..line.len() - "Date: ".len()]
            }

            /// The section that defines it.
            pub fn defined_in(self) -> Rfc {
                match self.0 {
                    $($code => Rfc($rfc, $section),)*
                    _ => unreachable!("only the constants above can be made"),
                }
            }

            /// The reason phrase, such as `Not Found`.
            pub fn phrase(self) -> &'static str {
                match self.0 { $($code => $phrase,)* _ => "" }
            }
        }
    };
}

statuses! {
    OK = 200 "OK", 9110 "15.3.1";
    CREATED = 201 "Created", 9110 "15.3.2";
    NO_CONTENT = 204 "No Content", 9110 "15.3.5";
    PARTIAL_CONTENT = 206 "Partial Content", 9110 "15.3.7";
    MOVED_PERMANENTLY = 301 "Moved Permanently", 9110 "15.4.2";
    SEE_OTHER = 303 "See Other", 9110 "15.4.4";
    NOT_MODIFIED = 304 "Not Modified", 9110 "15.4.5";
    PERMANENT_REDIRECT = 308 "Permanent Redirect", 9110 "15.4.9";
    BAD_REQUEST = 400 "Bad Request", 9110 "15.5.1";
    UNAUTHORIZED = 401 "Unauthorized", 9110 "15.5.2";
    FORBIDDEN = 403 "Forbidden", 9110 "15.5.4";
    NOT_FOUND = 404 "Not Found", 9110 "15.5.5";
    METHOD_NOT_ALLOWED = 405 "Method Not Allowed", 9110 "15.5.6";
    REQUEST_TIMEOUT = 408 "Request Timeout", 9110 "15.5.9";
    CONFLICT = 409 "Conflict", 9110 "15.5.10";
    PRECONDITION_FAILED = 412 "Precondition Failed", 9110 "15.5.13";
    CONTENT_TOO_LARGE = 413 "Content Too Large", 9110 "15.5.14";
    URI_TOO_LONG = 414 "URI Too Long", 9110 "15.5.15";
    UNSUPPORTED_MEDIA_TYPE = 415 "Unsupported Media Type", 9110 "15.5.16";
    RANGE_NOT_SATISFIABLE = 416 "Range Not Satisfiable", 9110 "15.5.17";
    EXPECTATION_FAILED = 417 "Expectation Failed", 9110 "15.5.18";
    MISDIRECTED_REQUEST = 421 "Misdirected Request", 9110 "15.5.20";
    TOO_MANY_REQUESTS = 429 "Too Many Requests", 6585 "4";
    HEADER_FIELDS_TOO_LARGE = 431 "Request Header Fields Too Large", 6585 "5";
    INTERNAL_SERVER_ERROR = 500 "Internal Server Error", 9110 "15.6.1";
    NOT_IMPLEMENTED = 501 "Not Implemented", 9110 "15.6.2";
    SERVICE_UNAVAILABLE = 503 "Service Unavailable", 9110 "15.6.4";
    VERSION_NOT_SUPPORTED = 505 "HTTP Version Not Supported", 9110 "15.6.6";
    INSUFFICIENT_STORAGE = 507 "Insufficient Storage", 4918 "11.5";
}

impl Status {
    /// The three digits.
    pub fn code(self) -> u16 {
        self.0
    }

    /// Whether a response with this status can have a body at all (RFC 9112 section 6.3, rule 1).
    /// One that cannot has no Content-Length either (RFC 9110 section 8.6).
    pub fn can_have_body(self) -> bool {
        !(self.0 < 200 || self == Status::NO_CONTENT || self == Status::NOT_MODIFIED)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.phrase())
    }
}

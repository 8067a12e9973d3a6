//! The protocol: pure functions over bytes.
//!
//! Nothing here knows a socket, a file or a clock. Bytes go in, and a value or a [`Refusal`] comes out, so that every
//! rule of RFC 9110 (what HTTP means) and RFC 9112 (how HTTP/1.1 is written down) can be read and tested by itself.
//!
//! In the order in which a request meets them:
//!
//! 1. [`request`] finds the end of the head and splits it into request line and fields, with [`method`], [`target`],
//!    [`host`] and [`fields`] for the parts;
//! 2. [`framing`] says where the message ends, [`chunked`] decodes the harder of the two ways, and [`multipart`] reads
//!    a form with files;
//! 3. [`client`] says from whom the request is, with [`forwarded`] for what proxies tell of that, and [`origin`]
//!    whether a page of another site sends it;
//! 4. [`base_path`] says whether the target is on this site, if the site is only a part of its host;
//! 5. [`accept`], [`coding`], [`conditional`] and [`range`] say what the other fields ask for;
//! 6. [`response`] writes the head of the answer, with [`status`], [`field_lines`] and [`date`]; a [`refusal`] says why a
//!    request gets another answer than it asked for.
//!
//! The plain case, a GET of a file, needs the first, the second, and `response`: [`request::HeadScanner::find_end`],
//! [`Request::parse`], [`framing::Framing::of`], [`target::DecodedPath::decode`], [`conditional::evaluate`] (which
//! finds no precondition) and [`response::Head::render`].

pub mod accept;
pub mod base_path;
pub mod chunked;
pub mod client;
pub mod coding;
pub mod conditional;
pub mod date;
pub mod field_lines;
pub mod fields;
pub mod forwarded;
pub mod framing;
pub mod host;
pub mod method;
pub mod multipart;
pub mod origin;
pub mod range;
pub mod refusal;
pub mod request;
pub mod response;
pub mod status;
pub mod target;

pub use field_lines::FieldLines;
pub use method::Method;
pub use refusal::Refusal;
pub use request::Request;
pub use status::Status;

//! Content codings (RFC 9110 section 8.4): the same file in fewer bytes, if the client can read that.
//!
//! ```text
//! > GET /app.js HTTP/1.1
//! > Accept-Encoding: gzip, br;q=0.5, identity;q=0
//!
//! < HTTP/1.1 200 OK
//! < Content-Encoding: gzip
//! < Vary: Accept-Encoding                 a request with another Accept-Encoding may get another answer
//! ```
//!
//! Sending the file as it is (the coding `identity`) is never wrong. So [`preferences`] gives only the codings to which
//! the client gives at least the weight of that, and in any doubt none.

use super::accept::weight;
use super::fields::{Fields, trim};
use arrayvec::ArrayVec;

/// A content coding. The order is the server's, for codings of the same weight: the one that makes the files of web
/// pages smallest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 7932
    Brotli,
    /// RFC 8878
    Zstd,
    /// RFC 1952
    Gzip,
}

/// Codings, the one with the highest weight first.
pub type Preferences = ArrayVec<Coding, { Coding::ALL.len() }>;

impl Coding {
    /// All of them.
    pub const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

    /// Its name in Content-Encoding.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// The extension of files in this coding.
    pub fn extension(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zst",
            Coding::Gzip => "gz",
        }
    }

    /// Names compare without regard to case, and `x-gzip` is an old name of gzip (section 8.4.1.3).
    fn from_name(name: &[u8]) -> Option<Coding> {
        if name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Coding::Gzip);
        }
        Coding::ALL.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name().as_bytes()))
    }
}

/// The codings that a client accepts with at least the weight of the file as it is (section 12.5.3). Without
/// Accept-Encoding a server may assume that it accepts any, but most clients that do not send the field accept none.
pub fn preferences(fields: &Fields<'_>) -> Preferences {
    let mut listed = [None; Coding::ALL.len()];
    let (mut identity, mut others) = (None, None);
    for member in fields.list("accept-encoding") {
        let (name, weight) = split_member(member);
        let entry = match (Coding::from_name(name), name) {
            (Some(coding), _) => &mut listed[coding as usize],
            (None, b"*") => &mut others,
            (None, name) if name.eq_ignore_ascii_case(b"identity") => &mut identity,
            _ => continue,
        };
        // Of a coding that is named twice, the lower weight counts.
        *entry = Some(entry.map_or(weight, |other: u16| other.min(weight)));
    }
    // `*` stands for all codings that are not named, `identity` among them. Where neither is named, the file as it is
    // can be sent, but any coding that was asked for comes before it.
    let identity = identity.or(others).unwrap_or(0);
    let weight = |coding: Coding| listed[coding as usize].or(others).unwrap_or(0);
    let mut preferences: Preferences =
        Coding::ALL.into_iter().filter(|&coding| weight(coding) > 0 && weight(coding) >= identity).collect();
    // A stable sort: codings of the same weight stay in the order of `ALL`.
    preferences.sort_by_key(|&coding| std::cmp::Reverse(weight(coding)));
    preferences
}

/// Splits `gzip;q=0.5` into its name and its weight in thousandths. A coding has no other parameters, so anything else
/// is a malformed weight, and the coding is not sent: `q = 0` was meant to forbid it.
fn split_member(member: &[u8]) -> (&[u8], u16) {
    let mut parts = member.split(|&byte| byte == b';').map(trim);
    let name = parts.next().unwrap_or_default();
    let weight = match (parts.next(), parts.next()) {
        (None, _) => 1000,
        (Some(parameter), None) => weight(parameter).unwrap_or(0),
        (Some(_), Some(_)) => 0,
    };
    (name, weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;
    use proptest::prelude::*;

    fn preferred(lines: &[&str]) -> String {
        let mut head = String::from("GET / HTTP/1.1\r\nHost: a\r\n");
        for value in lines {
            head += &format!("Accept-Encoding: {value}\r\n");
        }
        head += "\r\n";
        let request = Request::parse(head.as_bytes()).expect("a good head");
        preferences(&request.fields).iter().map(|coding| coding.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_clients_weights_decide_and_on_ties_our_order() {
        let table = [
            // As browsers and curl ask.
            ("gzip, deflate, br, zstd", "br zstd gzip"),
            ("gzip, deflate, br", "br gzip"),
            ("gzip", "gzip"),
            ("GZip", "gzip"),
            ("x-gzip", "gzip"),
            ("gzip;q=1.0, br;q=0.5", "gzip br"),
            ("zstd;q=0.2,br;q=0.1,gzip;q=0.3", "gzip zstd br"),
            ("gzip ; q=0.001 , br ;q=0.002", "br gzip"),
            (",, gzip ,", "gzip"),
            // Zero forbids.
            ("gzip;q=0", ""),
            ("gzip;q=0.000", ""),
            ("gzip;Q=0", ""),
            ("gzip;q=0, br", "br"),
            ("gzip;q=0, *", "br zstd"),
            ("*, gzip;q=0", "br zstd"),
            ("*;q=0", ""),
            ("gzip, *;q=0", "gzip"),
            ("br;q=0, *;q=0.5, gzip", "gzip zstd"),
            ("*", "br zstd gzip"),
            // The file as it is has a weight, too.
            ("identity", ""),
            ("identity, gzip", "gzip"),
            ("identity;q=0.5, gzip;q=0.4, br;q=0.6", "br"),
            ("identity;q=0", ""),
            ("identity;q=0, gzip;q=0.1", "gzip"),
            ("identity;q=0, *", "br zstd gzip"),
            ("*, identity;q=0.5, gzip;q=0.2", "br zstd"),
            ("gzip;q=0.5, *;q=0.8", "br zstd"),
            // Unknown, malformed, or said twice.
            ("", ""),
            ("deflate, compress, bzip2", ""),
            ("gzipped", ""),
            ("gzip br", ""),
            ("gzip;q = 0", ""),
            ("gzip;q=", ""),
            ("gzip;q=2", ""),
            ("gzip;q=-1", ""),
            ("gzip;q=0.0000001", ""),
            ("gzip;level=9", ""),
            ("gzip;q=1;q=0", ""),
            ("gzip, gzip;q=0", ""),
            ("gzip;q=0, x-gzip", ""),
        ];
        for (value, expected) in table {
            assert_eq!(preferred(&[value]), expected, "{value}");
        }
    }

    #[test]
    fn the_field_may_come_in_several_lines_or_not_at_all() {
        assert_eq!(preferred(&[]), "");
        assert_eq!(preferred(&["gzip", "br;q=0.5"]), "gzip br");
        assert_eq!(preferred(&["*", "br;q=0"]), "zstd gzip");
    }

    proptest! {
        #[test]
        fn what_has_weight_zero_is_never_among_them(others in "[a-z*;q=., 0-9]{0,40}", before: bool) {
            let value = if before { format!("br;q=0,{others}") } else { format!("{others},br;q=0") };
            prop_assert!(!preferred(&[&value]).contains("br"), "{}", value);
        }
    }
}

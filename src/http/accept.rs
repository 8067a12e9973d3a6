//! The Accept field (RFC 9110 section 12.5.1): which media types the client would like best.
//!
//! ```
//! use glasshttp::http::accept::quality;
//! let accept = b"text/html, application/json;q=0.5, */*;q=0.1";
//! assert_eq!(quality(accept, "text", "html"), 1000);
//! assert_eq!(quality(accept, "application", "json"), 500);
//! assert_eq!(quality(accept, "image", "png"), 100);
//! assert_eq!(quality(b"text/html", "image", "png"), 0);
//! ```

use super::fields::{list_members, trim};

/// How much this type is wanted, in thousandths: 0 (not at all) to 1000.
pub fn quality(accept: &[u8], kind: &str, subtype: &str) -> u16 {
    deciding_range(accept, kind, subtype).map_or(0, |(_, quality)| quality)
}

/// Whether the field names this very type, as browsers do with `text/html`, and wants it. Programs
/// that take anything say `*/*`.
pub fn names(accept: &[u8], kind: &str, subtype: &str) -> bool {
    matches!(deciding_range(accept, kind, subtype), Some((EXACT, 1..)))
}

/// Whether the field says no more than that anything will do, as curl does with `*/*`.
pub fn is_indifferent(accept: &[u8]) -> bool {
    list_members(accept).all(|member| {
        let mut parts = member.split(|&byte| byte == b';').map(trim);
        parts.next() == Some(b"*/*") && parts.find_map(weight).is_none_or(|weight| weight > 0)
    })
}

/// The most specific range that covers the type decides (section 12.5.1): how specific it is, and
/// its weight.
fn deciding_range(accept: &[u8], kind: &str, subtype: &str) -> Option<(u8, u16)> {
    list_members(accept)
        .filter_map(|member| {
            let mut parts = member.split(|&byte| byte == b';').map(trim);
            let specificity = specificity(parts.next()?, kind, subtype)?;
            Some((specificity, parts.find_map(weight).unwrap_or(1000)))
        })
        .max_by_key(|&(specificity, _)| specificity)
}

/// The specificity of a range that names type and subtype.
const EXACT: u8 = 2;

/// How exactly a media range names the type; `None` if it does not cover it.
fn specificity(range: &[u8], kind: &str, subtype: &str) -> Option<u8> {
    let slash = memchr::memchr(b'/', range)?;
    let (range_kind, range_subtype) = (&range[..slash], &range[slash + 1..]);
    match (range_kind, range_subtype) {
        (b"*", b"*") => Some(0),
        (k, b"*") if k.eq_ignore_ascii_case(kind.as_bytes()) => Some(1),
        (k, s) if k.eq_ignore_ascii_case(kind.as_bytes()) && s.eq_ignore_ascii_case(subtype.as_bytes()) => {
            Some(EXACT)
        }
        _ => None,
    }
}

/// `q=0.5` in thousandths (section 12.4.2). A malformed weight is taken as 0: a type that nobody
/// asked for clearly is not sent in place of one that somebody did.
pub(super) fn weight(parameter: &[u8]) -> Option<u16> {
    let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="))?;
    let thousandths = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
        .and_then(|text| text.parse::<f32>().ok())
        .filter(|number| (0.0..=1.0).contains(number))
        .map_or(0, |number| format!("{:.0}", number * 1000.0).parse().unwrap_or(0));
    Some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        let table = [
            ("text/html", 1000),
            ("TEXT/HTML", 1000),
            ("text/*", 1000),
            ("*/*", 1000),
            ("*/*;q=0.8, text/html;q=0.3", 300),
            ("text/html;q=0.3, */*;q=0.8", 300),
            ("text/*;q=0, */*", 0),
            ("text/html;level=1;q=0.7", 700),
            ("text/html; q=0.123", 123),
            ("text/html;q=1.000", 1000),
            ("text/html;q=2", 0),
            ("text/html;q=-1", 0),
            ("text/html;q=", 0),
            ("application/json", 0),
            ("html", 0),
            ("", 0),
        ];
        for (accept, expected) in table {
            assert_eq!(quality(accept.as_bytes(), "text", "html"), expected, "{accept}");
        }
    }

    #[test]
    fn who_takes_anything_names_nothing() {
        let table = [
            ("*/*", true),
            ("*/*;q=0.1", true),
            ("", true),
            ("*/*, */*", true),
            ("*/*;q=0", false),
            ("text/*", false),
            ("image/png, */*;q=0.5", false),
        ];
        for (accept, expected) in table {
            assert_eq!(is_indifferent(accept.as_bytes()), expected, "{accept}");
        }
    }

    #[test]
    fn to_name_a_type_is_more_than_to_take_it() {
        let table = [
            ("text/html,*/*;q=0.8", true),
            ("*/*", false),
            ("text/*", false),
            ("text/html;q=0", false),
            ("image/png, text/html;q=0.1", true),
            ("", false),
        ];
        for (accept, expected) in table {
            assert_eq!(names(accept.as_bytes(), "text", "html"), expected, "{accept}");
        }
    }
}

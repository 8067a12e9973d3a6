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
//!
//! It is a part of the protocol, and so written here; `accept-header` knows no `text/*`.

use super::fields::trim;

/// How much this type is wanted, in thousandths: 0 (not at all) to 1000.
pub fn quality(accept: &[u8], kind: &str, subtype: &str) -> u16 {
    deciding_range(accept, kind, subtype).map_or(0, |(_, quality)| quality)
}

/// Whether the field names this very type with a weight above 0, as browsers do with `text/html`. Programs that accept
/// anything send `*/*`.
pub fn names(accept: &[u8], kind: &str, subtype: &str) -> bool {
    matches!(deciding_range(accept, kind, subtype), Some((EXACT, 1..)))
}

/// Whether the field says no more than that any type will do, as curl does with `*/*`.
pub fn is_indifferent(accept: &[u8]) -> bool {
    members(accept).all(|member| {
        let mut parts = parameters(member);
        parts.next() == Some(b"*/*") && parts.find_map(weight).is_none_or(|weight| weight > 0)
    })
}

/// Whether the Accept-Language field (section 12.5.4) gives no language more weight than this one, whatever the region:
/// of those of equal weight, the first counts.
pub fn prefers_language(languages: &[u8], language: &str) -> bool {
    let weighed = members(languages).filter_map(|member| {
        let mut parts = parameters(member);
        let range = parts.next()?;
        Some((parts.find_map(weight).unwrap_or(1000), range.split(|&byte| byte == b'-').next()?))
    });
    let first = weighed.reduce(|first, next| if next.0 > first.0 { next } else { first });
    first.is_some_and(|(weight, range)| weight > 0 && range.eq_ignore_ascii_case(language.as_bytes()))
}

/// The most specific range that covers the type decides (section 12.5.1): how specific it is, and
/// its weight.
fn deciding_range(accept: &[u8], kind: &str, subtype: &str) -> Option<(u8, u16)> {
    members(accept)
        .filter_map(|member| {
            let mut parts = parameters(member);
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

/// The weight of a parameter `q=0.5`, in thousandths (section 12.4.2); `None` for another parameter.
///
/// ```text
/// weight = OWS ";" OWS "q=" qvalue
/// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
/// ```
///
/// A malformed weight counts as 0, so that no type is sent for it in place of one that was asked for clearly. Java's
/// `q=.2` counts, though: each of its programs sends that unless told otherwise.
pub(super) fn weight(parameter: &[u8]) -> Option<u16> {
    let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="))?;
    Some(thousandths(value).unwrap_or(0))
}

fn thousandths(qvalue: &[u8]) -> Option<u16> {
    let dot = memchr::memchr(b'.', qvalue);
    let (whole, decimals) = qvalue.split_at(dot.unwrap_or(qvalue.len()));
    let decimals = decimals.strip_prefix(b".").unwrap_or_default();
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = decimals.iter().copied().chain([b'0'; 3]).take(3);
    let fraction = padded.fold(0, |number, digit| 10 * number + u16::from(digit - b'0'));
    match whole {
        b"1" if fraction == 0 => Some(1000),
        b"0" => Some(fraction),
        b"" if !decimals.is_empty() => Some(fraction),
        _ => None,
    }
}

/// The members of an Accept field, without empty ones.
fn members(accept: &[u8]) -> impl Iterator<Item = &[u8]> {
    split_outside_quotes(accept, b',').filter(|member| !member.is_empty())
}

/// A media range, and then its parameters.
fn parameters(member: &[u8]) -> impl Iterator<Item = &[u8]> {
    split_outside_quotes(member, b';')
}

/// Splits at a separator, but not within a quoted string (section 5.6.4), and trims the parts.
fn split_outside_quotes(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(move |&byte| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'"' if !was_escaped => is_quoted = !is_quoted,
            b'\\' if is_quoted && !was_escaped => is_escaped = true,
            _ => {}
        }
        byte == separator && !is_quoted
    });
    parts.map(trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_greatest_weight_is_preferred_and_of_equal_ones_the_first() {
        let table: &[(&str, bool)] = &[
            ("zh", true),
            ("ZH-Hant-TW, en;q=0.5", true),
            ("en;q=0.8, zh-CN", true),
            ("en-US,en;q=0.9,zh;q=0.8", false),
            ("en, zh", false),
            ("zh, en", true),
            ("zh;q=0", false),
            ("zha", false),
            ("*", false),
            ("", false),
            (",;, zh;q=x", false),
        ];
        for &(languages, expected) in table {
            assert_eq!(prefers_language(languages.as_bytes(), "zh"), expected, "{languages}");
        }
    }

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
            ("text/html;q=1.001", 0),
            ("text/html;q=0.1234", 0),
            ("text/html;q=0.29", 290),
            ("text/html;q=0.", 0),
            ("text/html;q=.", 0),
            ("text/html;q=00.5", 0),
            ("application/json", 0),
            ("html", 0),
            ("", 0),
            // As Java's URLConnection writes it.
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 1000),
            ("image/gif, *; q=.2, */*; q=.2", 200),
            // In a quoted string, a comma, a semicolon and a quote after a backslash are letters.
            ("text/html;title=\"a, text/html\";q=0.5", 500),
            ("text/html;title=\"a;q=0.1\";q=0.5", 500),
            ("text/html;title=\"\\\", text/html;q=0.1\";q=0.5", 500),
            ("image/png;title=\", text/html, \"", 0),
            // A quoted string that never ends contains all of the rest.
            ("image/png;title=\", text/html", 0),
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

//! The credentials of a client: the Authorization field of a request (RFC 7617 section 2).
//!
//! ```text
//! Authorization: Basic dGVzdDoxMjPCow==      user "test", password "123£" in UTF-8
//! ```
//!
//! Behind the scheme stands `user:password` in base64. That hides nothing; it only permits any byte in a field. The
//! first colon separates the two: a password may contain others.

use crate::http::fields::Fields;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A name and a password, as the client sent them: nothing is proven yet.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

impl Credentials {
    /// Splits `user:password`; `None` if it is malformed. Neither may contain control characters (RFC 7617 section 2).
    pub(super) fn split(text: &[u8]) -> Option<Credentials> {
        let colon = memchr::memchr(b':', text)?;
        let is_plain = !text.iter().any(u8::is_ascii_control);
        is_plain.then(|| Credentials { user: text[..colon].to_vec(), password: text[colon + 1..].to_vec() })
    }
}

impl Credentials {
    /// The value of the field with these credentials.
    pub(super) fn field(&self) -> String {
        format!("Basic {}", STANDARD.encode([&self.user, &b":"[..], &self.password].concat()))
    }
}

/// What the Authorization field of a request holds.
#[derive(PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing.
    None,
    /// Something else than a well-formed name and password.
    Malformed,
    These(Credentials),
}

/// Reads the field. Two of them are malformed: nobody can tell which one counts.
pub(super) fn claim(fields: &Fields<'_>) -> Claim {
    let mut values = fields.get_all("authorization");
    let Some(value) = values.next() else { return Claim::None };
    if values.next().is_some() {
        return Claim::Malformed;
    }
    credentials(value).map_or(Claim::Malformed, Claim::These)
}

fn credentials(value: &[u8]) -> Option<Credentials> {
    let (scheme, rest) = value.split_at_checked("Basic".len())?;
    let encoded = rest.trim_ascii_start();
    // RFC 9110 section 11.1: the name of the scheme, without regard to case, and a space.
    if !scheme.eq_ignore_ascii_case(b"Basic") || encoded.len() == rest.len() {
        return None;
    }
    Credentials::split(&STANDARD.decode(encoded).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &[u8]) -> Option<(String, String)> {
        let credentials = credentials(value)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some((text(&credentials.user), text(&credentials.password)))
    }

    #[test]
    fn the_field_is_a_name_and_a_password_or_nothing() {
        // The examples of RFC 7617 first.
        let table: &[(&[u8], Option<(&str, &str)>)] = &[
            (b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Some(("Aladdin", "open sesame"))),
            (b"Basic dGVzdDoxMjPCow==", Some(("test", "123£"))),
            (b"bASIC   dGVzdDoxMjPCow==", Some(("test", "123£"))),
            (b"Basic YTpiOmM=", Some(("a", "b:c"))),
            (b"Basic YTo=", Some(("a", ""))),
            (b"Basic OmI=", Some(("", "b"))),
            (b"Basic Og==", Some(("", ""))),
            (b"Basic YWI=", None),
            (b"Basic YTpi YTpi", None),
            (b"Basic YTpiCg==", None),
            (b"Basic YQA6Yg==", None),
            (b"Basic YTo", None),
            (b"Basic ====", None),
            (b"Basic", None),
            (b"Basic ", None),
            (b"BasicYTpi", None),
            (b"Bearer YTpi", None),
            (b"Basic, YTpi", None),
            (b"Basic \xff\xfe", None),
            (b"B\xc3\xa4sic YTpi", None),
            (b"", None),
        ];
        for (value, expected) in table {
            let expected = expected.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(shown(value), expected, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn two_fields_are_no_better_than_a_malformed_one() {
        let table = [("", 0), ("Authorization: Basic YTpi\r\n", 2), ("Authorization: x\r\n", 1)];
        for (fields, expected) in table {
            let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            let request = crate::http::Request::parse(head.as_bytes()).expect("a good head");
            let found = match claim(&request.fields) {
                Claim::None => 0,
                Claim::Malformed => 1,
                Claim::These(_) => 2,
            };
            assert_eq!(found, expected, "{fields}");
        }
        let twice = "Authorization: Basic YTpi\r\n".repeat(2);
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{twice}\r\n");
        let request = crate::http::Request::parse(head.as_bytes()).expect("a good head");
        assert!(claim(&request.fields) == Claim::Malformed);
    }
}

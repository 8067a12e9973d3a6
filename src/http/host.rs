//! The `Host` field: which site of this server a request means (RFC 9110 section 7.2).
//!
//! ```
//! use glasshttp::http::host::Host;
//! let host = Host::parse(b"localhost:8000").unwrap();
//! assert_eq!((host.name, host.port), (&b"localhost"[..], Some(8000)));
//! assert_eq!(Host::parse(b"[::1]:8000").unwrap().name, b"[::1]");
//! assert!(Host::parse(b"two words").is_none());
//! ```

use std::net::{Ipv4Addr, Ipv6Addr};

/// A host and, where it was given, a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host<'a> {
    /// The name or address; an IPv6 address keeps its brackets. Empty in `Host:` with no value,
    /// which a client sends for a target that has no authority.
    pub name: &'a [u8],
    /// The port, if one was given.
    pub port: Option<u16>,
}

impl<'a> Host<'a> {
    /// Parses `uri-host [ ":" port ]` (RFC 3986 sections 3.2.2 and 3.2.3); `None` if it is not that.
    pub fn parse(value: &'a [u8]) -> Option<Host<'a>> {
        let name_ends = match value.first() {
            Some(b'[') => memchr::memchr(b']', value)? + 1,
            _ => memchr::memchr(b':', value).unwrap_or(value.len()),
        };
        let (name, rest) = value.split_at(name_ends);
        let name_is_right = match name {
            [b'[', address @ .., b']'] => std::str::from_utf8(address).ok()?.parse::<Ipv6Addr>().is_ok(),
            name => name.iter().all(|&byte| is_reg_name_char(byte)),
        };
        let port = match rest {
            // An empty port means the default one (RFC 3986 section 3.2.3).
            [] | [b':'] => None,
            [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
                Some(std::str::from_utf8(digits).ok()?.parse().ok()?)
            }
            _ => return None,
        };
        name_is_right.then_some(Host { name, port })
    }

    /// Whether this names the machine that the client itself runs on: `localhost`, a name below
    /// `localhost` (RFC 6761 section 6.3), or a loopback address.
    pub fn is_loopback(&self) -> bool {
        let Ok(name) = std::str::from_utf8(self.name) else { return false };
        // A name may end with a dot, the root of all names.
        let plain = name.strip_suffix('.').unwrap_or(name);
        if let Some(address) = plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback());
        }
        let is_below_localhost = plain
            .len()
            .checked_sub(".localhost".len())
            .and_then(|start| plain.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(".localhost"));
        plain.eq_ignore_ascii_case("localhost")
            || is_below_localhost
            || plain.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }
}

/// The characters of a registered name: unreserved, sub-delims and percent-encoding.
fn is_reg_name_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_split_into_name_and_port() {
        let table: &[(&[u8], Option<(&[u8], Option<u16>)>)] = &[
            (b"localhost", Some((b"localhost", None))),
            (b"localhost:80", Some((b"localhost", Some(80)))),
            (b"localhost:", Some((b"localhost", None))),
            (b"", Some((b"", None))),
            (b"127.0.0.1:65535", Some((b"127.0.0.1", Some(65535)))),
            (b"[::1]", Some((b"[::1]", None))),
            (b"[::1]:8000", Some((b"[::1]", Some(8000)))),
            (b"a:65536", None),
            (b"a:+80", None),
            (b"a:8x", None),
            (b"a:1:2", None),
            (b"::1", None),
            (b"[::1", None),
            (b"[::1]x", None),
            (b"[nonsense]", None),
            (b"user@host", None),
            (b"a b", None),
            (b"a/b", None),
            (b"a,b", Some((b"a,b", None))),
            (b"h\xc3\xb6st", None),
        ];
        for &(value, expected) in table {
            let parsed = Host::parse(value).map(|host| (host.name, host.port));
            assert_eq!(parsed, expected, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn loopback_names_are_known_and_look_alikes_are_not() {
        let table = [
            ("localhost", true),
            ("LocalHost.", true),
            ("app.localhost", true),
            ("127.0.0.1", true),
            ("127.8.9.1", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("", false),
            ("notlocalhost", false),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com", false),
            ("128.0.0.1", false),
            ("[::2]", false),
            ("0.0.0.0", false),
        ];
        for (name, expected) in table {
            let host = Host::parse(name.as_bytes()).expect("well formed");
            assert_eq!(host.is_loopback(), expected, "{name}");
        }
    }
}

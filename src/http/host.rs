//! The `Host` field: which site of this server a request means (RFC 9110 section 7.2).
//!
//! ```
//! use glasshttp::http::host::Host;
//! let host = Host::parse(b"localhost:8000").unwrap();
//! assert_eq!((host.name, host.port), (&b"localhost"[..], Some(8000)));
//! assert_eq!(Host::parse(b"[::1]:8000").unwrap().name, b"[::1]");
//! assert!(Host::parse(b"two words").is_none());
//! ```

use super::fields::alphanumeric_and;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
    /// Parses the value of a Host field (RFC 9110 section 7.2, RFC 3986 sections 3.2.2 and 3.2.3); `None` if it is
    /// malformed.
    ///
    /// ```text
    /// Host       = uri-host [ ":" port ]
    /// uri-host   = IP-literal / IPv4address / reg-name
    /// IP-literal = "[" ( IPv6address / IPvFuture ) "]"    ; of these only IPv6 exists
    /// reg-name   = *( unreserved / pct-encoded / sub-delims )
    /// port       = *DIGIT
    /// ```
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
            [b':', digits @ ..] => Some(parse_port(digits)?),
            _ => return None,
        };
        name_is_right.then_some(Host { name, port })
    }

    /// Whether this names the machine that the client itself runs on: `localhost`, a name below
    /// `localhost` (RFC 6761 section 6.3), or a loopback address.
    pub fn is_loopback(&self) -> bool {
        // What nearly everybody writes needs no look at how addresses are written.
        if matches!(self.name, b"localhost" | b"127.0.0.1") {
            return true;
        }
        match self.address() {
            Some(address) => address.is_loopback(),
            None => self.is("localhost") || self.is(".localhost"),
        }
    }

    /// The port as it stands behind a name, `:8000`; empty if none was given.
    pub fn written_port(&self) -> String {
        self.port.map(|port| format!(":{port}")).unwrap_or_default()
    }

    /// The name or address without the port, as a browser writes it: in lower case, an IPv6 address at its
    /// shortest.
    pub fn written_as_browsers_do(&self) -> String {
        let name = String::from_utf8_lossy(self.name).to_ascii_lowercase();
        let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match address.and_then(|address| address.parse::<Ipv6Addr>().ok()) {
            Some(address) => format!("[{address}]"),
            None => name,
        }
    }

    /// Whether this is an address and not a name.
    pub fn is_address(&self) -> bool {
        self.address().is_some()
    }

    /// The address, if it is one; an IPv4-mapped IPv6 address as the IPv4 address.
    fn address(&self) -> Option<IpAddr> {
        let plain = std::str::from_utf8(self.without_dot()).ok()?;
        match plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => Some(address.parse::<Ipv6Addr>().ok()?.to_canonical()),
            None => Some(plain.parse::<Ipv4Addr>().ok()?.into()),
        }
    }

    /// Whether this is the host of that name, without regard to case. A dot in front stands for all names below it.
    pub fn is(&self, name: &str) -> bool {
        let (ours, name) = (self.without_dot(), name.as_bytes());
        let end = match name.first() {
            Some(b'.') if ours.len() > name.len() => &ours[ours.len() - name.len()..],
            Some(b'.') => return false,
            _ => ours,
        };
        end.eq_ignore_ascii_case(name)
    }

    /// The name without a dot at its end, which stands for the root of all names.
    fn without_dot(&self) -> &'a [u8] {
        self.name.strip_suffix(b".").unwrap_or(self.name)
    }
}

/// Digits, and nothing else: `str::parse` would take a sign.
fn parse_port(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |port, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        port.checked_mul(10)?.checked_add(digit.into())
    })
}

/// The characters of a registered name: unreserved, sub-delims and percent-encoding.
fn is_reg_name_char(byte: u8) -> bool {
    const TABLE: [bool; 256] = alphanumeric_and(b"-._~!$&'()*+,;=%");
    TABLE[usize::from(byte)]
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

    #[test]
    fn addresses_are_told_from_names() {
        for (name, expected) in [
            ("0.0.0.0", true),
            ("192.0.2.1:80", true),
            ("192.0.2.1.", true),
            ("[::]", true),
            ("[2001:db8::1]:8000", true),
            ("", false),
            ("localhost", false),
            ("192.0.2.1.example", false),
            ("192.0.2", false),
            ("192.0.2.256", false),
            ("1.2.3.4.nip.example", false),
        ] {
            let host = Host::parse(name.as_bytes()).expect("well formed");
            assert_eq!(host.is_address(), expected, "{name}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_one_below_it() {
        for (host, name, expected) in [
            ("dev.example", "dev.example", true),
            ("DEV.example.:80", "dev.Example", true),
            ("a.dev.example", "dev.example", false),
            ("a.dev.example", ".dev.example", true),
            ("a.b.DEV.example.", ".dev.example", true),
            ("dev.example", ".dev.example", false),
            (".dev.example", ".dev.example", false),
            ("xdev.example", ".dev.example", false),
            ("a.dev.example.evil", ".dev.example", false),
            ("", ".dev.example", false),
        ] {
            let parsed = Host::parse(host.as_bytes()).expect("well formed");
            assert_eq!(parsed.is(name), expected, "{host} {name}");
        }
    }
}

//! Which hosts may be asked for, against DNS rebinding.
//!
//! A server on 127.0.0.1 is not as private as it looks. A page on `evil.example` can let that name
//! resolve to 127.0.0.1 after it has loaded; to the browser, a request to the local server is then
//! one to the page's own site, and the page may read the answer. What gives it away is the Host
//! field, which still says `evil.example`. So a server that only this machine can reach answers
//! only to names that mean this machine.
//!
//! An address is no name: nobody can make it resolve to another. A browser says `Host: 192.0.2.1` only
//! to what it has reached at 192.0.2.1, and the page that asks is from there, too. So every address is
//! answered for: 0.0.0.0, which other servers print and which leads to this machine, or the one from
//! which a container or a tunnel passes on to us.

use crate::http::host::Host;
use crate::http::{Refusal, Status};
use crate::trace::{self, Rfc, quote};

/// Which hosts are answered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// Every host: the server can be reached from elsewhere, under names that it cannot know.
    Any,
    /// Addresses, names of this machine, and those in the list, in lower case; one there that begins with
    /// a dot means all names below it.
    LoopbackAnd(Vec<String>),
}

impl Hosts {
    /// Checks the host of a request. A 1.0 request without any passes: no browser sends one.
    ///
    /// # Errors
    /// 421 (RFC 9110 section 15.5.20) for a host that is not ours.
    pub fn check(&self, host: Option<Host<'_>>) -> Result<(), Refusal> {
        let (Hosts::LoopbackAnd(others), Some(host)) = (self, host) else { return Ok(()) };
        let is_listed = others.iter().any(|other| host.is(other));
        let why = match host {
            _ if is_listed => Some("is on the list of --allow-host"),
            _ if host.is_loopback() => Some("is this machine"),
            _ if host.is_address() => Some("is an address, which nobody can let lead here like a name"),
            _ => None,
        };
        if let Some(why) = why {
            trace::step("host", Rfc(9110, "7.4"), || {
                format!("the host {} {why}, so it is answered for", quote(host.name))
            });
            return Ok(());
        }
        let why =
            "this server answers for localhost only; start it with --allow-host NAME to allow this host";
        Err(Refusal::new(Status::MISDIRECTED_REQUEST, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_loopback_only_loopback_and_listed_names_are_answered() {
        let hosts = Hosts::LoopbackAnd(vec!["dev.example".to_owned(), ".below.example".to_owned()]);
        let table = [
            ("localhost:8000", true),
            ("127.0.0.1", true),
            ("[::1]:80", true),
            ("DEV.example:1", true),
            ("a.b.below.example", true),
            ("below.example", false),
            ("0.0.0.0:8000", true),
            ("[::]:8000", true),
            ("192.0.2.1", true),
            ("192.0.2.1.evil.example", false),
            ("evil.example", false),
            ("dev.example.evil", false),
            ("", false),
        ];
        for (host, allowed) in table {
            let host = Host::parse(host.as_bytes());
            assert!(host.is_some());
            assert_eq!(hosts.check(host).is_ok(), allowed, "{host:?}");
            assert!(Hosts::Any.check(host).is_ok());
        }
        assert!(hosts.check(None).is_ok());
    }
}

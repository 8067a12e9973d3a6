//! Which hosts the server answers for, as a defence against DNS rebinding.
//!
//! A server on 127.0.0.1 is not as private as it looks. A page on `evil.example` can let that name resolve to
//! 127.0.0.1 after it has loaded. To the browser, a request to the local server is then one to the page's own site,
//! and the page may read the answer. The Host field gives it away: it still says `evil.example`. So a server that
//! only this machine can reach answers only for names of this machine.
//!
//! An address is no name, and nobody can make it resolve to another. A browser sends `Host: 192.0.2.1` only to a server
//! that it has reached at 192.0.2.1, and the page is from there, too. So the server answers for every address: for
//! 0.0.0.0, which other servers print and which leads to this machine, or for the one of a container or a tunnel.
//!
//! The same trick works with a server that others in the network can reach. Everybody who can connect may read what it
//! serves; but such a page must not add files (see [`super::upload`]) or see what others send
//! ([`crate::glass::inspect`]). These need a Host that no page of somebody else can have:
//!
//! ```text
//! 192.168.1.5:8000, [fd00::5]      an address: no name is resolved, so none can be rebound
//! localhost, app.localhost         the client's own machine, for every client
//! box, box.local                   the name of this machine (uname -n)
//! files.example                    with --allow-host files.example
//! ```

use crate::base::platform::process;
use crate::base::trace::{self, Rfc, quote};
use crate::http::host::Host;
use crate::http::{Refusal, Status};

/// Which hosts the server answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// Every host: the server can be reached from elsewhere, under names that it cannot know.
    Any,
    /// Addresses, names of this machine, and those in the list, in lower case. One in the list that begins with a dot
    /// stands for all names below it.
    LoopbackAnd(Vec<String>),
}

impl Hosts {
    /// Checks the host of a request. A 1.0 request without a host passes: no browser sends one.
    ///
    /// # Errors
    /// 421 (RFC 9110 section 15.5.20) for a host that the server does not answer for.
    pub fn check(&self, host: Option<Host<'_>>) -> Result<(), Refusal> {
        let (Hosts::LoopbackAnd(others), Some(host)) = (self, host) else { return Ok(()) };
        let is_listed = is_listed(others, host);
        let why = match host {
            _ if is_listed => Some("is on the list of --allow-host"),
            _ if host.is_loopback() => Some("is this machine"),
            _ if host.is_address() => Some("is an address, which nobody can let lead here like a name"),
            _ => None,
        };
        if let Some(why) = why {
            trace::decision("host", Rfc(9110, "7.4"), || {
                format!("the host {} {why}, so it is answered for", quote(host.name))
            });
            return Ok(());
        }
        let why =
            "this server answers for localhost only; start it with --allow-host NAME to allow this host";
        Err(Refusal::new(Status::MISDIRECTED_REQUEST, why).because("not this machine"))
    }
}

/// The hosts for which the server does more than serve files: addresses, names of this machine, and those in the
/// list, in lower case. That does not depend on who can connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedHosts {
    listed: Vec<String>,
    /// The names of this machine, in lower case.
    own: Vec<String>,
}

impl TrustedHosts {
    /// The names of this machine, and these.
    pub fn with(listed: Vec<String>) -> TrustedHosts {
        TrustedHosts { listed, own: names_of_machine(&process::host_name().unwrap_or_default()) }
    }

    /// Checks the host of a request for `what`, such as "uploads are taken". A 1.0 request without a host passes: no
    /// browser sends one.
    ///
    /// # Errors
    /// 421 for a host that a page of somebody else could have.
    pub fn check(&self, host: Option<Host<'_>>, what: &str) -> Result<(), Refusal> {
        let Some(host) = host else { return Ok(()) };
        let name = host.name.strip_suffix(b".").unwrap_or(host.name);
        let is_own = |own: &String| name.eq_ignore_ascii_case(own.as_bytes());
        let reason = if host.is_address() {
            "is an address, to which no name of somebody else leads"
        } else if host.is_loopback() || self.own.iter().any(is_own) {
            "is this machine"
        } else if is_listed(&self.listed, host) {
            "is on the list of --allow-host"
        } else {
            let why = format!(
                "{what} under names of this machine only, lest somebody else's page come by a name of its own \
                 (DNS rebinding); start the server with --allow-host NAME to allow this host"
            );
            return Err(Refusal::new(Status::MISDIRECTED_REQUEST, why).because("not trusted"));
        };
        trace::decision("host", Rfc(9110, "7.4"), || {
            format!("the host {} {reason}: {what}", quote(host.name))
        });
        Ok(())
    }
}

/// Whether `--allow-host` names it.
fn is_listed(others: &[String], host: Host<'_>) -> bool {
    others.iter().any(|other| host.is(other))
}

/// The names under which others in the network find this machine: for `box.lan` they are `box.lan`, `box` and
/// `box.local`.
fn names_of_machine(node: &str) -> Vec<String> {
    let node = node.trim_end_matches('.').to_ascii_lowercase();
    let short = node.split('.').next().unwrap_or_default().to_owned();
    if short.is_empty() {
        return Vec::new();
    }
    vec![format!("{short}.local"), short, node]
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

    #[test]
    fn where_more_is_at_stake_only_names_that_nobody_else_can_have_are_answered() {
        let table = [
            ("192.168.1.5:8000", true),
            ("0.0.0.0", true),
            ("[fd00::5]:80", true),
            ("[::ffff:10.0.0.1]", true),
            ("localhost:8000", true),
            ("app.localhost", true),
            ("Box:8000", true),
            ("box.lan.", true),
            ("box.local", true),
            ("dev.example", true),
            ("DEV.example:1", true),
            ("evil.example", false),
            ("box.evil.example", false),
            ("box.local.evil.example", false),
            ("192.168.1.5.evil.example", false),
            // Not an address as this is read, but some resolvers take it for one.
            ("0x7f000001", false),
            ("2130706433", false),
            ("local", false),
            ("", false),
        ];
        let hosts = TrustedHosts { listed: vec!["dev.example".to_owned()], own: names_of_machine("Box.lan") };
        for (host, allowed) in table {
            let host = Host::parse(host.as_bytes());
            assert!(host.is_some());
            assert_eq!(hosts.check(host, "it is done").is_ok(), allowed, "{host:?}");
        }
        assert!(hosts.check(None, "it is done").is_ok());
        let refusal = hosts.check(Host::parse(b"evil.example"), "uploads are taken").unwrap_err();
        assert_eq!(refusal.status, Status::MISDIRECTED_REQUEST);
        assert!(refusal.why.contains("uploads are taken under") && refusal.why.contains("--allow-host NAME"));
    }

    #[test]
    fn a_machine_has_its_name_with_and_without_its_domain() {
        assert_eq!(names_of_machine("Box"), ["box.local", "box", "box"]);
        assert_eq!(names_of_machine("box.lan"), ["box.local", "box", "box.lan"]);
        assert_eq!(names_of_machine(""), [""; 0]);
    }
}

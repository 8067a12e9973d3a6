//! What is printed when the server starts.
//!
//! To a terminal: what is served, where, how to share it, how to stop. To anything else, exactly
//! one line, which scripts can rely on: `Listening on http://127.0.0.1:8000/`.

use crate::cli::{Config, DEFAULT_PORT};
use crate::human;
use anstyle::{AnsiColor, Color, Style};
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The lines, with colours that the output may take out.
pub fn render(config: &Config, addresses: &[SocketAddr], is_terminal: bool) -> String {
    if !is_terminal {
        let url = addresses.first().map(|address| url(address.ip(), address.port())).unwrap_or_default();
        return format!("Listening on {url}\n");
    }
    const BOLD: Style = Style::new().bold();
    const LINK: Style = Style::new().underline().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
    let port = addresses.first().map_or(0, SocketAddr::port);
    let mut out = String::new();
    if config.port.is_none() && port != DEFAULT_PORT {
        let _ = writeln!(out, "Port {DEFAULT_PORT} is taken, so this is port {port}.");
    }
    let _ = writeln!(out, "{BOLD}glasshttp{BOLD:#} serves {}", human::OneLine(&config.folder));
    for url in urls(addresses) {
        let _ = writeln!(out, "  {LINK}{url}{LINK:#}");
    }
    if addresses.iter().all(|address| address.ip().to_canonical().is_loopback()) {
        out.push_str("Only this machine can see it; --bind 0.0.0.0 shares it with your network.\n");
    }
    if config.inspect {
        let _ = writeln!(
            out,
            "See what goes on in it: {LINK}http://localhost:{port}/.glass/{LINK:#} (on this machine only)"
        );
    }
    out.push_str("Ctrl-C stops it.\n");
    out
}

/// Addresses that a browser can open: never 0.0.0.0 or ::, which only say where a server listens.
fn urls(addresses: &[SocketAddr]) -> Vec<String> {
    let port = addresses.first().map_or(0, SocketAddr::port);
    let ips = || addresses.iter().map(SocketAddr::ip);
    let mut urls = Vec::new();
    let loopback = |ip: IpAddr| ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST;
    if ips().any(|ip| loopback(ip) || ip.is_unspecified()) {
        urls.push(format!("http://localhost:{port}/"));
    }
    urls.extend(ips().filter(|ip| !loopback(*ip) && !ip.is_unspecified()).map(|ip| url(ip, port)));
    for interface in if_addrs::get_if_addrs().unwrap_or_default() {
        let ip = interface.ip();
        let listens = ips().any(|bound| match bound {
            IpAddr::V4(bound) => bound.is_unspecified() && ip.is_ipv4(),
            // `::` takes clients of both kinds.
            IpAddr::V6(bound) => bound.is_unspecified(),
        });
        // An address that works only with the name of an interface behind it is no use in a URL.
        let is_link_local = matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
        if listens && !interface.is_loopback() && !is_link_local {
            urls.push(url(ip, port));
        }
    }
    urls
}

fn url(ip: IpAddr, port: u16) -> String {
    let reachable = match ip {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    // SocketAddr puts the brackets around IPv6.
    format!("http://{}/", SocketAddr::new(reachable, port))
}

/// An error in words, without the number that the standard library adds.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_can_be_opened() {
        let table = [
            ("127.0.0.1", "http://127.0.0.1:80/"),
            ("::1", "http://[::1]:80/"),
            ("0.0.0.0", "http://127.0.0.1:80/"),
            ("::", "http://[::1]:80/"),
            ("192.0.2.1", "http://192.0.2.1:80/"),
        ];
        for (ip, expected) in table {
            assert_eq!(url(ip.parse().expect("an address"), 80), expected);
        }
    }

    #[test]
    fn reasons_have_no_numbers() {
        let error = io::Error::from_raw_os_error(rustix::io::Errno::NOENT.raw_os_error());
        assert_eq!(reason(&error), "no such file or directory");
    }
}

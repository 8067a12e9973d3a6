//! What the program prints when the server starts.
//!
//! To a terminal it prints what is served, where, how to share it, and how to stop it. To anything else it prints
//! exactly one line, which scripts can rely on: `Listening on http://127.0.0.1:8000/`, with the base path at its end.
//! (With `--qr` a QR code follows.) That others can connect, too, is then said on standard error.

use super::cli::{Config, DEFAULT_PORT};
use super::qr_code;
use super::urls::{Places, Urls, are_local};
use crate::base::human;
use anstyle::{AnsiColor, Color, Style};
use std::fmt::Write;
use std::net::SocketAddr;

const LINK: Style = Style::new().underline().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));

/// The lines, with colours, which a stream that is no terminal takes out.
pub(super) fn render(config: &Config, places: &Places, is_terminal: bool) -> String {
    const BOLD: Style = Style::new().bold();
    let addresses = &places.addresses;
    if !is_terminal {
        let line = format!("Listening on {}\n", places.first());
        return if config.output.qr { line + &qr_code(&Urls::of(places)) } else { line };
    }
    let port = addresses.first().map_or(0, SocketAddr::port);
    let urls = Urls::of(places);
    let mut out = String::new();
    if config.listen.port.is_none() && port != DEFAULT_PORT && !places.are_given && !addresses.is_empty() {
        let _ = writeln!(out, "Port {DEFAULT_PORT} is taken, so this is port {port}.");
    }
    let course = if config.course { "the course, which is unpacked while it runs in " } else { "" };
    let _ = writeln!(out, "{BOLD}glasshttp{BOLD:#} serves {course}{}", human::OneLine(&config.folder));
    for url in urls.all() {
        let _ = writeln!(out, "  {LINK}{url}{LINK:#}");
    }
    if config.course
        && let Some(url) = urls.all().next()
    {
        let _ = writeln!(out, "  {LINK}{url}zh/{LINK:#} in Chinese (中文)");
    }
    for socket in &places.sockets {
        let _ = writeln!(out, "  unix:{}", human::OneLine(socket));
    }
    if let ([], [socket, ..]) = (addresses.as_slice(), places.sockets.as_slice()) {
        let (file, base) = (human::OneLine(socket), places.base.start());
        let _ = writeln!(
            out,
            "Who may write to that file can connect: curl --unix-socket {file} http://localhost{base}"
        );
    } else if are_local(addresses) {
        out.push_str("Only this machine can see it; --lan shares it with your network.\n");
    } else if config.listen.lan && urls.elsewhere.is_empty() {
        out.push_str("This machine is in no network, so for now nobody else can see it.\n");
    }
    if config.output.qr || (config.listen.lan && !urls.elsewhere.is_empty()) {
        out.push_str(&qr_code(&urls));
    }
    if config.output.inspect
        && let Some(url) = urls.here.first()
    {
        let _ = writeln!(out, "See what goes on in it: {LINK}{url}.glass/{LINK:#} (on this machine only)");
    }
    out.push_str("Ctrl-C stops it.\n");
    out
}

/// That others can connect, if they can: for a user whose standard output is no terminal, and shows no other address.
pub(super) fn others(places: &Places) -> Option<String> {
    if are_local(&places.addresses) {
        return None;
    }
    let urls = Urls::of(places);
    Some(match urls.elsewhere.first() {
        Some(url) => format!("not only this machine can connect: others in its networks open {url}"),
        None => "not only this machine can connect, but for now it is in no network".to_owned(),
    })
}

/// The QR code of an address that a phone can reach, or else of the first address; empty if there is none.
fn qr_code(urls: &Urls) -> String {
    let (url, who) = match (urls.elsewhere.first(), urls.here.first()) {
        (Some(url), _) => (url, "A phone in your network can scan this to open"),
        (None, Some(url)) => (url, "Only this machine can open what this says:"),
        (None, None) => return String::new(),
    };
    let another = match urls.elsewhere.len() {
        0 | 1 => "",
        _ => "If it does not get there: --bind ADDR --qr shows the code of another address.\n",
    };
    match qr_code::render(url) {
        Some(code) => format!("{who} {LINK}{url}{LINK:#}\n{code}{another}"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_several_addresses_the_code_comes_with_how_to_get_that_of_another() {
        let urls = |count: usize| Urls {
            here: vec!["http://localhost:80/".to_owned()],
            elsewhere: (0..count).map(|number| format!("http://192.0.2.{number}:80/")).collect(),
        };
        for (count, expected) in [(0, false), (1, false), (2, true)] {
            assert_eq!(qr_code(&urls(count)).contains("--bind ADDR --qr"), expected, "{count}");
        }
    }
}

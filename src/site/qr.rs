//! The address of a file or folder as a QR code, for the camera of another device: `GET /a.jpg?qr`.
//!
//! ```text
//! Host              the server listens on    the address
//! 192.168.1.5:8000  whatever                 http://192.168.1.5:8000/a.jpg      as it was reached, so others may reach it
//! localhost:8000    all addresses            http://192.168.1.5:8000/a.jpg      the first that others can reach
//! localhost:8000    127.0.0.1                http://localhost:8000/a.jpg        and a line that says what to do
//! ```

use super::effort::{Effort, Takes};
use super::page;
use crate::answer::{Body, Response};
use crate::base::trace::{self, quote};
use crate::http::base_path::BasePath;
use crate::http::host::Host;
use crate::http::target::{DecodedPath, encode_segment};
use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::{self, Write};
use std::sync::Arc;

/// How wide the light border of a code is, in modules.
const BORDER: usize = 4;

/// By which addresses a server is reached.
#[derive(Clone)]
pub struct Reach {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The URL of the site for others, if others can reach it. It is asked anew each time: machines move from one
    /// network to another.
    pub elsewhere: Arc<dyn Fn() -> Option<String> + Send + Sync>,
}

impl Default for Reach {
    /// This machine alone, by http.
    fn default() -> Reach {
        Reach { scheme: "http", elsewhere: Arc::new(|| None) }
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reach({})", self.scheme)
    }
}

/// An address that others may open.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    url: String,
    /// Whether it leads to this machine only from itself.
    is_here_alone: bool,
}

impl Reach {
    /// The address of what a path names, for who has asked this host for it.
    fn address(&self, host: Option<Host<'_>>, base: &BasePath, path: &DecodedPath) -> Address {
        let reached = host.filter(|host| !host.name.is_empty() && !host.is_loopback());
        let elsewhere = if reached.is_some() { None } else { (self.elsewhere)() };
        let start = match (elsewhere, reached.or(host)) {
            (Some(url), _) => return Address { url: url + &path.encoded(), is_here_alone: false },
            (None, Some(host)) if !host.name.is_empty() => {
                let port = host.written_port();
                format!("{}://{}{port}", self.scheme, host.written_as_browsers_do())
            }
            _ => format!("{}://localhost", self.scheme),
        };
        Address {
            url: format!("{start}{}{}", base.start(), path.encoded()),
            is_here_alone: reached.is_none(),
        }
    }
}

/// The page with the code.
pub(super) fn respond(
    reach: &Reach,
    host: Option<Host<'_>>,
    base: &BasePath,
    path: &DecodedPath,
    effort: Effort,
) -> Result<Response, Takes> {
    if effort == Effort::Brief {
        // The eight masks of a large code are compared for ten milliseconds.
        return Err(Takes { what: "drawing a QR code".to_owned(), key: None });
    }
    let Address { url, is_here_alone } = reach.address(host, base, path);
    trace::decision("QR code", None, || {
        let why = if is_here_alone { "which only this machine reaches" } else { "which others can reach" };
        format!("it is of {}, {why}", quote(url.as_bytes()))
    });
    // Where too many want one, the address alone will do.
    let code = if effort == Effort::Least { None } else { drawn(&url) };
    let name = path.segments().next_back();
    let shown = name.map_or_else(|| "/".to_owned(), page::shown);
    let here = match name {
        Some(name) if !path.names_directory => format!("./{}", encode_segment(name)),
        _ => "./".to_owned(),
    };
    let content = html! {
        main {
            h1 { (page::mark(base.start())) (shown) }
            @if let Some(code) = &code {
                p { "For the camera of another device:" }
                (code)
            }
            p { "The address: " a href=(here) { (url) } }
            @if is_here_alone {
                p { "Only this machine can reach it. Start the server with --lan to let others in your network." }
            }
            @if !path.names_directory { p { a href="./" { "The folder of " (shown) } } }
        }
    };
    let text = page::render(&format!("QR code of {shown}"), None, &content);
    let mut response = Response::no_store("text/html; charset=utf-8", Body::Bytes(text.into_bytes()));
    response.headers.push("Content-Security-Policy", page::CONTENT_SECURITY_POLICY);
    Ok(response)
}

/// A code as a picture; `None` if the text is too long for any. It is black on white, also on a dark page.
fn drawn(text: &str) -> Option<Markup> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    // A line of each run of dark modules in a row.
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let _ = write!(path, "M{} {}h{}v1h-{}z", x + BORDER, y + BORDER, run.len(), run.len());
            }
            x += run.len();
        }
    }
    let size = width + 2 * BORDER;
    // A camera needs some pixels for each module, as many for all. Longer addresses than a phone is wide are rare.
    let pixels = size * 280_usize.div_ceil(size).max(4);
    Some(html! {
        svg role="img" aria-label="QR code of the address" width=(pixels) height=(pixels)
            viewBox={ "0 0 " (size) " " (size) } shape-rendering="crispEdges" {
            path fill="#fff" d={ "M0 0h" (size) "v" (size) "H0z" } {}
            path d=(path) {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_one_by_which_others_reach_it_if_they_can() {
        let lan = || Some("http://192.168.1.5:8000/".to_owned());
        let table = [
            ("192.168.1.5:8000", true, "http://192.168.1.5:8000/a%20b/c.jpg", false),
            ("192.168.1.5:8000", false, "http://192.168.1.5:8000/a%20b/c.jpg", false),
            ("Box.Local", false, "http://box.local/a%20b/c.jpg", false),
            ("[fd00::5]:80", false, "http://[fd00::5]:80/a%20b/c.jpg", false),
            ("localhost:9", true, "http://192.168.1.5:8000/a%20b/c.jpg", false),
            ("127.0.0.1:9", true, "http://192.168.1.5:8000/a%20b/c.jpg", false),
            ("localhost:9", false, "http://localhost:9/a%20b/c.jpg", true),
            ("[::1]:9", false, "http://[::1]:9/a%20b/c.jpg", true),
            ("", false, "http://localhost/a%20b/c.jpg", true),
            ("", true, "http://192.168.1.5:8000/a%20b/c.jpg", false),
        ];
        let path = DecodedPath::decode(b"/a%20b/c.jpg").expect("a path");
        for (host, is_shared, url, is_here_alone) in table {
            let elsewhere = move || if is_shared { lan() } else { None };
            let reach = Reach { elsewhere: Arc::new(elsewhere), ..Reach::default() };
            let address = reach.address(Host::parse(host.as_bytes()), &BasePath::default(), &path);
            assert_eq!(address, Address { url: url.to_owned(), is_here_alone }, "{host} {is_shared}");
        }
    }

    /// What a camera would read of a picture.
    fn read(svg: &str) -> String {
        const MODULE: usize = 4;
        let size =
            svg.split("viewBox=\"0 0 ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a size");
        let size: usize = size.parse().expect("a number");
        let mut dark = vec![false; size * size];
        let path = svg.split("d=\"").last().and_then(|rest| rest.split('"').next()).expect("a path");
        for run in path.split('z').filter(|run| !run.is_empty()) {
            let mut numbers =
                run.split(|letter: char| !letter.is_ascii_digit()).filter_map(|it| it.parse().ok());
            let mut next = || -> usize { numbers.next().expect("a number") };
            let (x, y, length) = (next(), next(), next());
            dark[y * size + x..y * size + x + length].fill(true);
        }
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(size * MODULE, size * MODULE, |x, y| {
            if dark[y / MODULE * size + x / MODULE] { 0 } else { 255 }
        });
        image.detect_grids()[0].decode().expect("it can be read").1
    }

    #[test]
    fn a_camera_reads_the_address_also_a_long_one() {
        for url in
            ["http://192.168.1.5:8000/a.jpg".to_owned(), format!("http://a.example/{}", "%E4".repeat(300))]
        {
            assert_eq!(read(&drawn(&url).expect("short enough").into_string()), url);
        }
        assert!(drawn(&"x".repeat(3000)).is_none());
    }
}

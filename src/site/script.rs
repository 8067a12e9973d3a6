//! The script for live reload: one line that is put into pages while they are sent.
//!
//! ```text
//! <p>Hello                                                  in the file
//! </body></html>
//!
//! <p>Hello                                                  as it is sent with --reload
//! <script src="/.glass/reload.js" async></script></body></html>
//! ```
//!
//! The file stays as it is. The script itself is `reload/reload.js`; here is only the line that loads it. A page
//! whose own Content-Security-Policy forbids scripts of its host does not run it.

use crate::answer::{Body, FilePart, Next, Response, Source, Stream};
use crate::base::random;
use crate::base::trace;
use crate::http::base_path::BasePath;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// The line. The script finds the addresses that it needs beside its own.
pub fn tag(base: &BasePath) -> Arc<str> {
    format!("<script src=\"{}.glass/reload.js\" async></script>", base.start()).into()
}

/// How far before the end of a page `</body>` is looked for, in bytes.
const TAIL: usize = 4096;

/// Where the line goes in a page of this length: before the last `</body>`, or at the end. `None` for a page in UTF-16,
/// in which its bytes would be other characters.
pub(super) fn place_in(source: &Source, length: u64) -> Option<u64> {
    let read = |at: u64, most: usize| {
        // If the end cannot be read, the line goes behind it.
        let mut bytes = Vec::new();
        FilePart { source: source.clone(), range: at..length }.append_start(&mut bytes, most);
        bytes
    };
    let start = read(0, 2);
    if matches!(start.as_slice(), [0xfe, 0xff] | [0xff, 0xfe]) {
        return None;
    }
    let tail_at = length.saturating_sub(TAIL as u64);
    let tail = read(tail_at, TAIL);
    Some(end_of_body(&tail).map_or(length, |at| tail_at + at as u64))
}

/// Where the last `</body>` begins.
fn end_of_body(html: &[u8]) -> Option<usize> {
    const END: &[u8] = b"</body";
    memchr::memrchr_iter(b'<', html).find(|&at| {
        let (tag, behind) = html[at..].split_at(END.len().min(html.len() - at));
        let is_whole_name = behind.first().is_some_and(|&byte| byte == b'>' || byte.is_ascii_whitespace());
        tag.eq_ignore_ascii_case(END) && is_whole_name
    })
}

/// Adds the line to a page that the server itself generates, such as a listing or an error, so that the page goes
/// away when something better appears. These pages have a Content-Security-Policy that forbids what they do not need.
/// A nonce allows this script, which may then connect to this server and to no other.
///
/// Pages without a style sheet are not for people, and stay as they are: a program would follow the link to the script.
pub(super) fn add_to_own_page(response: &mut Response, tag: &str) {
    let Some(policy) = response.headers.get("content-security-policy") else { return };
    if !policy.contains("style-src") {
        return;
    }
    let nonce = nonce();
    let policy = allow(policy, "script-src", &format!("'nonce-{nonce}'"));
    let policy = allow(&policy, "connect-src", "'self'");
    let tag = tag.replace(" async", &format!(" nonce=\"{nonce}\" async"));
    match std::mem::take(&mut response.body) {
        Body::Bytes(mut html) => {
            insert(&mut html, &tag);
            response.body = Body::Bytes(html);
        }
        Body::Stream(page) => response.body = Body::Stream(Box::new(WithScript { page, tag })),
        other => {
            response.body = other;
            return;
        }
    }
    response.headers.replace("Content-Security-Policy", policy);
    trace::decision("script", None, || "the script for --reload is added to this page of ours".to_owned());
}

/// Puts the line before the end of the page, if these bytes contain it.
fn insert(html: &mut Vec<u8>, tag: &str) {
    if let Some(at) = end_of_body(html) {
        html.splice(at..at, tag.bytes());
    }
}

/// A page that is generated while it is sent. Its end comes in one piece.
#[derive(Debug)]
struct WithScript {
    page: Box<dyn Stream>,
    tag: String,
}

impl Stream for WithScript {
    fn next(&mut self) -> Next {
        let mut next = self.page.next();
        if let Next::Piece(html) = &mut next {
            insert(html, &self.tag);
        }
        next
    }

    fn wake_with(&mut self, waker: Waker) {
        self.page.wake_with(waker);
    }

    fn wake_at(&self) -> Option<Instant> {
        self.page.wake_at()
    }

    fn is_endless(&self) -> bool {
        self.page.is_endless()
    }

    fn stop(&mut self) {
        self.page.stop();
    }
}

/// A policy that allows one more source.
pub(super) fn allow(policy: &str, directive: &str, source: &str) -> String {
    let mut directives: Vec<_> = policy.split(';').map(|part| part.trim().to_owned()).collect();
    match directives.iter_mut().find(|part| part.split(' ').next() == Some(directive)) {
        Some(part) => *part = format!("{part} {source}"),
        None => directives.push(format!("{directive} {source}")),
    }
    directives.join("; ")
}

/// A nonce of 128 random bits.
fn nonce() -> String {
    random::word() + &random::word()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{FieldLines, Status};
    use crate::site::page;
    use std::io::Write;

    #[test]
    fn the_line_goes_before_the_end_of_the_body_or_to_the_end() {
        let long = "x".repeat(10_000);
        let table = [
            ("", Some(0)),
            ("<p>a", Some(4)),
            ("<p>a</body></html>", Some(4)),
            ("<p>a</BODY\n></html>", Some(4)),
            ("</body>a</body>", Some(8)),
            ("<p>a</bodyguard>", Some(16)),
            ("<p>a</body", Some(10)),
            ("<p>a</bod", Some(9)),
            (&format!("{long}</body>"), Some(10_000)),
            (&format!("</body>{long}"), Some(10_007)),
        ];
        for (html, expected) in table {
            let length = html.len() as u64;
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(html.as_bytes()).expect("written");
            let shown = &html[..html.len().min(40)];
            assert_eq!(place_in(&Source::Disk(Arc::new(file)), length), expected, "on disk: {shown}");
            assert_eq!(place_in(&Source::Memory(html.as_bytes().into()), length), expected, "{shown}");
        }
        let utf16 = Source::Memory(b"\xff\xfe<\0p\0>\0".as_slice().into());
        assert_eq!(place_in(&utf16, 8), None);
    }

    #[test]
    fn pages_of_ours_allow_this_script_and_no_other() {
        let own = || {
            let mut headers = FieldLines::default();
            headers.push("Content-Security-Policy", page::CONTENT_SECURITY_POLICY);
            let html = page::render("t", None, &maud::html! { p { "x" } }).into_bytes();
            let mut response = Response { status: Status::OK, headers, body: Body::Bytes(html) };
            add_to_own_page(&mut response, &tag(&BasePath::default()));
            let policy = response.headers.get("content-security-policy").expect("one").to_owned();
            (policy, String::from_utf8(response.body.start(usize::MAX)).expect("text"))
        };
        let ((policy, html), (another, _)) = (own(), own());
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("one");
        let tag = format!("<script src=\"/.glass/reload.js\" nonce=\"{nonce}\" async></script></body>");
        assert!(html.contains(&tag), "{html}");
        assert!(policy.starts_with(page::CONTENT_SECURITY_POLICY) && policy != another, "{policy}");
    }

    #[test]
    fn a_policy_allows_what_it_did_and_one_source_more() {
        let table = [
            ("default-src 'none'", "default-src 'none'; script-src X"),
            ("script-src 'sha256-a='; img-src data:", "script-src 'sha256-a=' X; img-src data:"),
            ("a b; script-src-elem c", "a b; script-src-elem c; script-src X"),
        ];
        for (policy, expected) in table {
            assert_eq!(allow(policy, "script-src", "X"), expected);
        }
    }
}

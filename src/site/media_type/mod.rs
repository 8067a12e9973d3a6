//! What the bytes of a file are: their media type, their charset, and the coding that they are in already (RFC 9110
//! section 8.3).
//!
//! ```text
//! page.html    <meta charset=windows-1251>   text/html                       the page itself says more
//! page.html    Grüße, in UTF-8               text/html; charset=utf-8
//! notes.txt    Gr\xfc\xdfe                   text/plain                      not UTF-8, and nobody knows what
//! feed.xml     <?xml encoding="..."?>        text/xml                        XML says it itself (RFC 7303 section 3)
//! LICENSE      text                          text/plain; charset=utf-8       no extension: its bytes decide
//! logo.svgz    gzip                          image/svg+xml, coded as gzip
//! ```
//!
//! The type comes from the extension, by tables in the binary (`mime_guess`, and `tables.rs` where the web has moved
//! on), never by the system's: the type of a file must not depend on the machine. The charset must be true, since a
//! browser prefers it to what the page itself declares (`charset.rs`). So the first bytes are looked at ([`Look`]),
//! once for each version of a file; [`super::versions`] remembers the outcome.
//!
//! The plain case is [`of`]: a name and a look in, the value of Content-Type out.

mod charset;
mod tables;

use crate::http::coding::Coding;
use charset::{PRESCAN, charset_of_page, charset_of_sheet, means_utf8};
use std::borrow::Cow;
use tables::{SOURCE, TEXT_OR, TYPES, UNKNOWN};

/// How many bytes of a file are looked at: all of one that is kept in memory.
pub const MOST_LOOKED_AT: usize = 512 * 1024;

/// How many of them tell text from other data, in browsers and in Go, too.
const SNIFFED: usize = 512;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The value of Content-Type.
    pub content_type: Cow<'static, str>,
    /// The coding that it is in, if that belongs to what it is: a `.svgz`.
    pub coding: Option<Coding>,
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// They hold nothing that texts do not have.
    is_text: bool,
    /// They are UTF-8 (or ASCII, which is a part of that).
    is_utf8: bool,
    /// They declare another charset, as a page does or as a style sheet does.
    page_says_other: bool,
    sheet_says_other: bool,
}

/// What the name of a file leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Certain(&'static str),
    /// The charset.
    Text(&'static str),
    /// Whether the file is text; if not, it is of this type.
    TextOr(&'static str),
}

/// What is known of a file by its name alone.
fn kind_of(name: &[u8]) -> Kind {
    let Some(extension) = extension_of(name) else { return Kind::TextOr(UNKNOWN) };
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known)).map(|&(_, essence)| essence)
    };
    if let Some(other) = find(TEXT_OR) {
        return Kind::TextOr(other);
    }
    if SOURCE.iter().any(|known| extension.eq_ignore_ascii_case(known)) {
        return Kind::Text("text/plain");
    }
    let essence = find(TYPES).or_else(|| mime_guess::from_ext(extension).first_raw());
    match essence.unwrap_or(UNKNOWN) {
        // XML declares its charset itself, and programs that convert it would leave the field behind (RFC 7303
        // section 3.2).
        xml @ ("text/xml" | "text/xsl") => Kind::Certain(xml),
        xml if xml.ends_with("+xml") => Kind::Certain(xml),
        text if text.starts_with("text/x-") => Kind::Text("text/plain"),
        text if text.starts_with("text/") => Kind::Text(text),
        essence => Kind::Certain(essence),
    }
}

/// The extension: what follows the last dot, unless the dot begins the name. A number is none: `server.log.1`.
fn extension_of(name: &[u8]) -> Option<&str> {
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&dot| dot > 0)?;
    let extension = std::str::from_utf8(&name[dot + 1..]).unwrap_or("?");
    (!extension.bytes().all(|byte| byte.is_ascii_digit())).then_some(extension)
}

/// Whether a file of this name is a page.
pub fn is_page(name: &[u8]) -> bool {
    kind_of(name) == Kind::Text("text/html")
}

/// Whether a file of this name needs a look at its first bytes.
pub fn needs_a_look(name: &[u8]) -> bool {
    !matches!(kind_of(name), Kind::Certain(_))
}

/// What a file of this name, with these first bytes, is.
pub fn of(name: &[u8], look: Look) -> Content {
    let coding =
        extension_of(name).filter(|extension| extension.eq_ignore_ascii_case("svgz")).map(|_| Coding::Gzip);
    let text = |essence: &'static str| {
        let says_other = match essence {
            "text/html" => look.page_says_other,
            "text/css" => look.sheet_says_other,
            _ => false,
        };
        if look.is_utf8 && !says_other {
            Cow::Owned(format!("{essence}; charset=utf-8"))
        } else {
            Cow::Borrowed(essence)
        }
    };
    let content_type = match kind_of(name) {
        Kind::Certain(essence) => Cow::Borrowed(essence),
        Kind::Text(essence) => text(essence),
        Kind::TextOr(_) if look.is_text => text("text/plain"),
        Kind::TextOr(other) => Cow::Borrowed(other),
    };
    Content { content_type, coding }
}

/// The coding of a file that a page may load by the name that it has on disk, `app.wasm.gz`, and the name of what is
/// in it; `None` for a file that no page loads, such as a `.tar.gz`.
pub fn packed(name: &[u8]) -> Option<(Coding, &[u8])> {
    let extension = extension_of(name)?;
    let coding = Coding::ALL.into_iter().find(|coding| extension.eq_ignore_ascii_case(coding.extension()))?;
    let inner = &name[..name.len() - extension.len() - 1];
    extension_of(inner)?;
    let loaded = ["text/", "image/", "font/", "audio/", "video/"];
    let is_loaded = match kind_of(inner) {
        Kind::Text(_) => true,
        Kind::TextOr(_) => false,
        Kind::Certain(essence) => {
            loaded.iter().any(|start| essence.starts_with(start))
                || matches!(essence, "application/wasm" | "application/json" | "application/manifest+json")
        }
    };
    is_loaded.then_some((coding, inner))
}

impl Look {
    /// Looks at the first bytes of a file; `is_all` says whether there are no more.
    pub fn at(bytes: &[u8], is_all: bool) -> Look {
        let is_utf8 = match std::str::from_utf8(bytes) {
            Ok(_) => true,
            // The last character may have been cut in two.
            Err(error) => !is_all && error.error_len().is_none(),
        };
        let has_nul = memchr::memchr(0, bytes).is_some();
        let has_mark = [&b"\xfe\xff"[..], b"\xff\xfe"].iter().any(|mark| bytes.starts_with(mark));
        let sniffed = &bytes[..bytes.len().min(SNIFFED)];
        // A byte order mark comes before whatever the page declares.
        let start = &bytes[..bytes.len().min(PRESCAN)];
        let is_marked = start.starts_with(b"\xef\xbb\xbf");
        let says_other = |label: Option<&[u8]>| label.is_some_and(|label| !is_marked && !means_utf8(label));
        Look {
            is_text: has_mark || (!has_nul && !sniffed.iter().any(|&byte| is_of_no_text(byte))),
            is_utf8: is_utf8 && !has_nul,
            page_says_other: says_other(charset_of_page(start)),
            sheet_says_other: says_other(charset_of_sheet(start)),
        }
    }
}

/// The binary data bytes of the MIME Sniffing standard (section 3).
fn is_of_no_text(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests;

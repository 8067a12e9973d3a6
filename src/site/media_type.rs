//! A file's media type, from its name (RFC 9110 section 8.3).
//!
//! From a table in the binary (`mime_guess`), never from the system's: what a file is served as
//! must not depend on the machine. Text is UTF-8 (section 8.3.2).

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Where the web has moved on, or where a page would not work with what the table says.
const CORRECTIONS: &[(&str, &str)] = &[
    // RFC 9239; a browser refuses a module that is not JavaScript.
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("cjs", "text/javascript"),
    ("avif", "image/avif"),
    ("jxl", "image/jxl"),
    ("webmanifest", "application/manifest+json"),
    ("map", "application/json"),
    // RFC 8081
    ("woff", "font/woff"),
    ("ttf", "font/ttf"),
    ("otf", "font/otf"),
    ("ts", "video/mp2t"),
    ("mkv", "video/matroska"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
];

/// The value of Content-Type for a file of this name.
pub fn of(name: &[u8]) -> Cow<'static, str> {
    let extension =
        Path::new(OsStr::from_bytes(name)).extension().and_then(OsStr::to_str).unwrap_or_default();
    let corrected = CORRECTIONS.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known));
    let essence = match corrected {
        Some(&(_, essence)) => essence,
        None => mime_guess::from_ext(extension).first_raw().unwrap_or("application/octet-stream"),
    };
    if essence.starts_with("text/") {
        Cow::Owned(format!("{essence}; charset=utf-8"))
    } else {
        Cow::Borrowed(essence)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn types_by_name() {
        let table = [
            ("index.html", "text/html; charset=utf-8"),
            ("INDEX.HTM", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.md", "text/markdown; charset=utf-8"),
            ("a.csv", "text/csv; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.map", "application/json"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.wasm", "application/wasm"),
            ("a.pdf", "application/pdf"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.jpeg", "image/jpeg"),
            ("a.webp", "image/webp"),
            ("a.avif", "image/avif"),
            ("a.jxl", "image/jxl"),
            ("a.ico", "image/x-icon"),
            ("a.woff", "font/woff"),
            ("a.woff2", "font/woff2"),
            ("a.ttf", "font/ttf"),
            ("a.otf", "font/otf"),
            ("a.mp4", "video/mp4"),
            ("a.webm", "video/webm"),
            ("a.mp3", "audio/mpeg"),
            ("a.ogg", "audio/ogg"),
            ("a.zip", "application/zip"),
            ("a.tar.gz", "application/gzip"),
            ("a.unheard-of", "application/octet-stream"),
            ("Makefile", "application/octet-stream"),
            (".html", "application/octet-stream"),
            ("", "application/octet-stream"),
        ];
        for (name, expected) in table {
            assert_eq!(super::of(name.as_bytes()), expected, "{name}");
        }
        assert_eq!(super::of(b"a.\xff"), "application/octet-stream");
    }
}

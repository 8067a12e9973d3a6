//! What the bytes of a file are: their media type, their charset, and the coding that they are in already
//! (RFC 9110 section 8.3).
//!
//! ```text
//! page.html    <meta charset=windows-1251>   text/html                       the page itself says more
//! page.html    Grüße, in UTF-8               text/html; charset=utf-8
//! notes.txt    Gr\xfc\xdfe                   text/plain                      not UTF-8, and nobody knows what
//! feed.xml     <?xml encoding="..."?>        text/xml                        XML says it itself (RFC 7303 section 3)
//! LICENSE      text                          text/plain; charset=utf-8       no ending: text, or not
//! logo.svgz    gzip                          image/svg+xml, coded as gzip
//! ```
//!
//! The type comes from the name, by a table in the binary (`mime_guess`, and ours where the web has moved
//! on), never from the system's: what a file is served as must not depend on the machine. A charset is never
//! a lie: to a browser the field goes before what the page says. So the first bytes are looked at
//! ([`Look`]), once for each version of a file; [`super::versions`] keeps what was seen.

use crate::http::coding::Coding;
use std::borrow::Cow;

/// How many bytes are looked at. All of those that are kept in memory.
pub const MOST_LOOKED_AT: usize = 512 * 1024;

/// How many of them may declare a charset (the HTML standard, section 13.2.3.2).
const PRESCAN: usize = 1024;

/// How many of them tell text from other things, as browsers and Go look at it.
const SNIFFED: usize = 512;

/// What is served when nothing better is known.
const UNKNOWN: &str = "application/octet-stream";

/// Where the web has moved on, where a page would not work with what the table says, and what it does not
/// know.
const TYPES: &[(&str, &str)] = &[
    // RFC 9239; a browser refuses a module that is not JavaScript.
    ("cjs", "text/javascript"),
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("avif", "image/avif"),
    ("cur", "image/x-icon"),
    ("jxl", "image/jxl"),
    ("map", "application/json"),
    ("webmanifest", "application/manifest+json"),
    // RFC 8081
    ("otf", "font/otf"),
    ("ttf", "font/ttf"),
    ("woff", "font/woff"),
    // RFC 8216
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m3u", "application/vnd.apple.mpegurl"),
    ("m4s", "video/iso.segment"),
    // RFC 4337
    ("m4a", "audio/mp4"),
    ("m4b", "audio/mp4"),
    ("mkv", "video/matroska"),
    ("mka", "audio/matroska"),
    // RFC 9512
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    // What is installed when it is opened: packages, profiles.
    ("appinstaller", "application/appinstaller"),
    ("appx", "application/appx"),
    ("appxbundle", "application/appxbundle"),
    ("deb", "application/vnd.debian.binary-package"),
    ("flatpakref", "application/vnd.flatpak.ref"),
    ("mobileconfig", "application/x-apple-aspen-config"),
    ("mobileprovision", "application/x-apple-aspen-mobileprovision"),
    ("msix", "application/msix"),
    ("msixbundle", "application/msixbundle"),
    ("rpm", "application/x-rpm"),
    // Models, which a phone shows in its camera.
    ("3mf", "model/3mf"),
    ("stl", "model/stl"),
    ("usda", "model/vnd.usda"),
    ("usdz", "model/vnd.usdz+zip"),
    // Books, data, archives.
    ("7z", "application/x-7z-compressed"),
    ("arrow", "application/vnd.apache.arrow.file"),
    ("br", UNKNOWN),
    ("cb7", "application/x-cb7"),
    ("cbr", "application/vnd.comicbook-rar"),
    ("cbz", "application/vnd.comicbook+zip"),
    ("gz", "application/gzip"),
    ("ipynb", "application/json"),
    ("jsonl", "application/jsonl"),
    ("ndjson", "application/x-ndjson"),
    ("sqlite", "application/vnd.sqlite3"),
    ("sqlite3", "application/vnd.sqlite3"),
    ("tgz", "application/gzip"),
    ("vcf", "text/vcard"),
    ("whl", "application/zip"),
    ("zst", "application/zstd"),
];

/// The endings of texts that people and compilers read. They are shown, and not downloaded.
const SOURCE: &[&str] = &[
    "4th",
    "adb",
    "adoc",
    "ads",
    "agda",
    "asciidoc",
    "asm",
    "awk",
    "bash",
    "bat",
    "bazel",
    "bib",
    "bnf",
    "bzl",
    "c",
    "c++",
    "cabal",
    "cairo",
    "capnp",
    "cbl",
    "cc",
    "cfg",
    "cl",
    "clj",
    "cljc",
    "cljs",
    "cls",
    "cmake",
    "cmd",
    "cob",
    "conf",
    "config",
    "cpp",
    "cr",
    "cs",
    "cshtml",
    "csproj",
    "cu",
    "cxx",
    "d",
    "dart",
    "desktop",
    "diff",
    "dockerfile",
    "dts",
    "ebnf",
    "editorconfig",
    "edn",
    "ejs",
    "el",
    "elm",
    "env",
    "erb",
    "erl",
    "ex",
    "exs",
    "f",
    "f77",
    "f90",
    "f95",
    "fish",
    "for",
    "frag",
    "fs",
    "fsi",
    "fsx",
    "fth",
    "gd",
    "gemspec",
    "geom",
    "gitattributes",
    "gitignore",
    "gleam",
    "glsl",
    "go",
    "gql",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "h++",
    "haml",
    "hbs",
    "hcl",
    "hh",
    "hlsl",
    "hpp",
    "hrl",
    "hs",
    "hx",
    "hxx",
    "idr",
    "inc",
    "ini",
    "ino",
    "ipp",
    "j2",
    "java",
    "jl",
    "jsonc",
    "jsx",
    "just",
    "kt",
    "kts",
    "lean",
    "less",
    "lhs",
    "liquid",
    "lisp",
    "list",
    "lock",
    "log",
    "lsp",
    "lua",
    "m",
    "m4",
    "mak",
    "mdx",
    "metal",
    "mk",
    "mkd",
    "ml",
    "mli",
    "mll",
    "mly",
    "mm",
    "move",
    "mustache",
    "nfo",
    "nim",
    "nix",
    "njk",
    "nu",
    "odin",
    "opts",
    "pas",
    "patch",
    "peg",
    "php",
    "pl",
    "plantuml",
    "pm",
    "po",
    "pp",
    "prisma",
    "pro",
    "proj",
    "properties",
    "props",
    "proto",
    "ps1",
    "psd1",
    "psm1",
    "pug",
    "purs",
    "puml",
    "pxd",
    "py",
    "pyi",
    "pyx",
    "r",
    "rake",
    "razor",
    "rb",
    "rbi",
    "rego",
    "rkt",
    "rmd",
    "robot",
    "rs",
    "rst",
    "s",
    "sass",
    "sbt",
    "scala",
    "scm",
    "scss",
    "sed",
    "service",
    "sh",
    "slim",
    "sln",
    "smt2",
    "sol",
    "sql",
    "srt",
    "ss",
    "star",
    "styl",
    "sum",
    "sv",
    "svelte",
    "svh",
    "swift",
    "targets",
    "tcl",
    "tex",
    "textile",
    "tf",
    "tfvars",
    "thrift",
    "tla",
    "toml",
    "tres",
    "tscn",
    "tsx",
    "twig",
    "txt",
    "typ",
    "v",
    "vb",
    "vbs",
    "vert",
    "vh",
    "vhd",
    "vhdl",
    "vim",
    "vue",
    "vy",
    "wast",
    "wat",
    "wgsl",
    "wit",
    "xaml",
    "y",
    "zig",
    "zsh",
];

/// Endings with two meanings, of which one is text: `main.ts` is TypeScript or a part of a film.
const TEXT_OR: &[(&str, &str)] = &[
    ("asc", "application/pgp-signature"),
    ("cts", UNKNOWN),
    ("key", UNKNOWN),
    ("mod", "audio/x-mod"),
    ("mts", "video/mp2t"),
    ("obj", "model/obj"),
    ("org", "application/vnd.lotus-organizer"),
    ("pot", "application/vnd.ms-powerpoint"),
    ("pub", "application/x-mspublisher"),
    ("tpl", UNKNOWN),
    ("ts", "video/mp2t"),
];

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The value of Content-Type.
    pub content_type: Cow<'static, str>,
    /// The coding that it is in, if that belongs to what it is: a `.svgz`.
    pub coding: Option<Coding>,
}

/// What was seen of the first bytes of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// There is nothing in it that texts do not have.
    is_text: bool,
    /// It is UTF-8 (or ASCII, which is a part of that).
    is_utf8: bool,
    /// It says itself that it is in another charset, as a page does and as a style sheet does.
    page_says_other: bool,
    sheet_says_other: bool,
}

/// What the name leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Certain(&'static str),
    /// In which charset it is.
    Text(&'static str),
    /// Whether it is text.
    TextOr(&'static str),
}

/// What is known of a file by its name alone.
fn kind_of(name: &[u8]) -> Kind {
    let Some(ending) = ending_of(name) else { return Kind::TextOr(UNKNOWN) };
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map(|&(_, essence)| essence)
    };
    if let Some(other) = find(TEXT_OR) {
        return Kind::TextOr(other);
    }
    if SOURCE.iter().any(|known| ending.eq_ignore_ascii_case(known)) {
        return Kind::Text("text/plain");
    }
    let essence = find(TYPES).or_else(|| mime_guess::from_ext(ending).first_raw());
    match essence.unwrap_or(UNKNOWN) {
        // XML says it itself, and no charset field can be right for all who copy it (RFC 7303 section 3.2).
        xml @ ("text/xml" | "text/xsl") => Kind::Certain(xml),
        xml if xml.ends_with("+xml") => Kind::Certain(xml),
        text if text.starts_with("text/x-") => Kind::Text("text/plain"),
        text if text.starts_with("text/") => Kind::Text(text),
        essence => Kind::Certain(essence),
    }
}

/// What follows the last dot, unless that begins the name. A number is none: `server.log.1`.
fn ending_of(name: &[u8]) -> Option<&str> {
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&dot| dot > 0)?;
    let ending = std::str::from_utf8(&name[dot + 1..]).unwrap_or("?");
    (!ending.bytes().all(|byte| byte.is_ascii_digit())).then_some(ending)
}

/// Whether a file of this name is a page.
pub fn is_page(name: &[u8]) -> bool {
    kind_of(name) == Kind::Text("text/html")
}

/// Whether its first bytes have something to say, beside the name.
pub fn needs_a_look(name: &[u8]) -> bool {
    !matches!(kind_of(name), Kind::Certain(_))
}

/// What a file of this name is, and with these first bytes.
pub fn of(name: &[u8], look: Look) -> Content {
    let coding = ending_of(name).filter(|ending| ending.eq_ignore_ascii_case("svgz")).map(|_| Coding::Gzip);
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

/// The coding of a file that a page loads by the name that it has on disk, `app.wasm.gz`, and the name of what
/// is in it. What nobody loads into a page is left alone: a `.tar.gz` is a file to keep.
pub fn packed(name: &[u8]) -> Option<(Coding, &[u8])> {
    let ending = ending_of(name)?;
    let coding = Coding::ALL.into_iter().find(|coding| ending.eq_ignore_ascii_case(coding.extension()))?;
    let inner = &name[..name.len() - ending.len() - 1];
    ending_of(inner)?;
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
        // A mark at the beginning goes before whatever the page says.
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

/// The labels of UTF-8 (the Encoding standard, section 4.2); and who says UTF-16 in ASCII letters cannot mean
/// it, so that browsers read UTF-8.
fn means_utf8(label: &[u8]) -> bool {
    let labels = [
        "utf-8",
        "utf8",
        "unicode-1-1-utf-8",
        "unicode11utf8",
        "unicode20utf8",
        "x-unicode20utf8",
        "utf-16",
        "utf-16le",
        "utf-16be",
    ];
    labels.iter().any(|known| label.trim_ascii().eq_ignore_ascii_case(known.as_bytes()))
}

/// What `@charset "..."` says, which must be the very first of a style sheet (CSS Syntax, section 3.2).
fn charset_of_sheet(start: &[u8]) -> Option<&[u8]> {
    let label = start.strip_prefix(b"@charset \"")?;
    let end = memchr::memchr(b'"', label)?;
    label[end..].starts_with(b"\";").then_some(&label[..end])
}

/// What the beginning of a page says: the prescan of the HTML standard (section 13.2.3.2).
fn charset_of_page(start: &[u8]) -> Option<&[u8]> {
    if start.starts_with(b"<?x") {
        let declaration = &start[..memchr::memmem::find(start, b"?>")?];
        let behind = &declaration[memchr::memmem::find(declaration, b"encoding")? + b"encoding".len()..];
        let value = behind.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let quote = *value.first().filter(|byte| b"\"'".contains(byte))?;
        return value[1..].split(|&byte| byte == quote).next();
    }
    let mut rest = start;
    while let Some(at) = memchr::memchr(b'<', rest) {
        rest = &rest[at..];
        if rest.starts_with(b"<!--") {
            // Its end may share the dashes of its beginning: "<!-->" is a whole one.
            rest = &rest[memchr::memmem::find(&rest[2..], b"-->")? + 5..];
        } else if is_meta(rest) {
            let mut attributes = Attributes(&rest[5..]);
            if let Some(label) = charset_of_meta(&mut attributes) {
                return Some(label);
            }
            rest = attributes.0;
        } else if rest.get(1 + usize::from(rest.get(1) == Some(&b'/'))).is_some_and(u8::is_ascii_alphabetic) {
            let name = rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>')?;
            let mut attributes = Attributes(&rest[name..]);
            while attributes.next().is_some() {}
            rest = attributes.0;
        } else if matches!(rest.get(1), Some(b'!' | b'/' | b'?')) {
            rest = &rest[memchr::memchr(b'>', rest)?..];
        } else {
            rest = &rest[1..];
        }
    }
    None
}

fn is_meta(tag: &[u8]) -> bool {
    tag.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"<meta"))
        && tag.get(5).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/')
}

/// `<meta charset=...>`, or `<meta http-equiv=content-type content="...; charset=...">`.
fn charset_of_meta<'a>(attributes: &mut Attributes<'a>) -> Option<&'a [u8]> {
    let (mut is_content_type, mut charset, mut of_content) = (false, None, None);
    for (name, value) in attributes {
        if name.eq_ignore_ascii_case(b"http-equiv") {
            is_content_type = value.eq_ignore_ascii_case(b"content-type");
        } else if name.eq_ignore_ascii_case(b"charset") {
            charset = charset.or(Some(value));
        } else if name.eq_ignore_ascii_case(b"content") {
            of_content = of_content.or_else(|| charset_in(value));
        }
    }
    charset.or(of_content.filter(|_| is_content_type))
}

/// `text/html; charset=windows-1251`
fn charset_in(mut value: &[u8]) -> Option<&[u8]> {
    loop {
        let at = value.windows(7).position(|part| part.eq_ignore_ascii_case(b"charset"))?;
        value = &value[at + 7..];
        let Some(label) = value.trim_ascii_start().strip_prefix(b"=") else { continue };
        let label = label.trim_ascii_start();
        return match label.first()? {
            quote @ (b'"' | b'\'') => {
                let end = memchr::memchr(*quote, &label[1..])?;
                Some(&label[1..=end])
            }
            _ => label.split(|byte| byte.is_ascii_whitespace() || *byte == b';').next(),
        };
    }
}

/// The attributes of a tag, up to its `>`, as the prescan reads them; what is behind them is left.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let skip = |bytes: &'a [u8], is_passed: fn(u8) -> bool| {
            let count = bytes.iter().take_while(|&&byte| is_passed(byte)).count();
            bytes.split_at(count)
        };
        let is_space = |byte: u8| byte.is_ascii_whitespace();
        let (_, rest) = skip(self.0, |byte| byte.is_ascii_whitespace() || byte == b'/');
        self.0 = rest;
        if matches!(rest.first(), None | Some(b'>')) {
            return None;
        }
        // A "=" at the beginning belongs to the name.
        let (more, _) = skip(&rest[1..], |byte| !byte.is_ascii_whitespace() && !b"/>=".contains(&byte));
        let (name, rest) = rest.split_at(1 + more.len());
        let (_, behind) = skip(rest, is_space);
        let Some(value) = behind.strip_prefix(b"=") else {
            self.0 = rest;
            return Some((name, b""));
        };
        let (_, value) = skip(value, is_space);
        let (value, rest) = match value.first() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = memchr::memchr(*quote, &value[1..]).unwrap_or(value.len() - 1);
                (&value[1..=end], value.get(end + 2..).unwrap_or_default())
            }
            _ => skip(value, |byte| !byte.is_ascii_whitespace() && byte != b'>'),
        };
        self.0 = rest;
        Some((name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn type_of(name: &str, bytes: impl AsRef<[u8]>) -> String {
        of(name.as_bytes(), Look::at(bytes.as_ref(), true)).content_type.into_owned()
    }

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
            ("a.vcf", "text/vcard; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.map", "application/json"),
            ("a.ipynb", "application/json"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.wasm", "application/wasm"),
            ("a.pdf", "application/pdf"),
            ("a.svg", "image/svg+xml"),
            ("a.svgz", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.jpeg", "image/jpeg"),
            ("a.webp", "image/webp"),
            ("a.avif", "image/avif"),
            ("a.jxl", "image/jxl"),
            ("a.ico", "image/x-icon"),
            ("a.cur", "image/x-icon"),
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
            ("a.rpm", "application/x-rpm"),
            ("a.usdz", "model/vnd.usdz+zip"),
            ("a.mobileconfig", "application/x-apple-aspen-config"),
            ("a.msix", "application/msix"),
            ("a.appinstaller", "application/appinstaller"),
            ("live.m3u8", "application/vnd.apple.mpegurl"),
            ("a.m4a", "audio/mp4"),
            ("a.cbz", "application/vnd.comicbook+zip"),
            ("a.yaml", "application/yaml"),
            ("a.unheard-of", "application/octet-stream"),
        ];
        for (name, expected) in table {
            assert_eq!(type_of(name, "a"), expected, "{name}");
        }
        assert_eq!(of(b"a.\xff", Look::at(b"a", true)).content_type, "application/octet-stream");
    }

    #[test]
    fn what_compilers_and_people_read_is_plain_text() {
        let names = "a.go A.Java a.kt a.rb a.diff a.patch Cargo.lock a.rst a.adoc a.vue a.svelte a.tsx a.graphql \
                     a.proto a.ps1 a.rs a.py a.c a.sh a.sql a.php a.bat a.lua a.toml go.mod main.ts \
                     README LICENSE Makefile Dockerfile .gitignore server.log.1 v1.2";
        for name in names.split_whitespace() {
            assert_eq!(type_of(name, "fn main() {}\n"), "text/plain; charset=utf-8", "{name}");
        }
    }

    #[test]
    fn without_an_ending_it_is_text_or_not_as_its_first_bytes_say() {
        let table: &[(&str, &[u8], &str)] = &[
            ("README", b"", "text/plain; charset=utf-8"),
            ("README", "Grüße\t\x1b[1m\r\n".as_bytes(), "text/plain; charset=utf-8"),
            ("README", b"Gr\xfc\xdfe", "text/plain"),
            ("README", b"\xff\xfeh\0i\0", "text/plain"),
            ("README", b"<html>", "text/plain; charset=utf-8"),
            ("program", b"\x7fELF\x02\x01\x01\0", UNKNOWN),
            ("picture", b"\x89PNG\r\n\x1a\n", UNKNOWN),
            ("main.ts", b"G\x40\x11\x10\0", "video/mp2t"),
            ("song.mod", b"a\0", "audio/x-mod"),
            (".html", b"\0", UNKNOWN),
        ];
        for &(name, bytes, expected) in table {
            assert_eq!(type_of(name, bytes), expected, "{name} {}", bytes.escape_ascii());
        }
        let late = [vec![b'a'; SNIFFED], vec![1]].concat();
        assert_eq!(type_of("README", late), "text/plain; charset=utf-8");
    }

    #[test]
    fn a_charset_is_never_a_lie() {
        const PLAIN: &str = "text/html";
        const UTF8: &str = "text/html; charset=utf-8";
        let table: &[(&[u8], &str)] = &[
            (b"<p>ASCII", UTF8),
            ("<p>Grüße".as_bytes(), UTF8),
            (b"<p>Gr\xfc\xdfe", PLAIN),
            (b"<meta charset=windows-1251>\xcf\xf0\xe8", PLAIN),
            (b"<!doctype html><META  Charset = 'KOI8-R' >", PLAIN),
            (b"<meta charset=\"utf-8\">", UTF8),
            (b"<meta charset=\"UTF8\"/>", UTF8),
            (b"<meta charset=utf-16>", UTF8),
            (b"<meta charset=utf-8>\xff", PLAIN),
            (b"<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>", PLAIN),
            (b"<meta content='text/html;charset = \"gbk\"' http-equiv=content-type>", PLAIN),
            (b"<meta content='text/html; charset=gbk'>", UTF8),
            (b"<meta http-equiv=refresh content='1; charset=gbk'>", UTF8),
            (b"<!-- <meta charset=gbk> --><p>", UTF8),
            (b"<!--><meta charset=gbk><!-- -->", PLAIN),
            (b"<p title='<meta charset=gbk>'>", UTF8),
            (b"<metadata charset=gbk>", UTF8),
            (b"</meta charset=gbk>", UTF8),
            (b"<? <meta charset=gbk> ?>", UTF8),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?><html>", PLAIN),
            (b"<?xml version='1.0' encoding = \"utf-8\"?><html>", UTF8),
            // A mark goes before what the page says.
            (b"\xef\xbb\xbf<meta charset=gbk>", UTF8),
            (b"\xff\xfe<\0p\0>\0", PLAIN),
            (b"<\0p\0>\0", PLAIN),
        ];
        for &(bytes, expected) in table {
            assert_eq!(type_of("a.html", bytes), expected, "{}", bytes.escape_ascii());
        }
        let at = |before: usize| [" ".repeat(before).as_bytes(), b"<meta charset=gbk>"].concat();
        assert_eq!(type_of("a.html", at(PRESCAN - 18)), PLAIN);
        assert_eq!(type_of("a.html", at(PRESCAN)), UTF8);
        for (name, bytes, expected) in [
            ("a.css", &b"@charset \"gbk\"; p {}"[..], "text/css"),
            ("a.css", b"@charset \"utf-8\"; p {}", "text/css; charset=utf-8"),
            ("a.css", b" @charset \"gbk\";", "text/css; charset=utf-8"),
            ("a.txt", b"\xc4\xe3\xba\xc3", "text/plain"),
            ("a.js", b"// \xe9", "text/javascript"),
            ("a.xml", b"<?xml version='1.0' encoding='ISO-8859-1'?>\xe9", "text/xml"),
            ("a.xml", b"<a/>", "text/xml"),
            ("a.xhtml", b"<html/>", "application/xhtml+xml"),
        ] {
            assert_eq!(type_of(name, bytes), expected, "{name} {}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_character_that_was_cut_in_two_is_none_that_is_wrong() {
        let cut = &"aü".as_bytes()[..2];
        assert_eq!(of(b"a.txt", Look::at(cut, false)).content_type, "text/plain; charset=utf-8");
        assert_eq!(of(b"a.txt", Look::at(cut, true)).content_type, "text/plain");
    }

    #[test]
    fn what_a_page_loads_packed_is_known_by_both_endings() {
        let table: &[(&str, Option<(Coding, &str)>)] = &[
            ("app.js.br", Some((Coding::Brotli, "app.js"))),
            ("app.wasm.GZ", Some((Coding::Gzip, "app.wasm"))),
            ("a.svg.zst", Some((Coding::Zstd, "a.svg"))),
            ("a.json.gz", Some((Coding::Gzip, "a.json"))),
            ("a.tar.gz", None),
            ("dump.sql.gz", Some((Coding::Gzip, "dump.sql"))),
            ("a.gz", None),
            (".js.gz", None),
            ("app.js", None),
        ];
        for &(name, expected) in table {
            let expected = expected.map(|(coding, inner)| (coding, inner.as_bytes()));
            assert_eq!(packed(name.as_bytes()), expected, "{name}");
        }
        assert_eq!(of(b"a.SVGZ", Look::default()).coding, Some(Coding::Gzip));
        assert_eq!(of(b"a.svg", Look::default()).coding, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_panic(bytes in proptest::collection::vec(prop_oneof![
            Just(b'<'), Just(b'>'), Just(b'-'), Just(b'!'), Just(b'"'), Just(b'='), Just(b' '), Just(b'/'),
            any::<u8>()], 0..60)) {
            let _ = Look::at(&bytes, false);
            let _ = Look::at(&[b"<meta ", &bytes[..]].concat(), true);
            let _ = Look::at(&[b"<?x", &bytes[..]].concat(), true);
        }
    }
}

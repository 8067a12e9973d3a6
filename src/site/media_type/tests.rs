//! Names and bytes in, types and charsets out.

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

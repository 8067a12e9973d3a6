//! The charset that a page or a style sheet declares for itself, in its first bytes.
//!
//! ```text
//! <meta charset=windows-1251>                                              windows-1251
//! <meta http-equiv=content-type content="text/html; charset=gbk">          gbk
//! <?xml version="1.0" encoding="ISO-8859-1"?><html>                        ISO-8859-1
//! @charset "utf-8"; body { }                                               utf-8, in a style sheet
//! ```
//!
//! A browser prefers the charset of the Content-Type field to that of the page. So [`super::Look`] compares: where a
//! page declares another charset than UTF-8, the field names none.

/// How many bytes may declare a charset (the HTML standard, section 13.2.3.2).
pub(super) const PRESCAN: usize = 1024;

/// Whether a label names UTF-8 (the Encoding standard, section 4.2). One that names UTF-16 does, too: it is written in
/// ASCII letters and so cannot be true, and browsers read UTF-8.
pub(super) fn means_utf8(label: &[u8]) -> bool {
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

/// The charset of `@charset "..."`, which must be the very first of a style sheet (CSS Syntax, section 3.2).
pub(super) fn charset_of_sheet(start: &[u8]) -> Option<&[u8]> {
    let label = start.strip_prefix(b"@charset \"")?;
    let end = memchr::memchr(b'"', label)?;
    label[end..].starts_with(b"\";").then_some(&label[..end])
}

/// The charset that the beginning of a page declares: the prescan of the HTML standard (section 13.2.3.2).
pub(super) fn charset_of_page(start: &[u8]) -> Option<&[u8]> {
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
            // The end of a comment may share the dashes of its beginning: "<!-->" is a whole one.
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

/// The attributes of a tag, up to its `>`, as the prescan reads them; the bytes behind them stay.
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

//! Forms with files in them: `multipart/form-data` (RFC 7578), decoded in pieces of any size.
//!
//! ```text
//! Content-Type: multipart/form-data; boundary=x
//!
//! --x                                                             Preamble ─▶ Boundary
//! Content-Disposition: form-data; name="file"; filename="a.txt"   Head     ─▶ Event::Part
//!
//! hello                                                           Content  ─▶ Event::Data
//! --x--                                                           Boundary ─▶ Event::PartEnd, and that was all
//! ```
//!
//! A delimiter (RFC 2046 section 5.1.1) is CRLF, two hyphens and the boundary. The CRLF belongs to the delimiter and
//! not to the content, so bytes at the end of a piece that could begin a delimiter are held back until more has come.
//! The grammar allows strange forms that nobody sends; in any doubt a form is refused.
//!
//! ```
//! use glasshttp::http::multipart::{Decoder, Event};
//! let mut decoder = Decoder::new(b"multipart/form-data; boundary=x").unwrap();
//! decoder.push(b"--x\r\nContent-Disposition: form-data; name=f; filename=\"a\"\r\n\r\nhello\r\n--x--");
//! let Some(Event::Part(part)) = decoder.next().unwrap() else { panic!() };
//! assert_eq!(part.file_name.as_deref(), Some(&b"a"[..]));
//! assert_eq!(decoder.next().unwrap(), Some(Event::Data(b"hello")));
//! assert_eq!(decoder.next().unwrap(), Some(Event::PartEnd));
//! assert!(decoder.next().unwrap().is_none() && decoder.is_whole());
//! ```

use super::fields::{is_token, trim};
use super::{Refusal, Status};
use crate::base::trace::Rfc;
use memchr::memmem::{self, Finder};
use percent_encoding::percent_decode;

/// How many parts a form may have.
pub const MAX_PARTS: usize = 1000;

/// How long the head of a part may be, and the preamble before the first part, in bytes.
const MAX_HEAD: usize = 8 * 1024;

/// How much white space may follow a boundary.
const MAX_PADDING: usize = 256;

/// RFC 2046 section 5.1.1.
const MAX_BOUNDARY: usize = 70;

/// Decodes a form piece by piece.
#[derive(Debug)]
pub struct Decoder {
    delimiter: Finder<'static>,
    /// What has come; the bytes from `used` on are not decoded yet.
    held: Vec<u8>,
    used: usize,
    state: State,
    parts: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first boundary.
    Preamble,
    /// Behind a boundary: another part follows, or the form ends. Only the rest of the line tells whether it is a
    /// boundary, and so whether the part before it ends here.
    Boundary { ends_part: bool },
    /// In the head of a part, from the CRLF before its first line on.
    Head,
    /// In the content of a part.
    Content,
    /// Behind the last boundary: what follows is ignored.
    Epilogue,
}

/// What a form consists of: for each part its head, its content in pieces of any size, and its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The head of a part.
    Part(Part),
    /// Some content of the part.
    Data(&'a [u8]),
    /// The end of the part.
    PartEnd,
}

/// What the head of a part says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The name of the form's field.
    pub name: Vec<u8>,
    /// The name of the file, if it is one: as it was sent, and so perhaps with slashes in it. Empty if the form has a
    /// field for a file and no file was chosen.
    pub file_name: Option<Vec<u8>>,
}

/// Whether this is the type of forms with files.
pub fn is_form(content_type: &[u8]) -> bool {
    let ends = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
    trim(&content_type[..ends]).eq_ignore_ascii_case(b"multipart/form-data")
}

impl Decoder {
    /// A decoder for a form of this content type.
    ///
    /// # Errors
    /// 400 if the type names no boundary.
    pub fn new(content_type: &[u8]) -> Result<Decoder, Refusal> {
        let parameters = parameters(content_type).map(|(_, parameters)| parameters).unwrap_or_default();
        let boundary = single(&parameters, "boundary").ok().flatten();
        let Some(boundary) = boundary.filter(|boundary| is_boundary(boundary)) else {
            let why = "the form's Content-Type names no boundary, or none that can be one";
            return Err(Refusal::bad_request(why).by(Rfc(2046, "5.1.1")));
        };
        let delimiter = Finder::new(&[b"\r\n--", boundary].concat()).into_owned();
        // At the very beginning the first delimiter has no CRLF.
        Ok(Decoder { delimiter, held: b"\r\n".to_vec(), used: 0, state: State::Preamble, parts: 0 })
    }

    /// Adds the bytes that come next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.drain(..self.used);
        self.used = 0;
        self.held.extend_from_slice(bytes);
    }

    /// Whether the last boundary has come.
    pub fn is_whole(&self) -> bool {
        self.state == State::Epilogue
    }

    /// The next event in what has come; `None` if more bytes are needed, or none are left.
    ///
    /// # Errors
    /// 400 for a malformed form, 413 for one that exceeds a limit, 415 for coded content.
    #[allow(clippy::should_implement_trait)] // No iterator lends.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Refusal> {
        loop {
            let rest = &self.held[self.used..];
            match self.state {
                State::Preamble => {
                    let (found, length) = (self.delimiter.find(rest), self.delimiter.needle().len());
                    // The limit on the preamble, whatever the sizes of the pieces.
                    if found.unwrap_or((rest.len() + 1).saturating_sub(length)) > MAX_HEAD {
                        let why = "the form does not begin with the boundary that its Content-Type names";
                        return Err(malformed(why));
                    }
                    let Some(at) = found else { return Ok(None) };
                    self.used += at + length;
                    self.state = State::Boundary { ends_part: false };
                }
                State::Boundary { ends_part } => {
                    match behind_boundary(rest)? {
                        Behind::More => return Ok(None),
                        Behind::End => self.state = State::Epilogue,
                        Behind::Part { padding } => {
                            self.used += padding;
                            self.state = State::Head;
                        }
                    }
                    if ends_part {
                        return Ok(Some(Event::PartEnd));
                    }
                }
                State::Head => {
                    let ends = memmem::find(rest, b"\r\n\r\n");
                    if ends.unwrap_or(rest.len().saturating_sub(3)) > MAX_HEAD {
                        return Err(malformed("the head of a part of the form is too long"));
                    }
                    let Some(ends) = ends else { return Ok(None) };
                    self.parts += 1;
                    if self.parts > MAX_PARTS {
                        let why = format!("the form has more than {MAX_PARTS} parts");
                        return Err(Refusal::new(Status::CONTENT_TOO_LARGE, why));
                    }
                    let part = Part::parse(rest[..ends].strip_prefix(b"\r\n").unwrap_or_default())?;
                    self.used += ends + 4;
                    self.state = State::Content;
                    return Ok(Some(Event::Part(part)));
                }
                State::Content => match self.delimiter.find(rest) {
                    Some(0) => {
                        self.used += self.delimiter.needle().len();
                        self.state = State::Boundary { ends_part: true };
                    }
                    found => {
                        let sure = found.unwrap_or_else(|| rest.len() - self.could_be_delimiter(rest));
                        if sure == 0 {
                            return Ok(None);
                        }
                        let start = self.used;
                        self.used += sure;
                        return Ok(Some(Event::Data(&self.held[start..start + sure])));
                    }
                },
                State::Epilogue => {
                    self.used = self.held.len();
                    return Ok(None);
                }
            }
        }
    }

    /// How many bytes at the end could begin a delimiter. It has one CR only, so the last CR tells.
    fn could_be_delimiter(&self, bytes: &[u8]) -> usize {
        let delimiter = self.delimiter.needle();
        let start = bytes.len().saturating_sub(delimiter.len() - 1);
        let end = memchr::memrchr(b'\r', &bytes[start..]).map(|at| &bytes[start + at..]);
        end.filter(|end| delimiter.starts_with(end)).map_or(0, <[u8]>::len)
    }
}

/// What stands behind a boundary.
enum Behind {
    /// More bytes are needed to tell.
    More,
    /// Two hyphens: it was the last one.
    End,
    /// A line break, after this much white space.
    Part { padding: usize },
}

fn behind_boundary(rest: &[u8]) -> Result<Behind, Refusal> {
    if rest.starts_with(b"--") {
        return Ok(Behind::End);
    }
    let padding = rest.iter().take_while(|byte| b" \t".contains(byte)).count();
    match &rest[padding..] {
        _ if padding > MAX_PADDING => Err(malformed("too much white space follows a boundary of the form")),
        [b'\r', b'\n', ..] => Ok(Behind::Part { padding }),
        [] | [b'\r'] => Ok(Behind::More),
        [b'-'] if padding == 0 => Ok(Behind::More),
        _ => Err(malformed("something else stands on the line of a boundary of the form")),
    }
}

impl Part {
    /// Reads the lines of a head.
    fn parse(head: &[u8]) -> Result<Part, Refusal> {
        let mut disposition = None;
        for line in split_lines(head) {
            let (name, value) = split_line(line)?;
            let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
            if is("content-disposition") {
                if disposition.replace(value).is_some() {
                    return Err(malformed("a part of the form has two fields Content-Disposition"));
                }
            } else if is("content-transfer-encoding") {
                // RFC 7578 section 4.7: the field is deprecated, and these three values mean no coding.
                let plain = [&b"binary"[..], b"8bit", b"7bit"];
                if !plain.iter().any(|one| value.eq_ignore_ascii_case(one)) {
                    return Err(coded());
                }
            } else if is("content-encoding") && !value.eq_ignore_ascii_case(b"identity") {
                return Err(coded());
            } else if is("content-type")
                && value.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
            {
                let why =
                    "a part of the form has parts itself, which is not taken: send each file as its own part";
                return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, why).by(Rfc(7578, "4.3")));
            }
        }
        let no_disposition =
            || malformed("a part of the form lacks its Content-Disposition, or has one that makes no sense");
        let (kind, parameters) = disposition.and_then(parameters).ok_or_else(no_disposition)?;
        if !kind.eq_ignore_ascii_case(b"form-data") {
            return Err(no_disposition());
        }
        let get = |name| single(&parameters, name).map_err(|()| no_disposition());
        let name = get("name")?.ok_or_else(no_disposition)?.to_vec();
        let file_name = match (get("filename*")?, get("filename")?) {
            (Some(extended), _) => Some(decode_extended(extended).ok_or_else(no_disposition)?),
            (None, plain) => plain.map(unescape),
        };
        Ok(Part { name, file_name })
    }
}

/// The lines of a head; none if it is empty.
fn split_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = (!head.is_empty()).then_some(head);
    std::iter::from_fn(move || {
        let all = rest?;
        let ends = memmem::find(all, b"\r\n");
        rest = ends.map(|ends| &all[ends + 2..]);
        Some(&all[..ends.unwrap_or(all.len())])
    })
}

/// `Name: value`. A file's name can hold any character but these, so a value can, too.
fn split_line(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let colon = memchr::memchr(b':', line).unwrap_or(0);
    let (name, value) = line.split_at(colon);
    if !is_token(name) || value.iter().any(|byte| b"\r\n\0".contains(byte)) {
        return Err(malformed("the head of a part of the form has a line that makes no sense"));
    }
    Ok((name, trim(&value[1..])))
}

/// A name and its value.
type Parameter<'a> = (&'a [u8], Vec<u8>);

/// Splits `form-data; name="a"; filename="b"` into what stands before the first semicolon, and the parameters.
///
/// Quoted values are read as browsers write them: they write `%22` for a quote and leave a backslash as it is. So a
/// backslash is an ordinary character, unless a quote follows that does not end the value: other programs escape a
/// quote like that.
fn parameters(value: &[u8]) -> Option<(&[u8], Vec<Parameter<'_>>)> {
    let ends = memchr::memchr(b';', value).unwrap_or(value.len());
    let (kind, mut rest) = (trim(&value[..ends]), &value[ends..]);
    let mut parameters = Vec::new();
    while let Some(behind) = rest.strip_prefix(b";") {
        let parameter = trim(behind);
        if parameter.is_empty() {
            break;
        }
        let (name, sign_and_value) = parameter.split_at(memchr::memchr(b'=', parameter)?);
        let value;
        (value, rest) = match &sign_and_value[1..] {
            [b'"', quoted @ ..] => split_quoted(quoted)?,
            token => {
                let ends = memchr::memchr(b';', token).unwrap_or(token.len());
                (trim(&token[..ends]).to_vec(), &token[ends..])
            }
        };
        is_token(name).then_some(())?;
        parameters.push((name, value));
    }
    Some((kind, parameters))
}

/// Splits off a quoted value, from behind its first quote: the value, and the rest from the next semicolon on.
fn split_quoted(quoted: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut from = 0;
    for quote in memchr::memchr_iter(b'"', quoted) {
        value.extend_from_slice(&quoted[from..quote]);
        from = quote + 1;
        let rest = trim(&quoted[from..]);
        if rest.is_empty() || rest.starts_with(b";") {
            return Some((value, rest));
        }
        // An escaped quote: the backslash is dropped.
        (value.pop()? == b'\\').then(|| value.push(b'"'))?;
    }
    None
}

/// The value of the parameter of this name, which must not occur twice.
fn single<'a>(parameters: &'a [Parameter<'_>], name: &str) -> Result<Option<&'a [u8]>, ()> {
    let mut found = parameters.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
    let first = found.next().map(|(_, value)| value.as_slice());
    if found.next().is_some() { Err(()) } else { Ok(first) }
}

/// Decodes what browsers and curl write for three characters that cannot occur in a field (HTML standard, "multipart
/// form data"); any other percent sign stands for itself.
fn unescape(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&first, behind)) = rest.split_first() {
        let escaped = [(&b"%22"[..], b'"'), (b"%0D", b'\r'), (b"%0A", b'\n')];
        let found = escaped.iter().find(|(escape, _)| rest.starts_with(escape));
        plain.push(found.map_or(first, |&(_, letter)| letter));
        rest = found.map_or(behind, |_| &rest[3..]);
    }
    plain
}

/// `UTF-8''n%C3%A9w.txt` (RFC 8187 section 3.2.1). Forms must not use it (RFC 7578 section 4.2), but some do.
fn decode_extended(value: &[u8]) -> Option<Vec<u8>> {
    let (charset, rest) = value.split_at(memchr::memchr(b'\'', value)?);
    let (_, name) = rest[1..].split_at(memchr::memchr(b'\'', &rest[1..])?);
    let is_known = charset.eq_ignore_ascii_case(b"utf-8");
    is_known.then(|| percent_decode(&name[1..]).collect())
}

/// RFC 2046 section 5.1.1.
fn is_boundary(boundary: &[u8]) -> bool {
    (1..=MAX_BOUNDARY).contains(&boundary.len())
        && boundary.iter().all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(byte))
        && !boundary.ends_with(b" ")
}

#[track_caller]
fn malformed(why: &'static str) -> Refusal {
    Refusal::bad_request(why).by(Rfc(7578, "4"))
}

#[track_caller]
fn coded() -> Refusal {
    let why = "files are kept as they are sent: send the parts of the form without any coding";
    Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, why)
}

#[cfg(test)]
mod tests;

//! HTTP responses, and what is expected of them.

use crate::report::{Content, Failure, Outcome, group};
use crate::texts;

/// An HTTP response.
pub struct Answer {
    sent: Vec<u8>,
    came: Vec<u8>,
    pub status: u16,
    pub fields: Vec<(String, String)>,
    /// What follows the blank line.
    pub body: Vec<u8>,
}

impl Answer {
    /// `None` if it is none.
    pub fn parse(sent: &[u8], came: &[u8]) -> Option<Answer> {
        let end = came.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let mut lines = str::from_utf8(&came[..end]).ok()?.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?;
        let is_right = status.len() == 3 || status.as_bytes().get(3) == Some(&b' ');
        let status = status.get(..3).filter(|_| is_right)?.parse().ok()?;
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let is_name = !name.is_empty() && !name.contains([' ', '\t']);
            is_name.then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let fields = lines.map(field).collect::<Option<_>>()?;
        Some(Answer {
            sent: sent.to_vec(),
            came: came.to_vec(),
            status,
            fields,
            body: came[end + 4..].to_vec(),
        })
    }

    /// The value of a field; the name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Whether its body is as long as its head says.
    pub fn is_whole(&self) -> bool {
        let length = self.field("content-length").and_then(|length| length.parse::<usize>().ok());
        length.is_none_or(|length| self.body.len() >= length)
    }

    /// Fails unless this is the status.
    pub fn expect_status(&self, status: u16) -> Outcome {
        self.expect(self.status == status, texts::STATUS.with([status.to_string()]))
    }

    /// Fails unless it is one of these.
    pub fn expect_one_of(&self, statuses: &[u16]) -> Outcome {
        let words: Vec<String> = statuses.iter().map(u16::to_string).collect();
        self.expect(statuses.contains(&self.status), texts::STATUS.with([words.join(" / ")]))
    }

    /// Fails unless this field is there once and has this value.
    pub fn expect_field(&self, name: &str, value: &str) -> Outcome {
        let lower = name.to_ascii_lowercase();
        let mut values =
            self.fields.iter().filter(|(found, _)| *found == lower).map(|(_, value)| value.as_str());
        let is_right = values.next() == Some(value) && values.next().is_none();
        self.expect(is_right, texts::THE_FIELD.with([format!("{name}: {value}")]))
    }

    /// Fails unless this is the body, and its length is what Content-Length says.
    pub fn expect_body(&self, body: impl AsRef<[u8]>) -> Outcome {
        let body = body.as_ref();
        if self.body != body {
            let same = self.body.iter().zip(body).take_while(|(one, other)| one == other).count();
            if body.len() <= 100 {
                let text = crate::bench::shown(body);
                return self.fail(texts::THE_BODY.with([group(body.len()), text]));
            }
            return self.fail(texts::MUCH_THE_SAME.with([body.len(), self.body.len(), same].map(group)));
        }
        self.expect_field("Content-Length", &body.len().to_string())
    }

    /// 200, and this body.
    pub fn expect_ok(&self, body: impl AsRef<[u8]>) -> Outcome {
        self.expect_status(200)?;
        self.expect_body(body)
    }

    /// Fails if anything follows the blank line.
    pub fn expect_no_body(&self) -> Outcome {
        self.expect(self.body.is_empty(), texts::NO_BODY)
    }

    /// Fails unless this holds.
    pub fn expect(&self, holds: bool, expected: impl Into<Content>) -> Outcome {
        if holds { Ok(()) } else { self.fail(expected) }
    }

    /// Fails: something else was expected.
    pub fn fail<T>(&self, expected: impl Into<Content>) -> Outcome<T> {
        Failure::new().sent(&self.sent).came(self.came.as_slice()).expected(expected).fail()
    }
}

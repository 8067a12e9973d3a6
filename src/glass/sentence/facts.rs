//! What the rows of the catalogue ask of an exchange: its heads, field by field, its decisions, its sizes and times.
//!
//! The heads are read as they went over the wire, without judging them: also of a request that was refused since it was
//! none, as much is known as can be found in it.

use crate::base::human::Bytes;
use crate::base::trace::{Decision, show};
use crate::http::coding::Coding;
use crate::http::{Method, origin};
use crate::server::{Capture, Exchange, GivenUp};
use crate::site::compress;
use crate::site::cors::{self, Reads};
use std::time::Duration;

/// A decision: its name and its outcome. An empty outcome stands for any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step(pub(super) &'static str, pub(super) &'static str);

/// The facts of one exchange.
#[derive(Debug)]
pub struct Facts<'a> {
    exchange: &'a Exchange,
    capture: &'a Capture,
    request: Head<'a>,
    response: Head<'a>,
    /// This client has got this target before, in a form of which browsers keep copies.
    had_copy: bool,
}

impl<'a> Facts<'a> {
    /// The facts of an exchange, if it was captured.
    pub fn new(exchange: &'a Exchange) -> Option<Facts<'a>> {
        let capture = exchange.capture.as_deref()?;
        let (request, response) = (Head::new(&capture.request), Head::new(&capture.response));
        Some(Facts { exchange, capture, request, response, had_copy: false })
    }

    /// The same of a client that has got this target before, or has not.
    pub(super) fn of_repeated(self, had_copy: bool) -> Facts<'a> {
        Facts { had_copy, ..self }
    }

    /// What was captured.
    pub fn capture(&self) -> &'a Capture {
        self.capture
    }

    /// The exchange.
    pub fn exchange(&self) -> &'a Exchange {
        self.exchange
    }

    /// What was decided.
    pub fn decisions(&self) -> &'a [Decision] {
        &self.capture.decisions
    }

    /// Which of them is this one; the last, if there are several. (A body that breaks off is refused after what its head
    /// asks for was.)
    pub(super) fn index_of(&self, Step(name, outcome): Step) -> Option<usize> {
        let is_it = |step: &Decision| step.name == name && (outcome.is_empty() || step.outcome == outcome);
        self.decisions().iter().rposition(is_it)
    }

    /// Whether it was taken.
    pub(super) fn has(&self, name: &'static str, outcome: &'static str) -> bool {
        self.index_of(Step(name, outcome)).is_some()
    }

    /// The value of a decision, if it was taken and has one.
    pub(super) fn value_of(&self, name: &'static str, outcome: &'static str) -> Option<&'a str> {
        self.decisions()[self.index_of(Step(name, outcome))?].value.as_deref()
    }

    /// The same of the first, if there are several.
    fn first_value_of(&self, name: &str, outcome: &str) -> Option<&'a str> {
        let mut all = self.decisions().iter();
        all.find(|step| step.name == name && step.outcome == outcome)?.value.as_deref()
    }

    /// Whether the request was refused in this file.
    pub(super) fn is_refused_in(&self, file: &str) -> bool {
        self.index_of(Step("refused", "")).is_some_and(|index| self.decisions()[index].file.ends_with(file))
    }

    // ---- The request.

    /// The value of a field of the request; the first, if there are several.
    pub fn asked(&self, name: &str) -> Option<&'a [u8]> {
        self.request.field(name)
    }

    /// Whether the request has one of these.
    pub(super) fn asks_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.asked(name).is_some())
    }

    /// Whether the client may have a copy, and asks whether that is still true.
    pub fn is_conditional(&self) -> bool {
        self.asks_any(&["if-none-match", "if-modified-since"])
    }

    /// The method and the target, or what stands in their places.
    pub(super) fn line(&self) -> (&'a [u8], &'a [u8]) {
        let mut words = self.exchange.request_line.splitn(3, |&byte| byte == b' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// Whether the method is this one.
    pub(super) fn is(&self, method: &str) -> bool {
        self.line().0 == method.as_bytes()
    }

    /// Whether a browser asks, before a page of another origin sends a request, whether it may.
    pub fn is_preflight(&self) -> bool {
        self.is("OPTIONS") && self.origin().is_some() && self.asks_any(&["access-control-request-method"])
    }

    /// The origin of the page that asks, if it is another than the server's own.
    pub fn origin(&self) -> Option<&'a [u8]> {
        let host = self.asked("host").unwrap_or_default();
        self.asked("origin").filter(|origin| !origin::is_of_host(origin, host))
    }

    // ---- The answer.

    /// The status code.
    pub(super) fn status(&self) -> u16 {
        self.exchange.status.code()
    }

    /// The value of a field of the answer.
    pub fn answered(&self, name: &str) -> Option<&'a [u8]> {
        self.response.field(name)
    }

    /// Whether a browser keeps the answer from the page that asked for it.
    pub fn is_blocked(&self) -> bool {
        let Some(origin) = self.origin() else { return false };
        let method = Method::from_name(self.line().0);
        if cors::reads(method, self.asked("sec-fetch-mode"), self.asked("accept")) != Reads::Yes {
            return false;
        }
        let allowed = self.answered("access-control-allow-origin");
        let may_be_read = match allowed {
            // The Fetch standard, section 4.10: with credentials, `*` is not enough.
            Some(b"*") => self.asked("cookie").is_none(),
            allowed => allowed == Some(origin),
        };
        !may_be_read || (self.is_preflight() && !self.allows_method())
    }

    /// Whether the answer to a preflight allows what it is about (the Fetch standard, section 4.8, steps 6 to 8).
    pub(super) fn allows_method(&self) -> bool {
        let wanted = self.asked("access-control-request-method").unwrap_or_default();
        let allowed = self.answered("access-control-allow-methods").unwrap_or_default();
        let mut allowed = allowed.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        let is_simple = matches!(wanted, b"GET" | b"HEAD" | b"POST");
        (200..300).contains(&self.status()) && (is_simple || allowed.any(|one| one == wanted))
    }

    /// How many bytes the body would have without its coding, if it has one and that is known.
    pub fn uncoded_length(&self) -> Option<u64> {
        self.answered("content-encoding")?;
        let original = self.value_of("coding", "compressed").or_else(|| {
            // What lies beside the file is sent in place of it.
            self.value_of("coding", "beside").and(self.first_value_of("open", "file"))
        });
        original?.parse().ok()
    }

    /// Whether the client takes a coding that would have made the body smaller, but got it as it is because no option
    /// allows that. What can go out in several forms says so in Vary.
    pub(super) fn could_be_smaller(&self) -> bool {
        const WORTH_A_WORD: u64 = 10_000;
        let takes = |coding: Coding| {
            let taken = self.asked("accept-encoding").unwrap_or_default();
            taken.split(|&byte| byte == b',').any(|one| one.trim_ascii() == coding.name().as_bytes())
        };
        let content_type = self.answered("content-type").and_then(|value| str::from_utf8(value).ok());
        self.exchange.body_length >= WORTH_A_WORD
            && self.answered("content-encoding").is_none()
            && self.answered("vary").is_none()
            && content_type.is_some_and(compress::is_worth_it)
            && Coding::ALL.into_iter().any(takes)
    }

    /// Whether a browser asks for what it got before, and has not said which version it has.
    pub(super) fn has_forgotten_its_copy(&self) -> bool {
        self.had_copy && !self.is_conditional()
    }

    /// Whether the answer is one of which a browser keeps a copy, to ask later whether it is still true.
    pub(super) fn can_be_kept(&self) -> bool {
        let is_browser = |name: &[u8]| name.starts_with(b"Mozilla/");
        self.status() == 200
            && self.is("GET")
            && self.answered("etag").is_some()
            && self.asked("user-agent").is_some_and(is_browser)
    }

    // ---- Time.

    /// How long it took: until the request was there, to decide, and to send.
    pub(super) fn times(&self) -> [Duration; 3] {
        let Capture { began, arrived, decided, ended, .. } = self.capture;
        [(began, arrived), (arrived, decided), (decided, ended)]
            .map(|(from, to)| to.saturating_duration_since(*from))
    }

    // ---- Words.

    /// What stands in a sentence for a word in braces: a field of the request (`{>host}`) or of the answer (`{<etag}`),
    /// or one of these.
    pub(super) fn word(&self, word: &str) -> String {
        let bytes = |count: u64| Bytes(count).to_string();
        let text = |value: Option<&[u8]>| show(value.unwrap_or_default());
        if let Some(name) = word.strip_prefix('>') {
            return text(self.asked(name));
        }
        if let Some(name) = word.strip_prefix('<') {
            return text(self.answered(name));
        }
        let [waiting, deciding, sending] = self.times();
        match word {
            "status" => self.status().to_string(),
            "phrase" => self.exchange.status.phrase().to_owned(),
            "method" => show(self.line().0),
            "target" => show(self.line().1),
            "path" => show(self.path()),
            "name" => show(self.path().rsplit(|&byte| byte == b'/').next().unwrap_or_default()),
            "why" => self.value_of("refused", "").unwrap_or("no reason was given").to_owned(),
            // The closest comes first.
            "near" => self.first_value_of("near name", "").unwrap_or_default().to_owned(),
            "origin" => self.origin().map_or_else(|| "another site".to_owned(), show),
            "cors" => self.cors(),
            "length" => bytes(self.exchange.body_length),
            "sent" => bytes(self.exchange.body_sent),
            "received" => bytes(self.capture.request_body.received),
            "uncoded" => bytes(self.uncoded_length().unwrap_or_default()),
            "given up" => self.exchange.given_up.map_or("", GivenUp::why).to_owned(),
            "waiting" => seconds(waiting),
            "deciding" => seconds(deciding),
            "sending" => seconds(sending),
            "total" => seconds(waiting + deciding + sending),
            "rate" => self.rate(sending),
            _ => unreachable!("{word} is no word of a sentence"),
        }
    }

    /// The path of the target, without its query.
    fn path(&self) -> &'a [u8] {
        self.line().1.split(|&byte| byte == b'?').next().unwrap_or_default()
    }

    /// The option that lets the page read answers. What a client sent is not put into a command unless a browser could
    /// have written it.
    fn cors(&self) -> String {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b":/.-_[]".contains(byte);
        match self.origin() {
            Some(b"null") => "--cors".to_owned(),
            Some(origin) if origin.iter().all(is_plain) => format!("--cors={}", show(origin)),
            _ => "--cors=ORIGIN".to_owned(),
        }
    }

    /// How fast the client took the body.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn rate(&self, time: Duration) -> String {
        let rate = self.exchange.body_sent as f64 / time.as_secs_f64().max(1e-6);
        format!("{} a second", Bytes(rate as u64))
    }
}

/// The lines of a head behind the first, each split at its first colon: rows ask for them again and again.
#[derive(Debug)]
struct Head<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Head<'a> {
    fn new(head: &'a [u8]) -> Head<'a> {
        let (mut fields, mut start) = (Vec::with_capacity(16), 0);
        for end in memchr::memchr_iter(b'\n', head) {
            let line = &head[start..end];
            if start > 0
                && let Some(colon) = memchr::memchr(b':', line)
            {
                fields.push((&line[..colon], line[colon + 1..].trim_ascii()));
            }
            start = end + 1;
        }
        Head(fields)
    }

    /// The value of the first field of this name.
    fn field(&self, name: &str) -> Option<&'a [u8]> {
        let mut fields = self.0.iter();
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

//! What pages are told of an exchange: a summary when it has ended, and all that is known of it when they ask.
//!
//! ```text
//! event: exchange
//! data: {"id":17,"target":"/a.css","status":304,"sentence":"304: your copy has this tag, ...", ...}
//!
//! GET /.glass/exchange/17    {the same, "request":"GET /a.css HTTP/1.1\r\n...","steps":[...],"deciding":8, ...}
//! ```
//!
//! Names are those of the fields of HTTP, where there are such; what is not there is left out. Times are in microseconds
//! since the start of the server, and bytes are characters of the same number (ISO 8859-1), since JSON has no bytes.

use crate::glass::as_characters;
use crate::glass::deciding;
use crate::glass::sentence::{Facts, Sentence};
use crate::http::client::Client;
use crate::http::origin;
use crate::server::Capture;
use serde::Serialize;
use std::net::IpAddr;
use std::time::Instant;

/// How many bytes of a target or of a field are in a summary; the heads have all of it.
const MAX_WORD: usize = 500;

/// What pages are told of an exchange when it has ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) id: u64,
    pub(super) connection: u64,
    pub(super) number: u32,
    pub(super) worker: usize,
    pub(super) client: Client,
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded: Option<IpAddr>,
    method: String,
    pub(super) target: String,
    status: u16,
    phrase: &'static str,
    /// What happened and why, and what to do about it.
    sentence: String,
    /// The browser keeps the answer from the page.
    blocked: bool,
    /// It asks whether a page of another origin may ask.
    preflight: bool,
    /// The preflight of this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<u64>,
    /// The other origin whose page asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    /// The page that asks: path and query if it is one of this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    referer: Option<String>,
    #[serde(flatten)]
    fetch: FetchMetadata,
    #[serde(flatten)]
    answer: Answer,
    /// It asks whether a copy is still true.
    conditional: bool,
    /// How many bytes of the request's body came.
    received: u64,
    /// How many bytes of the answer's body went, and how many were to.
    sent: u64,
    length: u64,
    complete: bool,
    began: u64,
    arrived: u64,
    decided: u64,
    pub(super) ended: u64,
}

/// What browsers say of a request (Fetch Metadata): `Sec-Fetch-Dest` and so on.
#[derive(Debug, Clone, Serialize)]
struct FetchMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    dest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

/// What the head of the answer says of its body.
#[derive(Debug, Clone, Serialize)]
struct Answer {
    /// Content-Type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// Content-Encoding.
    #[serde(skip_serializing_if = "Option::is_none")]
    coding: Option<String>,
    /// Cache-Control.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<String>,
    /// How many bytes the body would have without its coding, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    full: Option<u64>,
}

/// Times as pages get them: in microseconds since a start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(pub(super) Instant);

impl Since {
    pub(super) fn microseconds(self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.0).as_micros()).unwrap_or(u64::MAX)
    }
}

impl Summary {
    /// The summary of the exchange with these facts. Its number and its preflight are still to be found.
    pub(super) fn new(facts: &Facts<'_>, sentence: &Sentence, worker: usize, start: Since) -> Summary {
        let (exchange, capture) = (facts.exchange(), facts.capture());
        let (method, target) = method_and_target(&exchange.request_line);
        let asked = |name| facts.asked(name).map(word);
        let answered = |name| facts.answered(name).map(word);
        Summary {
            id: 0,
            connection: exchange.connection,
            number: exchange.number,
            worker,
            client: exchange.client,
            forwarded: exchange.forwarded,
            method,
            target,
            status: exchange.status.code(),
            phrase: exchange.status.phrase(),
            sentence: sentence.text.clone(),
            blocked: facts.is_blocked(),
            preflight: facts.is_preflight(),
            about: None,
            origin: facts.origin().map(word),
            referer: facts.asked("referer").map(|referer| word(without_own_origin(referer, facts))),
            fetch: FetchMetadata {
                dest: asked("sec-fetch-dest"),
                mode: asked("sec-fetch-mode"),
                site: asked("sec-fetch-site"),
                user: asked("sec-fetch-user"),
            },
            answer: Answer {
                content_type: answered("content-type"),
                coding: answered("content-encoding"),
                cache: answered("cache-control"),
                full: facts.uncoded_length(),
            },
            conditional: facts.is_conditional(),
            received: capture.request_body.received,
            sent: exchange.body_sent,
            length: exchange.body_length,
            complete: exchange.complete,
            began: start.microseconds(capture.began),
            arrived: start.microseconds(capture.arrived),
            decided: start.microseconds(capture.decided),
            ended: start.microseconds(capture.ended),
        }
    }

    /// When its first byte arrived.
    pub(super) fn began(&self) -> u64 {
        self.began
    }

    /// Whether this could have a preflight.
    pub(super) fn may_have_preflight(&self) -> bool {
        self.origin.is_some() && !self.preflight
    }

    /// Whether this is the preflight of that request.
    pub(super) fn is_preflight_of(&self, request: &Summary) -> bool {
        let of = |summary: &Summary| (summary.client, summary.forwarded);
        self.preflight
            && of(self) == of(request)
            && self.target == request.target
            && self.origin == request.origin
    }
}

/// The first two words of a request line, if it has them.
pub(super) fn method_and_target(line: &[u8]) -> (String, String) {
    let mut words = line.splitn(3, |&byte| byte == b' ').map(word);
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

/// What fits into a summary.
fn word(bytes: &[u8]) -> String {
    as_characters(&bytes[..bytes.len().min(MAX_WORD)])
}

/// `/a?b` of `http://localhost:8000/a?b`, if that is where the request went to.
fn without_own_origin<'a>(referer: &'a [u8], facts: &Facts<'_>) -> &'a [u8] {
    let host = facts.asked("host").unwrap_or_default();
    let scheme_ends = memchr::memmem::find(referer, b"://").map_or(0, |at| at + 3);
    let path_starts =
        memchr::memchr(b'/', &referer[scheme_ends..]).map_or(referer.len(), |at| scheme_ends + at);
    let (origin, path) = referer.split_at(path_starts);
    if origin::is_of_host(origin, host) && !path.is_empty() { path } else { referer }
}

/// All that is known of an exchange.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Its place among the exchanges of its connection, counted from 1.
    index: u32,
    /// Nothing of it was dropped to keep memory for others.
    captured: bool,
    request: String,
    /// The first bytes of its body, without the chunked coding.
    request_body: String,
    /// More of it came than that.
    request_body_cut: bool,
    response: String,
    body: String,
    steps: Vec<Step<'a>>,
    /// Which of the steps it turned on.
    deciding: Option<usize>,
}

#[derive(Serialize)]
struct Step<'a> {
    name: &'a str,
    text: &'a str,
    rfc: Option<String>,
    url: Option<String>,
    file: &'a str,
    line: u32,
    at: u64,
}

/// All that is known of an exchange, as JSON. What was captured may have been dropped.
pub(super) fn detail(
    summary: &Summary,
    deciding: Option<usize>,
    capture: Option<&Capture>,
    start: Since,
) -> String {
    let bytes = |of: fn(&Capture) -> &Vec<u8>| capture.map(|capture| as_characters(of(capture)));
    let steps = capture.iter().flat_map(|capture| &capture.decisions).map(|step| Step {
        name: step.name,
        text: &step.text,
        rfc: step.rule.map(|rule| rule.to_string()),
        url: step.rule.map(|rule| rule.url()),
        file: step.file,
        line: deciding::line(step.file, step.line),
        at: start.microseconds(step.at),
    });
    let kept = capture.map_or(0, |capture| capture.request_body.start.len() as u64);
    let detail = Detail {
        summary,
        index: summary.number,
        captured: capture.is_some_and(|capture| !capture.request_body.is_short),
        request: bytes(|capture| &capture.request).unwrap_or_default(),
        request_body: bytes(|capture| &capture.request_body.start).unwrap_or_default(),
        request_body_cut: summary.received > kept,
        response: bytes(|capture| &capture.response).unwrap_or_default(),
        body: bytes(|capture| &capture.body_start).unwrap_or_default(),
        steps: steps.collect(),
        deciding: deciding.filter(|_| capture.is_some()),
    };
    serde_json::to_string(&detail).expect("names, numbers and text")
}

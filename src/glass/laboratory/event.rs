//! What a page is told of a run: a line of JSON for each event. Bytes are characters of the same number (ISO 8859-1),
//! since JSON has no bytes; times are in milliseconds since the start of the run.

use crate::base::trace::Decision;
use crate::glass::deciding;
use crate::glass::sentence::{Facts, Sentence};
use serde::Serialize;

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event<'a> {
    /// The engine listens.
    Engine { port: u16, options: &'a [String], threads: usize },
    /// A client has a connection, from this port.
    Connected { client: usize, port: u16 },
    /// A client has none.
    Refused { client: usize, why: String },
    /// A client has sent so many bytes.
    Sent { client: usize, count: usize },
    /// These have come.
    Received { client: usize, bytes: String },
    /// A connection is over.
    Ended { client: usize, how: How },
    /// The engine has answered.
    Exchange(Box<Exchange>),
    /// A bound of the laboratory was met.
    Bound { text: String },
    /// The run is over.
    Over,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum How {
    /// The server has closed it.
    Closed,
    /// The server has reset it: what was under way is lost.
    Reset,
    /// It stays open. Nothing has come for a while, and the client has left.
    Quiet,
    /// The time for the run is over.
    Time,
    /// More has come than is shown.
    Full,
    /// The page has stopped the run.
    Stopped,
}

/// A request, its answer, and all decisions between the two.
#[derive(Debug, Serialize)]
pub(super) struct Exchange {
    client: Option<usize>,
    /// Its place on its connection, counted from 1.
    number: u32,
    status: u16,
    /// What happened and why.
    sentence: String,
    steps: Vec<Step>,
    /// Which of the steps it turned on.
    deciding: Option<usize>,
}

/// A decision.
#[derive(Debug, Serialize)]
struct Step {
    name: &'static str,
    outcome: &'static str,
    text: String,
    rfc: Option<String>,
    url: Option<String>,
    file: &'static str,
    line: u32,
    source: Option<Source>,
}

/// The lines of the source that decided.
#[derive(Debug, Serialize)]
struct Source {
    /// The numbers of the first and the last that are shown, and of the one with the condition.
    from: u32,
    to: u32,
    decides: u32,
    lines: Vec<String>,
}

impl Exchange {
    pub(super) fn new(client: Option<usize>, facts: &Facts<'_>, sentence: Sentence) -> Exchange {
        let exchange = facts.exchange();
        Exchange {
            client,
            number: exchange.number,
            status: exchange.status.code(),
            sentence: sentence.text,
            steps: facts.decisions().iter().map(Step::new).collect(),
            deciding: sentence.deciding,
        }
    }
}

impl Step {
    fn new(decision: &Decision) -> Step {
        let Decision { name, outcome, text, rule, file, line, .. } = decision;
        Step {
            name,
            outcome,
            text: text.clone(),
            rfc: rule.map(|rule| rule.to_string()),
            url: rule.map(|rule| rule.url()),
            file,
            line: *line,
            source: deciding::lines(file, *line).map(|(shown, lines)| Source {
                from: *shown.start(),
                to: *shown.end(),
                decides: *shown.start(),
                lines,
            }),
        }
    }
}

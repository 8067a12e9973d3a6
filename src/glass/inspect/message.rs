//! What pages are told as it happens: server-sent events.

use super::summary::Summary;
use crate::glass::events;
use crate::http::client::Client;
use serde::Serialize;
use std::sync::Arc;

/// What pages are told. The name of the variant is the name of the event.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Message<'a> {
    Hello { version: &'a str, workers: usize, now: u64, faults: &'a [String] },
    Open(Open),
    Close { connection: u64, at: u64 },
    Internal { connection: u64 },
    Progress(Progress),
    Turn(&'a Longest),
}

/// A connection that is open.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Open {
    pub(super) connection: u64,
    pub(super) worker: usize,
    pub(super) client: Client,
    pub(super) at: u64,
}

/// The longest turn of a connection: so long have all other connections of its worker waited.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Longest {
    pub(super) connection: u64,
    pub(super) worker: usize,
    /// How long it took, in microseconds.
    pub(super) took: u64,
    /// What was answered in it; empty if it was something else.
    pub(super) method: String,
    pub(super) target: String,
}

#[derive(Serialize)]
pub(super) struct Progress {
    pub(super) connection: u64,
    pub(super) number: u32,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) status: u16,
    pub(super) sent: u64,
    pub(super) length: u64,
    pub(super) began: u64,
    pub(super) at: u64,
}

impl Message<'_> {
    /// Renders it as an event: `event: open`, and its data as JSON in one line.
    pub(super) fn render(&self) -> Arc<str> {
        let value = serde_json::to_value(self).expect("names, numbers and text");
        let (name, data) =
            value.as_object().and_then(|object| object.iter().next()).expect("a single variant");
        events::render(name, &data.to_string())
    }
}

/// The event of an exchange that has ended. There are many of these, so this is the short way.
pub(super) fn ended(summary: &Summary) -> Arc<str> {
    events::render("exchange", &serde_json::to_string(summary).expect("names, numbers and text"))
}

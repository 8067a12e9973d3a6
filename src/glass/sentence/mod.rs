//! One sentence on an exchange: what happened and why, and what to do about it.
//!
//! ```text
//! 304: your copy has this tag, "18f-2a"
//! 405: uploads are off; `--upload` turns them on
//! Blocked by the browser: the page of http://localhost:5173 may not read this; start with `--cors=http://localhost:5173`
//! ```
//!
//! The sentences are a catalogue, in tables of [`Row`]s: the first row that fits says it. It fits if the decision that it
//! names was taken ([`crate::base::trace`]) and if its condition on the [`Facts`] is true. The decision that it names is
//! the one that the exchange turned on, and the inspector marks it in the list of all decisions. The sentence is the last
//! line of `--explain`, and the first thing that the inspector says.
//!
//! | rows | about |
//! |---|---|
//! | `browser.rs` | what a browser keeps from pages of other origins |
//! | `broken.rs` | answers that were not sent to their end |
//! | `success.rs` | 2xx: the whole though a part was asked for, the file though the client had it, and plain ones |
//! | `redirect.rs` | 3xx |
//! | `client.rs` | 4xx, of what the client sent |
//! | `server.rs` | 5xx, and the last row, which always fits |
//! | `slow.rs` | what took so long: this comes behind the sentence |

mod broken;
mod browser;
mod client;
mod copies;
mod facts;
mod redirect;
mod row;
mod server;
mod slow;
mod success;

pub use copies::Copies;
pub use facts::Facts;
pub use row::Row;

/// All rows, in the order in which they are tried.
pub const ROWS: &[&[Row]] =
    &[browser::ROWS, broken::ROWS, success::ROWS, redirect::ROWS, client::ROWS, server::ROWS];

/// The sentence on an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The name of its row.
    pub row: &'static str,
    /// The sentence. What a client sent is in it on one line, and harmless to a terminal.
    pub text: String,
    /// Which of the exchange's decisions it turned on.
    pub deciding: Option<usize>,
}

/// The sentence on the exchange with these facts.
pub fn of(facts: &Facts<'_>) -> Sentence {
    let mut rows = ROWS.iter().copied().flatten();
    let row = rows.find(|row| row.fits(facts)).unwrap_or(&server::ANYTHING);
    let deciding = row.deciding(facts);
    let value = deciding.and_then(|index| facts.decisions()[index].value.as_deref());
    let mut text = row.fill(facts, value);
    if let Some(row) = slow::ROWS.iter().find(|row| row.fits(facts)) {
        text.push_str(&row.fill(facts, None));
    }
    Sentence { row: row.name, text, deciding }
}

//! What a page asks for: an engine with options, and clients that send it bytes. Everything has a bound, and who goes
//! beyond one is told which.
//!
//! ```text
//! {"folder":"lab", "options":["--threads","1"], "seconds":15,
//!  "clients":[{"after":0, "pieces":[{"bytes":"GET / HTTP/1.1\r\n","wait":0}, ...], "end":false, "quiet":800}]}
//! ```

use serde::Deserialize;
use std::time::Duration;

/// The bounds: clients, pieces and bytes of one client, options, and how long all of it takes.
pub(super) const MAX_CLIENTS: usize = 8;
pub(super) const MAX_PIECES: usize = 4000;
pub(super) const MAX_BYTES: usize = 100_000;
pub(super) const MAX_SECONDS: u64 = 20;
const MAX_OPTIONS: usize = 20;
/// In milliseconds.
const MAX_WAIT: u64 = 5000;
const MAX_AFTER: u64 = 10_000;
const MAX_QUIET: u64 = 10_000;

/// A folder that an engine of the laboratory serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Folder {
    /// The one that the exchanges of the course are about.
    #[default]
    Lab,
    /// The course itself.
    Course,
}

/// A run.
#[derive(Debug, PartialEq)]
pub(super) struct Order {
    pub(super) folder: Folder,
    /// As on the command line.
    pub(super) options: Vec<String>,
    /// How long it may take.
    pub(super) time: Duration,
    pub(super) clients: Vec<Client>,
}

/// A client.
#[derive(Debug, PartialEq)]
pub(super) struct Client {
    /// When it connects, from the start of the run.
    pub(super) after: Duration,
    pub(super) pieces: Vec<Piece>,
    /// It says that it has sent everything, by closing its direction.
    pub(super) ends: bool,
    /// It leaves if nothing has come for so long after an answer began; `None`: it does not.
    pub(super) quiet: Option<Duration>,
}

/// What a client sends in one write.
#[derive(Debug, PartialEq)]
pub(super) struct Piece {
    /// How long it waits before.
    pub(super) wait: Duration,
    pub(super) bytes: Vec<u8>,
}

/// The same as it comes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrder {
    #[serde(default)]
    folder: Folder,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default = "most_seconds")]
    seconds: u64,
    clients: Vec<RawClient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClient {
    #[serde(default)]
    after: u64,
    pieces: Vec<RawPiece>,
    #[serde(default)]
    end: bool,
    #[serde(default)]
    quiet: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPiece {
    bytes: String,
    #[serde(default)]
    wait: u64,
}

fn most_seconds() -> u64 {
    MAX_SECONDS
}

impl Order {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, or the bound that it is beyond.
    pub(super) fn parse(json: &[u8]) -> Result<Order, String> {
        let raw: RawOrder = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        at_most(raw.options.len() as u64, MAX_OPTIONS as u64, "words of options")?;
        at_most(raw.seconds, MAX_SECONDS, "seconds")?;
        at_most(raw.clients.len() as u64, MAX_CLIENTS as u64, "clients")?;
        if raw.clients.is_empty() {
            return Err("there is no client".to_owned());
        }
        let clients = raw.clients.iter().map(Client::of).collect::<Result<_, _>>()?;
        let (folder, options) = (raw.folder, raw.options);
        Ok(Order { folder, options, time: Duration::from_secs(raw.seconds), clients })
    }
}

impl Client {
    fn of(raw: &RawClient) -> Result<Client, String> {
        at_most(raw.after, MAX_AFTER, "milliseconds before a client connects")?;
        at_most(raw.quiet, MAX_QUIET, "milliseconds of silence")?;
        at_most(raw.pieces.len() as u64, MAX_PIECES as u64, "pieces for one client")?;
        let pieces = raw.pieces.iter().map(Piece::of).collect::<Result<Vec<_>, _>>()?;
        let bytes: usize = pieces.iter().map(|piece| piece.bytes.len()).sum();
        at_most(bytes as u64, MAX_BYTES as u64, "bytes for one client")?;
        let quiet = (raw.quiet > 0).then(|| Duration::from_millis(raw.quiet));
        Ok(Client { after: Duration::from_millis(raw.after), pieces, ends: raw.end, quiet })
    }
}

impl Piece {
    fn of(raw: &RawPiece) -> Result<Piece, String> {
        at_most(raw.wait, MAX_WAIT, "milliseconds before a piece")?;
        let bytes = raw.bytes.chars().map(|letter| u8::try_from(u32::from(letter))).collect::<Result<_, _>>();
        let bytes = bytes
            .map_err(|_| "each letter of bytes stands for a byte, so none is beyond U+00FF".to_owned())?;
        Ok(Piece { wait: Duration::from_millis(raw.wait), bytes })
    }
}

fn at_most(count: u64, most: u64, what: &str) -> Result<(), String> {
    if count > most { Err(format!("it takes {most} {what} at most, and these are {count}")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_a_default() {
        let order = Order::parse(br#"{"clients":[{"pieces":[{"bytes":"a\u00ff"}]}]}"#).expect("well formed");
        let piece = Piece { wait: Duration::ZERO, bytes: vec![b'a', 0xff] };
        let client = Client { after: Duration::ZERO, pieces: vec![piece], ends: false, quiet: None };
        let time = Duration::from_secs(MAX_SECONDS);
        assert_eq!(order, Order { folder: Folder::Lab, options: vec![], time, clients: vec![client] });
    }

    #[test]
    fn whoever_goes_beyond_a_bound_is_told_which() {
        let clients =
            |count: usize| format!(r#"{{"clients":[{}]}}"#, [r#"{"pieces":[]}"#].repeat(count).join(","));
        let pieces = |count: usize| {
            format!(r#"{{"clients":[{{"pieces":[{}]}}]}}"#, [r#"{"bytes":""}"#].repeat(count).join(","))
        };
        let bytes =
            |count: usize| format!(r#"{{"clients":[{{"pieces":[{{"bytes":"{}"}}]}}]}}"#, "a".repeat(count));
        let one = |field: &str| format!(r#"{{"clients":[{{"pieces":[],{field}}}]}}"#);
        let table = [
            (clients(8), None),
            (clients(9), Some("8 clients")),
            (clients(0), Some("no client")),
            (pieces(4000), None),
            (pieces(4001), Some("4000 pieces")),
            (bytes(100_000), None),
            (bytes(100_001), Some("100000 bytes")),
            (one(r#""quiet":10000"#), None),
            (one(r#""quiet":10001"#), Some("10000 milliseconds of silence")),
            (one(r#""after":10001"#), Some("10000 milliseconds before")),
            (one(r#""after":-1"#), Some("-1")),
            (one(r#""port":22"#), Some("unknown field `port`")),
            (r#"{"seconds":21,"clients":[{"pieces":[]}]}"#.to_owned(), Some("20 seconds")),
            (r#"{"folder":"/etc","clients":[{"pieces":[]}]}"#.to_owned(), Some("/etc")),
            (r#"{"clients":[{"pieces":[{"bytes":"","wait":5001}]}]}"#.to_owned(), Some("5000 milliseconds")),
            (r#"{"clients":[{"pieces":[{"bytes":"窗"}]}]}"#.to_owned(), Some("U+00FF")),
            (String::new(), Some("EOF")),
            ("[".repeat(100_000), Some("")),
        ];
        for (json, expected) in table {
            let start: String = json.chars().take(60).collect();
            match (Order::parse(json.as_bytes()), expected) {
                (Ok(_), None) => {}
                (Err(why), Some(part)) => assert!(why.contains(part), "{start}: {why}"),
                (got, _) => panic!("{start}: {got:?}"),
            }
        }
    }
}

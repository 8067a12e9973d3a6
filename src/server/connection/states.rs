//! The state machine of a connection: its states, and the table of all transitions between them. What decides which
//! state comes next is in this file; the rest of the chapter moves bytes.
//!
//! A connection reads requests and writes responses, and so its state has two halves, [`Reading`] and [`Writing`]. Of
//! the twenty pairs that these make, eight can occur. Each leads to one step:
//!
//! ```text
//! reading  \  writing:   Responses      Stream     Last        Lingering
//!
//! Head                   receive_head   stream
//! Undecided              ask_again
//! Body                   receive_body
//! DiscardedBody          receive_body
//! Nothing                               stream     send_last   drain
//! ```
//!
//! And these are the ways through them:
//!
//! ```text
//!    accepted
//!       │
//!       ▼
//! ┌─▶ Head ─┬─ Postponed ─────▶ Undecided ─────┐   the application has no response yet; then on as from Head
//! │         ├─ BodyAccepted ──▶ Body ──────────┤   a Receiver takes the body of the request
//! │         ├─ BodyDiscarded ─▶ DiscardedBody ─┤   nobody takes it: it is read and discarded
//! │         └──────────────────────────────────┤   there is none
//! │                                            │
//! ├───────────────────────────── Answered ─────┤
//! └── StreamEnded ── Stream ◀─── Answered ─────┤   the body of the response is made while it is sent
//!                                              │
//!                                              │   from here on nothing is read as a request
//!     ┌── StreamEnded ── Stream ◀ AnsweredLast ┤
//!     │                                        │
//!     └──────▶ Last ◀── AnsweredLast ──────────┘   (or NoMoreRequests)
//!               │
//!            LastSent
//!               ▼
//!           Lingering ──▶ closed                   by the client, or because its time is up
//! ```
//!
//! Two rules keep this small. While a response waits to be sent, nothing is read: so the server does not read from a
//! client that does not read its responses, and TCP's flow control slows that client down. And a response that is given
//! before all of its request has been read is the last: nobody knows where the next request would begin (RFC 9112
//! section 9.6).
//!
//! The end needs care. If a socket is closed while bytes from the client are unread, the kernel sends a reset (RST),
//! and the client's kernel may throw our response away before the client has read it. So after such a response the
//! connection closes in stages, as the same section advises: it closes its sending half, and then *lingers*, which
//! means that it reads and discards what still comes, until the client has closed as well.

/// What the next bytes from the client are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The head of a request; its beginning may be here already.
    Head,
    /// Not asked for yet: a head is complete, and the application does not know yet what to answer.
    Undecided,
    /// The body of a request. A [`Receiver`](crate::answer::Receiver) takes it, and gives the response at its end.
    Body,
    /// The body of a request that nobody takes. The response is known, and is sent when the body has been read.
    DiscardedBody,
    /// Nothing that matters any more.
    Nothing,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Responses, in the order of their requests.
    Responses,
    /// The body of a response, which is made while it is sent.
    Stream,
    /// What is left of the last response.
    Last,
    /// Nothing any more.
    Lingering,
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) reading: Reading,
    pub(super) writing: Writing,
}

/// What changes the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The application was asked, and does not know its response yet.
    Postponed,
    /// The application was asked, and a receiver takes the body.
    BodyAccepted,
    /// The application was asked, and has given a response that does not depend on the body.
    BodyDiscarded,
    /// The response to a request is queued. The request was read to its end, and another may follow.
    Answered {
        /// The response's body is made while it is sent.
        by_stream: bool,
    },
    /// The response to a request is queued, and no other request can follow.
    AnsweredLast {
        /// The response's body is made while it is sent.
        by_stream: bool,
    },
    /// The stream that was being sent has come to its end.
    StreamEnded,
    /// No request is to be read any more: the server stops, or the client has broken the rules of TLS.
    NoMoreRequests,
    /// The last response is sent, and a reset could still destroy it.
    LastSent,
}

impl State {
    /// The state of a new connection.
    pub(super) const START: State = State { reading: Reading::Head, writing: Writing::Responses };

    /// The table of transitions, one a line: the state that follows this one after this change. What is not in the
    /// table cannot happen.
    #[expect(clippy::match_same_arms, reason = "each line is one transition")]
    pub(super) fn after(self, change: Change) -> Option<State> {
        use Change::{
            Answered, AnsweredLast, BodyAccepted, BodyDiscarded, LastSent, NoMoreRequests, Postponed,
            StreamEnded,
        };
        use Reading::{Body, DiscardedBody, Head, Nothing, Undecided};
        use Writing::{Last, Lingering, Responses, Stream};
        let (reading, writing) = match (self.reading, self.writing, change) {
            // A head is complete: what the application says decides about the body.
            (Head | Undecided, Responses, Postponed) => (Undecided, Responses),
            (Head | Undecided, Responses, BodyAccepted) => (Body, Responses),
            (Head | Undecided, Responses, BodyDiscarded) => (DiscardedBody, Responses),
            // The response is queued: after the head, at the end of the body, or before the end of either.
            (Head | Undecided | Body | DiscardedBody, Responses, Answered { by_stream }) => {
                (Head, if by_stream { Stream } else { Responses })
            }
            (Head | Undecided | Body | DiscardedBody, Responses, AnsweredLast { by_stream }) => {
                (Nothing, if by_stream { Stream } else { Last })
            }
            // What follows a stream waits for its end.
            (Head, Stream, StreamEnded) => (Head, Responses),
            (Nothing, Stream, StreamEnded) => (Nothing, Last),
            // The end of the connection.
            (Head | Undecided | Body | DiscardedBody, Responses, NoMoreRequests) => (Nothing, Last),
            (Nothing, Last, LastSent) => (Nothing, Lingering),
            (Nothing, Last | Lingering, NoMoreRequests) => (self.reading, self.writing),
            _ => return None,
        };
        Some(State { reading, writing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const CHANGES: [Change; 10] = [
        Change::Postponed,
        Change::BodyAccepted,
        Change::BodyDiscarded,
        Change::Answered { by_stream: false },
        Change::Answered { by_stream: true },
        Change::AnsweredLast { by_stream: false },
        Change::AnsweredLast { by_stream: true },
        Change::StreamEnded,
        Change::NoMoreRequests,
        Change::LastSent,
    ];

    /// All states that can follow this one, itself included.
    fn reachable(from: State) -> Vec<State> {
        let mut found = vec![from];
        let mut seen = HashSet::from([(from.reading as u8, from.writing as u8)]);
        let mut next = 0;
        while let Some(&state) = found.get(next) {
            next += 1;
            for state in CHANGES.iter().filter_map(|&change| state.after(change)) {
                if seen.insert((state.reading as u8, state.writing as u8)) {
                    found.push(state);
                }
            }
        }
        found
    }

    #[test]
    fn the_end_can_be_reached_from_every_state() {
        let all = reachable(State::START);
        assert_eq!(all.len(), 8, "{all:?}");
        let end = State { reading: Reading::Nothing, writing: Writing::Lingering };
        for state in all {
            assert!(reachable(state).contains(&end), "{state:?}");
        }
    }

    #[test]
    fn after_the_last_answer_no_request_is_read() {
        for state in reachable(State { reading: Reading::Nothing, writing: Writing::Stream }) {
            assert_eq!(state.reading, Reading::Nothing, "{state:?}");
        }
    }
}

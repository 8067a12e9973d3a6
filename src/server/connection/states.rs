//! The states of a connection, and all ways from one to another. What affects the state machine is in this file; the
//! rest of the chapter moves bytes.
//!
//! A connection does two things, and so it has two states: what it *reads* and what it *writes*.
//!
//! ```text
//!            accepted
//!               │
//!               ▼
//! reading:   ┌▶ Head ──▶ Undecided        the application does not know yet; it will wake us
//!            │   │  │        │
//!            │   │  └────────┼─▶ Body           somebody takes the request's body
//!            │   │           │    │
//!            │   └───────────┴────┼─▶ UnwantedBody   nobody does: it is read past
//!            │       │            │       │
//!            │       └─────┬──────┴───────┘
//!            │             ▼
//!            ├─── the request is answered ──▶ Nothing     it was the last: what else comes is read away
//!            │
//! writing:   Answers ──▶ Stream           the body of an answer is made while it is sent
//!                 ▲        │ │
//!                 └────────┘ ▼
//!                          Last           the last answer is on its way
//!                            │
//!                            ▼
//!                          Lingering      it is sent; the client closes, or its time is up
//! ```
//!
//! Two rules make this small. While an answer waits to be sent nothing is read: so a client that does not read its
//! answers is not read from either, and TCP slows it down. And after an answer that is given before all of its request
//! has come nothing is read as a request any more: nobody knows where the next one would begin (RFC 9112 section 9.6).
//!
//! How it ends needs care. If a socket is closed while bytes from the client are unread, the kernel sends a reset, and
//! the client may lose our answer before it reads it. So after an early answer the connection *lingers*: it tells the
//! client that no more will come, and reads on, away, until the client has closed, too.

/// What the next bytes from the client are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The head of a request; so far there is the beginning of one, or nothing.
    Head,
    /// A head is complete, and the application has said that it does not know yet what to answer.
    Undecided,
    /// The body of a request; somebody takes it, and has the answer in the end.
    Body,
    /// The body of a request that nobody takes. The answer is there, and goes out when the body has been read past.
    UnwantedBody,
    /// Nothing that matters.
    Nothing,
}

/// What goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Answers, in the order of their requests.
    Answers,
    /// The body of an answer, which is made while it is sent.
    Stream,
    /// What is left of the last answer.
    Last,
    /// Nothing any more.
    Lingering,
}

/// Both together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) reading: Reading,
    pub(super) writing: Writing,
}

/// What changes a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The application was asked, and does not know yet.
    Postponed,
    /// The application was asked: somebody takes the body.
    BodyIsTaken,
    /// The application has answered, and there is a body that nobody takes.
    BodyIsUnwanted,
    /// A request that was read to its end is answered, and another may follow.
    Answered {
        /// The answer's body is made while it is sent.
        by_stream: bool,
    },
    /// A request is answered, and none can follow.
    AnsweredLast {
        /// See above.
        by_stream: bool,
    },
    /// The stream has come to its end.
    StreamEnded,
    /// No request is to be read any more: the server stops, or the client broke the rules of TLS.
    NoMoreRequests,
    /// All of the last answer is sent, but for what a reset could destroy.
    LastIsSent,
}

impl State {
    /// At the beginning.
    pub(super) const START: State = State { reading: Reading::Head, writing: Writing::Answers };

    /// The table, one line a way: a state and a change give the next state; what is not in it cannot happen.
    #[expect(clippy::match_same_arms, reason = "each line is one way")]
    pub(super) fn after(self, change: Change) -> Option<State> {
        use Change::{
            Answered, AnsweredLast, BodyIsTaken, BodyIsUnwanted, LastIsSent, NoMoreRequests, Postponed,
            StreamEnded,
        };
        use Reading::{Body, Head, Nothing, Undecided, UnwantedBody};
        use Writing::{Answers, Last, Lingering, Stream};
        let (reading, writing) = match (self.reading, self.writing, change) {
            // A head is complete, and the application is asked.
            (Head | Undecided, Answers, Postponed) => (Undecided, Answers),
            (Head | Undecided, Answers, BodyIsTaken) => (Body, Answers),
            (Head | Undecided, Answers, BodyIsUnwanted) => (UnwantedBody, Answers),
            // The request is answered: after its head, or behind its body, or in place of the rest of either.
            (Head | Undecided | Body | UnwantedBody, Answers, Answered { by_stream }) => {
                (Head, if by_stream { Stream } else { Answers })
            }
            (Head | Undecided | Body | UnwantedBody, Answers, AnsweredLast { by_stream }) => {
                (Nothing, if by_stream { Stream } else { Last })
            }
            // A stream holds up what follows, and nothing follows the last answer.
            (Head, Stream, StreamEnded) => (Head, Answers),
            (Nothing, Stream, StreamEnded) => (Nothing, Last),
            // The end.
            (Head | Undecided | Body | UnwantedBody, Answers, NoMoreRequests) => (Nothing, Last),
            (Nothing, Last, LastIsSent) => (Nothing, Lingering),
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
        Change::BodyIsTaken,
        Change::BodyIsUnwanted,
        Change::Answered { by_stream: false },
        Change::Answered { by_stream: true },
        Change::AnsweredLast { by_stream: false },
        Change::AnsweredLast { by_stream: true },
        Change::StreamEnded,
        Change::NoMoreRequests,
        Change::LastIsSent,
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
    fn from_every_state_there_is_a_way_to_the_end() {
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

//! What took so long. This comes behind the sentence, whatever it says.

use super::facts::Facts;
use super::row::Row;
use crate::http::Status;
use std::time::Duration;

/// What is slow: so long that people notice that they wait.
const SLOW: Duration = Duration::from_secs(1);

pub(super) const ROWS: &[Row] = &[
    Row::without_step(
        "slow to arrive",
        |facts| is_most_of_it(facts, 0),
        "; slow: {waiting} of {total} went by until the request was whole",
    ),
    Row::without_step(
        "slow to decide",
        // Who waits for the rest of a request decides nothing meanwhile, and the sentence says it already.
        |facts| is_most_of_it(facts, 1) && facts.exchange().status != Status::REQUEST_TIMEOUT,
        "; slow: {deciding} of {total} to decide",
    ),
    Row::without_step(
        "slow to send",
        |facts| is_most_of_it(facts, 2) && facts.answered("content-type") != Some(b"text/event-stream"),
        "; slow: {sending} of {total} to send, as fast as the client took it: {rate}",
    ),
];

fn is_most_of_it(facts: &Facts<'_>, part: usize) -> bool {
    let times = facts.times();
    times.iter().sum::<Duration>() >= SLOW && times.iter().max() == Some(&times[part])
}

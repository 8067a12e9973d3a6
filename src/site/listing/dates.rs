//! When entries were last modified, as text.
//!
//! To say of a second which day it is takes longer than all else in a row, and what lies in a folder often comes from
//! few days. So the last day is kept.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

const SECONDS: i64 = 86_400;

/// All numbers of two digits.
const TWO_DIGITS: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839\
    40414243444546474849505152535455565758596061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899";

/// The text of days.
#[derive(Debug)]
pub(super) struct Dates {
    write: fn(Date) -> String,
    /// The last day, counted from 1970, and its text.
    last: Option<(i64, String)>,
}

impl Dates {
    /// Days as this function writes them.
    pub(super) fn new(write: fn(Date) -> String) -> Dates {
        Dates { write, last: None }
    }

    /// Days as a page for people has them: `2026-11-22 `.
    pub(super) fn for_people() -> Dates {
        Dates::new(|date| format!("{:04}-{:02}-{:02} ", date.year(), date.month(), date.day()))
    }

    /// The day of a time in seconds since 1970, and how many seconds of it had passed; `None` if the time is not known
    /// (0), or is in no calendar.
    pub(super) fn of(&mut self, time: i64) -> Option<(&str, i64)> {
        let day = time.div_euclid(SECONDS);
        if time == 0 {
            return None;
        }
        if self.last.as_ref().is_none_or(|(last, _)| *last != day) {
            let date = Offset::UTC.to_datetime(Timestamp::from_second(time).ok()?).date();
            self.last = Some((day, (self.write)(date)));
        }
        self.last.as_ref().map(|(_, text)| (text.as_str(), time.rem_euclid(SECONDS)))
    }
}

/// Appends `14:29`, or with the seconds `14:29:07`.
pub(super) fn push_clock(onto: &mut String, second_of_day: i64, with_seconds: bool) {
    push_two(onto, second_of_day / 3600);
    onto.push(':');
    push_two(onto, second_of_day / 60 % 60);
    if with_seconds {
        onto.push(':');
        push_two(onto, second_of_day % 60);
    }
}

/// Appends a number of two digits.
fn push_two(onto: &mut String, number: i64) {
    let at = usize::try_from(2 * number).unwrap_or(0);
    onto.push_str(TWO_DIGITS.get(at..at + 2).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar_whatever_came_before() {
        let mut dates = Dates::new(|date| date.to_string());
        let table = [
            (1, Some("1970-01-01T00:00:01")),
            (86_399, Some("1970-01-01T23:59:59")),
            (86_400, Some("1970-01-02T00:00:00")),
            (-1, Some("1969-12-31T23:59:59")),
            (0, None),
            (1_000_000_000, Some("2001-09-09T01:46:40")),
            (i64::MAX, None),
            (1_000_000_001, Some("2001-09-09T01:46:41")),
            (253_402_207_200, Some("9999-12-30T22:00:00")),
            (i64::MIN, None),
        ];
        for (time, expected) in table {
            let found = dates.of(time).map(|(day, second)| {
                let mut text = format!("{day}T");
                push_clock(&mut text, second, true);
                text
            });
            assert_eq!(found.as_deref(), expected, "{time}");
        }
    }
}

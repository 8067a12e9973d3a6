//! HTTP dates (RFC 9110 section 5.6.7): three ways to read one, one way to write it.
//!
//! ```
//! use glasshttp::http::date;
//! assert_eq!(&date::imf_fixdate(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
//! assert_eq!(date::parse(b"Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
//! assert_eq!(date::parse(b"Sun Nov  6 08:49:37 1994"), Some(784_111_777));
//! ```

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The length of the one format in which dates are written.
pub const LENGTH: usize = 29;

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The date, in seconds since 1970; `None` if it is in none of the three formats or before 1970. The name of the day
/// makes no difference: it follows from the date, and section 5.6.7 does not require that it is compared.
pub fn parse(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    let time = httpdate::parse_http_date(text).ok().or_else(|| parse_as_any_day(text))?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// The date, whatever day of the week it names. The crate refuses a wrong day, so the one of seven that it accepts is
/// right.
fn parse_as_any_day(text: &str) -> Option<SystemTime> {
    let name_ends = text.find(|letter: char| !letter.is_ascii_alphabetic())?;
    let (name, rest) = text.split_at(name_ends);
    let day = DAYS.iter().find(|day| **day == name || &day[..3] == name)?;
    let is_short = day.len() > name.len();
    DAYS.iter().find_map(|other| {
        let other = if is_short { &other[..3] } else { other };
        httpdate::parse_http_date(&format!("{other}{rest}")).ok()
    })
}

/// The date as `IMF-fixdate`, always in GMT. After the year 9999, which the format cannot hold, it
/// stays at that year's last second.
pub fn imf_fixdate(seconds: u64) -> [u8; LENGTH] {
    const LAST_SECOND_OF_9999: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND_OF_9999));
    let mut text = [b' '; LENGTH];
    write!(&mut text[..], "{}", httpdate::HttpDate::from(time)).expect("the format has 29 characters");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_date_is_none() {
        for value in [
            "",
            "yesterday",
            "Sun, 06 Nov 1994 08:49:37",
            "1994-11-06T08:49:37Z",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Mon, 31 Feb 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:60 GMT",
            "Mon, 06 Nov 1994 24:00:00 GMT",
            "Mon, 6 Nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 UTC",
            "Mon 06 Nov 1994 08:49:37 GMT",
            "Nov, 06 Nov 1994 08:49:37 GMT",
            "mon, 06 Nov 1994 08:49:37 GMT",
            ", 06 Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "Monday, 06 Nov 1994 08:49:37 GMT",
            "Mon, 06-Nov-94 08:49:37 GMT",
        ] {
            assert_eq!(parse(value.as_bytes()), None, "{value}");
        }
        assert_eq!(parse(b"\xff"), None);
    }

    #[test]
    fn the_name_of_the_day_makes_no_difference() {
        for day in DAYS {
            let short = &day[..3];
            for date in [
                format!("{short}, 06 Nov 1994 08:49:37 GMT"),
                format!("{day}, 06-Nov-94 08:49:37 GMT"),
                format!("{short} Nov  6 08:49:37 1994"),
            ] {
                assert_eq!(parse(date.as_bytes()), Some(784_111_777), "{date}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_written_date_is_read_back(seconds in 0u64..253_402_300_799) {
            prop_assert_eq!(parse(&imf_fixdate(seconds)), Some(seconds));
        }

        #[test]
        fn any_time_and_any_bytes_are_taken_without_panic(
            seconds: u64,
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let _ = imf_fixdate(seconds);
            let _ = parse(&bytes);
        }
    }
}

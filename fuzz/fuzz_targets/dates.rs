//! Any bytes either parse as a date or do not, without a panic, and a date that was written parses to the same time.

#![no_main]

use glasshttp::http::date::{imf_fixdate, parse};
use libfuzzer_sys::fuzz_target;

/// The last second of the year 9999, after which the format has no dates.
const LAST: u64 = 253_402_300_799;

fuzz_target!(|input: &[u8]| {
    if let Some(seconds) = parse(input) {
        check(seconds);
    }
    if let Some(bytes) = input.first_chunk() {
        let seconds = u64::from_le_bytes(*bytes);
        check(seconds);
        check(seconds % (LAST + 2));
    }
});

fn check(seconds: u64) {
    let written = imf_fixdate(seconds);
    assert_eq!(parse(&written), Some(seconds.min(LAST)));
    assert_eq!(String::from_utf8_lossy(&written), reference(seconds.min(LAST)));
}

/// The date in the format of RFC 9110 section 5.6.7, counted year by year and month by month.
fn reference(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [(&str, u64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let (days, rest) = (seconds / 86400, seconds % 86400);
    let is_leap =
        |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut months =
        MONTHS.iter().map(|&(name, days)| (name, days + u64::from(name == "Feb" && is_leap(year))));
    let month = months
        .find(|&(_, days)| {
            left < days || {
                left -= days;
                false
            }
        })
        .expect("a year has all days")
        .0;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let weekday = DAYS[(days % 7) as usize];
    format!("{weekday}, {:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT", left + 1)
}

//! Parsers of values that options of several groups take: numbers, sizes, times, names of files, and yes or no.
//!
//! ```text
//! number(1..=1024)("8")    Ok(8)
//! parse_size("500k")       Ok(500_000)
//! parse_seconds("0.5")     Ok(500 ms)
//! yes_or_no("off")         Ok(false)
//! ```
//!
//! Each error says what the value must be; clap puts the option's name before it.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Makes a parser of whole numbers within these bounds.
pub(crate) fn number<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display + Clone + Send + Sync,
{
    move |text: &str| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("it must be a number from {} to {}", range.start(), range.end()))
    }
}

/// Reads the name of a file, without a path to it.
pub(crate) fn parse_file_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('/') || text == "." || text == ".." {
        return Err("it must be the name of a file, without a folder".to_owned());
    }
    Ok(text.to_owned())
}

/// Reads what a variable says of an option that has no value on the command line.
pub(crate) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "y" | "t" | "on" => Ok(true),
        "0" | "false" | "no" | "n" | "f" | "off" => Ok(false),
        _ => Err("it must be yes or no".to_owned()),
    }
}

/// Reads a number of bytes: `5000`, `5k`, `100M` or `2G`, with or without a B at its end. The units are powers of 1000.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(['B', 'b']);
    let (number, unit) = match number.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&number[..at], 1_000),
        Some((at, 'm' | 'M')) => (&number[..at], 1_000_000),
        Some((at, 'g' | 'G')) => (&number[..at], 1_000_000_000),
        _ => (number, 1),
    };
    let size = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    size.ok_or_else(|| "it must be a size, such as 500k, 100M or 2G".to_owned())
}

/// Reads a time in seconds, which may have decimals.
pub(crate) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.001..=1e6).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "it must be a number of seconds above 0".to_owned())
}

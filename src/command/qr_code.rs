//! A URL as a QR code, drawn with half blocks: a phone's camera reads it off the terminal.
//!
//! ```text
//! render("http://192.168.1.5:8000/")
//!
//! █████████████████████████████████
//! █████████████████████████████████
//! ████ ▄▄▄▄▄ █ ▀█▄ ▄▄ ██ ▄▄▄▄▄ ████
//! ████ █   █ █▄▀ ▄▀ ▀▄██ █   █ ████    and so on
//! ```

use anstyle::{Ansi256Color, Color, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use std::fmt::Write;

/// White on black, whatever the colours of the terminal: these two are not part of its palette. The blocks draw the
/// light part, so that without colours the code is right on a dark terminal, and inverted on a light one, which most
/// cameras can read, too.
const COLOURS: Style = Style::new()
    .fg_color(Some(Color::Ansi256(Ansi256Color(231))))
    .bg_color(Some(Color::Ansi256(Ansi256Color(16))));

/// The lines of the code, with the light border of four modules that it needs; `None` if the text is too long for any
/// code.
pub fn render(text: &str) -> Option<String> {
    // The lowest level of error correction makes the smallest code, and a screen has neither dirt nor folds.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let drawn = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .quiet_zone(true)
        .build();
    let mut out = String::new();
    for line in drawn.lines() {
        let _ = writeln!(out, "{COLOURS}{line}{COLOURS:#}");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a camera would read of it.
    fn read(drawn: &str, inverted: bool) -> String {
        const MODULE: usize = 4;
        let rows: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let is_light = |x: usize, y: usize| {
            let block = rows[y / 2][x];
            let light = block == '█' || block == if y.is_multiple_of(2) { '▀' } else { '▄' };
            assert!(" █▀▄".contains(block), "{block:?}");
            light != inverted
        };
        let (width, height) = (rows[0].len() * MODULE, rows.len() * 2 * MODULE);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            if is_light(x / MODULE, y / MODULE) { 255 } else { 0 }
        });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "{drawn}");
        grids[0].decode().expect("it can be read").1
    }

    #[test]
    fn a_camera_reads_what_was_written() {
        let urls = [
            "http://localhost:8000/",
            "http://192.168.100.200:65535/",
            "http://[2001:db8:1234:5678:9abc:def0:1234:5678]:65535/",
        ];
        for url in urls {
            let code = anstream::adapter::strip_str(&render(url).expect("short enough")).to_string();
            assert_eq!(read(&code, false), url);
        }
    }

    #[test]
    fn it_is_white_on_black_on_any_terminal_with_its_border() {
        let code = render("http://localhost:8000/").expect("short enough");
        for line in code.lines() {
            let blocks = line.strip_prefix("\x1b[38;5;231m\x1b[48;5;16m").unwrap_or_default();
            // The last line is the upper half of one.
            assert!(["████", "▀▀▀▀"].iter().any(|border| blocks.starts_with(border)), "{line:?}");
            assert!(line.ends_with("\x1b[0m"), "{line:?}");
        }
        let plain = anstream::adapter::strip_str(&code).to_string();
        assert!(plain.lines().take(2).all(|line| line.chars().all(|block| block == '█')), "{plain}");
        // Small enough for any terminal.
        assert!(plain.lines().all(|line| line.chars().count() <= 40), "{plain}");
    }

    #[test]
    fn what_is_too_long_for_a_code_has_none() {
        assert_eq!(render(&"x".repeat(3000)), None);
    }
}

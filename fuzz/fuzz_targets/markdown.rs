//! Whatever a Markdown file holds, the HTML that is made of it is balanced, of known elements and attributes, leads where
//! links may lead, and is of a bounded length.

#![no_main]

#[path = "../../src/site/markdown/flaw.rs"]
mod flaw;

use glasshttp::site::markdown::{MAX_HTML, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let rendered = render(&text, 2);
    assert_eq!(flaw::flaw(&rendered.html), None, "{}", rendered.html);
    // One event at the end may be all of the text, each letter escaped.
    assert!(rendered.html.len() <= MAX_HTML + 6 * text.len() + 1000);
    assert_eq!(rendered, render(&text, 2));
});

//! The text format of Prometheus: its exposition format, version 0.0.4.
//!
//! ```text
//! # HELP glasshttp_requests_total Requests that were answered, by status and method.
//! # TYPE glasshttp_requests_total counter
//! glasshttp_requests_total{code="200",method="GET"} 17
//! ```
//!
//! The samples of one name, a *metric family*, follow its HELP and TYPE lines. See
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//!
//! Written here: it is a few lines, and the counters of `prometheus-client` are shared by all threads, which these are
//! not (see `counts.rs`).

use std::fmt::{Display, Write};

/// The Content-Type of the text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text, as far as it is written. Writing to a string cannot fail, so the results are ignored.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Begins a metric family: its help and its type.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Adds a sample.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            self.0.push_str(if index == 0 { "{" } else { "," });
            let _ = write!(self.0, "{label}=\"");
            for letter in text.chars() {
                match letter {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    _ => self.0.push(letter),
                }
            }
            self.0.push('"');
        }
        self.0.push_str(if labels.is_empty() { "" } else { "}" });
        let _ = writeln!(self.0, " {value}");
    }

    /// A metric family with one sample that has no labels.
    pub(super) fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// All of it.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_format_of_prometheus() {
        let mut text = Text::default();
        text.single("a_total", "counter", "So many.", 3);
        text.family("b", "gauge", "What there is.");
        text.sample("b", &[("c", "1\\2\"3\n4"), ("d", "ü")], 0.25);
        let expected = "# HELP a_total So many.\n# TYPE a_total counter\na_total 3\n\
                        # HELP b What there is.\n# TYPE b gauge\nb{c=\"1\\\\2\\\"3\\n4\",d=\"ü\"} 0.25\n";
        assert_eq!(text.into_bytes(), expected.as_bytes());
    }
}

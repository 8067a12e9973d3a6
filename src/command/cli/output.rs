//! "Output": what the program prints, and what it shows of its work.

use super::Machine;
use crate::command::values::yes_or_no;
use crate::glass::access_log::Format;
use crate::server::fault::Fault;
use clap::builder::PossibleValue;
use clap::{ColorChoice, ValueEnum};

/// The options below "Output".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// How to log each request; auto is readable on a terminal and common elsewhere
    #[arg(long, value_name = "FORMAT", default_value = "auto", env = "GLASSHTTP_LOG", hide_env = true)]
    log: LogFormat,

    /// Show each exchange in full instead of the log: its bytes, and every decision with its reason
    #[arg(long, env = "GLASSHTTP_EXPLAIN", value_parser = yes_or_no, hide_env = true,
          conflicts_with = "quiet")]
    pub explain: bool,

    /// Show what goes on in the server, live, at /.glass/, to browsers on this machine
    #[arg(long, env = "GLASSHTTP_INSPECT", value_parser = yes_or_no, hide_env = true)]
    pub inspect: bool,

    /// Answer /.glass/health and /.glass/metrics (Prometheus), to whoever may ask for files
    #[arg(long, env = "GLASSHTTP_METRICS", value_parser = yes_or_no, hide_env = true)]
    pub metrics: bool,

    /// Break a rule on purpose, to see what happens: slow=N (bytes a second), split, drop-after=N (bytes),
    /// no-length, wrong-length=+N or lf-only; repeatable, and only where this machine alone can see it
    #[arg(long = "fault", value_name = "FAULT", value_delimiter = ',', value_parser = str::parse::<Fault>,
          env = "GLASSHTTP_FAULT", hide_env = true)]
    pub(super) faults: Vec<Fault>,

    /// Show a QR code of the address, for the camera of a phone
    #[arg(long, env = "GLASSHTTP_QR", value_parser = yes_or_no, hide_env = true,
          conflicts_with = "quiet")]
    pub qr: bool,

    /// Open the browser, at PATH if one is given
    #[arg(short, long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "/",
          env = "GLASSHTTP_OPEN", hide_env = true)]
    pub open: Option<String>,

    /// Print nothing but errors [default: the address and the log]
    #[arg(short, long, env = "GLASSHTTP_QUIET", value_parser = yes_or_no, hide_env = true)]
    pub quiet: bool,

    /// Whether to print in colour
    #[arg(long, value_name = "WHEN", default_value = "auto", env = "GLASSHTTP_COLOR", hide_env = true)]
    pub color: ColorChoice,
}

/// A value of `--log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogFormat {
    Auto,
    Only(Format),
    Off,
}

impl OutputOptions {
    /// Whether the user asked for no log.
    pub(super) fn log_is_off(&self) -> bool {
        self.log == LogFormat::Off
    }

    /// The format of the log; `None` for no log.
    pub(super) fn log_format(&self, machine: &Machine, has_log_file: bool) -> Option<Format> {
        match self.log {
            // A log in a file prints nothing, so --quiet leaves it on.
            _ if self.quiet && !has_log_file => None,
            _ if self.explain => Some(Format::Explain),
            LogFormat::Auto if has_log_file => Some(Format::Common),
            LogFormat::Auto if machine.is_terminal => Some(Format::Pretty),
            LogFormat::Auto => Some(Format::Common),
            LogFormat::Only(format) => Some(format),
            LogFormat::Off => None,
        }
    }
}

impl ValueEnum for LogFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            LogFormat::Auto,
            LogFormat::Only(Format::Common),
            LogFormat::Only(Format::Combined),
            LogFormat::Only(Format::Json),
            LogFormat::Off,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            LogFormat::Auto => "auto",
            LogFormat::Only(Format::Common) => "common",
            LogFormat::Only(Format::Combined) => "combined",
            LogFormat::Only(Format::Json) => "json",
            LogFormat::Only(Format::Pretty | Format::Explain) => return None,
            LogFormat::Off => "off",
        }))
    }
}

//! "Limits": how much the server takes for itself, and how much time it gives its clients.

use super::Machine;
use crate::command::values::{number, parse_seconds};
use std::time::Duration;

/// The options below "Limits".
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitOptions {
    /// How many threads answer [default: one for each processor]
    #[arg(short, long, value_name = "N", value_parser = number(1..=1024_u16),
          env = "GLASSHTTP_THREADS", hide_env = true)]
    threads: Option<u16>,

    /// How many connections may be open [default: half of the files that may be open, at most 16384]
    #[arg(long, value_name = "N", value_parser = number(1..=u32::MAX),
          env = "GLASSHTTP_MAX_CONNECTIONS", hide_env = true)]
    max_connections: Option<u32>,

    /// How many megabytes of small files are kept in memory; 0 keeps none
    #[arg(
        long,
        value_name = "MB",
        default_value = "64",
        value_parser = number(0..=1_000_000_u32),
        env = "GLASSHTTP_CACHE_SIZE",
        hide_env = true
    )]
    cache_size: u32,

    /// How long a request may take to arrive, uploads apart
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds,
          env = "GLASSHTTP_HEAD_TIMEOUT", hide_env = true)]
    pub(super) head_timeout: Duration,

    /// How long a connection may stay open between requests
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds,
          env = "GLASSHTTP_IDLE_TIMEOUT", hide_env = true)]
    pub(super) idle_timeout: Duration,

    /// How long a client may take no more of an answer, or send no more of an upload
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds,
          env = "GLASSHTTP_SEND_TIMEOUT", hide_env = true)]
    pub(super) send_timeout: Duration,
}

impl LimitOptions {
    /// How many threads answer.
    pub(super) fn threads(&self, machine: &Machine) -> usize {
        self.threads.map_or(machine.processors, usize::from)
    }

    /// How many connections may be open. Each may also have a file open, so the default is half of what there is room
    /// for.
    pub(super) fn max_connections(&self, machine: &Machine) -> usize {
        match self.max_connections {
            Some(count) => count as usize,
            None => (machine.room_for_connections() / 2).clamp(1, 16384),
        }
    }

    /// How many bytes of small files are kept in memory.
    pub(super) fn cache_size(&self) -> usize {
        self.cache_size as usize * 1_000_000
    }
}

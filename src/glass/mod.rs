//! Looking in: what the server tells of itself, to people and to programs.
//!
//! - [`access_log`], [`explain`] and [`progress`] write to a terminal or a file;
//! - [`inspect`] (what goes on, live), [`reload`] (pages that reload when files change) and [`metrics`] (numbers for
//!   who watches over servers) answer requests below `/.glass/`, the first two by way of [`events`].

pub mod access_log;
pub mod events;
pub mod explain;
pub mod inspect;
pub mod metrics;
pub mod progress;
pub mod reload;

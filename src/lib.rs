//! An HTTP/1.1 file server with glass walls.
//!
//! It serves a folder, and it is written to be read: by hand, on `std::net` and threads, so that
//! somebody who knows Rust but has never seen a socket can follow a request from the wire to the
//! file and back.
//!
//! # The house
//!
//! Three storeys. A storey knows the ones below it and none above, so each can be read and tested
//! by itself:
//!
//! | storey | what it is | what it does not know |
//! |---|---|---|
//! | [`server`] | sockets, threads and time | how a folder becomes a site |
//! | [`site`] | a folder as a web site: a request in, a response out | sockets |
//! | [`http`] | the protocol: pure functions over bytes | sockets, files, clocks |
//!
//! Below all of them:
//!
//! - [`client`]: who is at the other end.
//! - [`trace`]: how each decision tells its reason to whoever asks.
//! - [`human`]: bytes and sizes as people read them; [`text_file`]: what they write.
//! - [`patterns`]: paths as people name many at once.
//! - [`sandbox`]: what the kernel lets us open at all.
//!
//! Beside them, and put together with them by `main.rs`:
//!
//! - what is asked for and printed: [`cli`] (options, and every default; `variables.rs`: the environment beside them;
//!   `habits.rs`: tips for who knows other servers), [`start_lines`], [`access_log`],
//!   [`explain`], `progress` (lines on a terminal for what takes long), [`qr_code`], `manual` (for shells and
//!   `man`), [`browser`] (of the user, for `--open`);
//! - pages of its own: [`inspect`] (what goes on, live), `reload` (pages that reload when files change),
//!   both by way of [`events`], and `metrics` (numbers for who watches over servers);
//! - for servers that run for longer: `certificate` (for https), [`check`] (whether one answers), [`log_file`], [`quit_after`],
//!   [`service_manager`], and `apart.rs`, `doors.rs` and `signals.rs` beside `main.rs`.
//!
//! # The way of a request
//!
//! ```text
//!   client          server storey               site storey             http storey
//!
//!   connect ──────▶ worker accepts
//!   bytes ────────▶ Connection reads ──────────────────────────────────▶ HeadScanner::find_end
//!                                                                        Request::parse
//!                                                                        Framing::of
//!                   Connection ─── Request ───▶ Site::respond ─────────▶ DecodedPath::decode
//!                                               Root::open               conditional::evaluate
//!                                               Representation ────────▶ range::evaluate
//!                   Transmission ◀── Response ──┘
//!                   Head::render ──────────────────────────────────────▶ (bytes)
//!   bytes ◀──────── Transport writes
//!                   (PUT, with --upload)
//!                   Connection ─── Request ───▶ Uploads::begin ────────▶ origin::is_own
//!   body ─────────▶ BodyReader ─── bytes ─────▶ Receiver::take, then Receiver::finish
//!
//!                   keep-alive: the connection waits again
//! ```
//!
//! # The order to read it in
//!
//! 1. [`http::refusal`] (one page; read each `trace::step(..)` as the comment that it is, and
//!    `Rfc(9112, "3")` as a footnote), then [`http::request`]: what a request looks like, and how it is
//!    found in a stream of bytes; then [`http::target`], [`http::fields`], [`http::response`].
//! 2. [`site`]: `Site::answer`, behind `Site::respond`, is one screen that reads like a list of
//!    questions; then [`site::root`] (how nothing outside the folder can be opened) and [`site::representation`]
//!    with [`http::conditional`] and [`http::range`].
//! 3. [`server::worker`]: an event loop; [`server::connection`]: the state machine of one client;
//!    [`server::transmit`]: how a response gets onto the wire.
//! 4. What is left, as you need it: [`http::framing`] and [`http::chunked`] (where a body ends, and
//!    why that matters so much), [`site::listing`], [`server::pool`], [`access_log`].
//! 5. How it shows its work: [`trace`], [`explain`], [`server::exchange`], and then [`inspect`], which
//!    is a small application of all the rest.
//!
//! Before all this, whoever has never opened a socket starts with `examples/`, nine programs from an
//! echo server to a small HTTP server, and the course in `www/guide/`.

#[cfg(not(unix))]
compile_error!("glasshttp needs a Unix: it opens files by their descriptors and serves names as bytes");

pub mod access_log;
pub mod browser;
pub mod budget;
#[cfg(feature = "tls")]
pub mod certificate;
pub mod check;
pub mod cli;
pub mod client;
pub mod events;
pub mod explain;
pub mod habits;
pub mod http;
pub mod human;
pub mod inspect;
pub mod log_file;
#[cfg(feature = "manual")]
pub mod manual;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod patterns;
#[cfg(feature = "progress")]
pub mod progress;
pub mod qr_code;
pub mod quit_after;
pub mod random;
#[cfg(feature = "reload")]
pub mod reload;
pub mod sandbox;
pub mod server;
pub mod service_manager;
pub mod site;
pub mod start_lines;
pub mod text_file;
pub mod trace;
mod variables;

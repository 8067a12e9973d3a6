//! An HTTP/1.1 file server with glass walls.
//!
//! It serves a folder, and it is written to be read: by hand, on `std::net` and threads, so that
//! somebody who knows Rust but has never seen a socket can follow a request from the wire to the
//! file and back.
//!
//! # The house
//!
//! Folders are chapters, and this is the table of contents. A chapter knows those below it in this list, and none
//! above; so each can be read and tested by itself:
//!
//! | chapter | what it is | what it does not know |
//! |---|---|---|
//! | [`command`] | the program around the server: options, start, signals, certificates | |
//! | [`glass`] | looking in: log, explanations, the inspector, the laboratory, live reload, metrics | options |
//! | [`server`] | sockets, threads and time | how a folder becomes a site |
//! | [`site`] | a folder as a web site: a request in, a response out | sockets |
//! | [`answer`] | what a site gives to a server: a response, a body | either of them |
//! | [`http`] | the protocol: pure functions over bytes | sockets, files, clocks |
//! | [`base`] | what all stand on: how decisions tell their reasons, how numbers and names are written | HTTP |
//!
//! # The way of a request
//!
//! ```text
//!   client          server                      application                 http
//!
//!   connect ──────▶ worker accepts
//!   bytes ────────▶ Connection reads ──────────────────────────────────▶ HeadScanner::find_end
//!                                                                        Request::parse
//!                                                                        Framing::of
//!                   Connection ─── Request ───▶ Application::begin
//!                                               login, then Glass, then
//!                                               Site::begin ───────────▶ DecodedPath::decode
//!                                               Root::open               conditional::evaluate
//!                                               Representation ────────▶ range::evaluate
//!                   Transmission ◀── Response ──┘
//!                   Head::render ──────────────────────────────────────▶ (bytes)
//!   bytes ◀──────── Transport writes
//!                   Observers::notice ────────▶ log, inspector, metrics
//!                   keep-alive: the connection waits again
//!
//!                   An upload: Application::begin gives a Receiver, which takes the body and has the response
//!   body ─────────▶ BodyReader ─── bytes ─────▶ Receiver::take, then Receiver::finish
//! ```
//!
//! # The order to read it in
//!
//! It follows the folders, from below:
//!
//! 1. [`base::trace`], a page: read each `trace::decision(..)` that you meet as the comment that it is, and
//!    `Rfc(9112, "3")` as a footnote.
//! 2. [`http`]: [`http::refusal`], then [`http::request`]: what a request looks like, and how it is found in a
//!    stream of bytes; then [`http::target`], [`http::fields`], [`http::response`].
//! 3. [`answer`], a page, and [`site`]: `Site::answer`, behind `Site::respond`, is one screen that reads like a list of
//!    questions; then [`site::root`] (how nothing outside the folder can be opened) and [`site::representation`]
//!    with [`http::conditional`] and [`http::range`].
//! 4. [`server`]: [`server::application`], the one question; [`server::worker`], an event loop, and `admission.rs`, how
//!    connections come into it; [`server::connection`], the state machine of one client, and in it `states.rs` first;
//!    [`server::transmit`], how a response gets onto the wire; then [`http::framing`] and [`http::chunked`] (where a
//!    body ends, and why that matters so much), [`server::pool`].
//! 5. [`glass`]: how it shows its work, of which [`glass::inspect`] is a small application of all the rest.
//! 6. [`command`], as you need it.
//!
//! Before all this, whoever has never opened a socket starts with `examples/`, nine programs from an
//! echo server to a small HTTP server, and the course in `www/guide/`.

pub mod answer;
pub mod base;
pub mod command;
pub mod glass;
pub mod http;
pub mod server;
pub mod site;

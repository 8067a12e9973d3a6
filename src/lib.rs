//! glasshttp

#[cfg(not(unix))]
compile_error!("glasshttp needs a Unix: it opens files by their descriptors and serves names as bytes");

pub mod access_log;
pub mod cli;
pub mod http;
pub mod human;
pub mod server;
pub mod site;
pub mod start_lines;

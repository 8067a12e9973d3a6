//! `https` in a build that leaves it out: the names of `enabled`, and nothing behind them.

use crate::base::helpers::Helpers;
use crate::command::private_files::ServedFolder;
use crate::server::tls::Acceptor;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

/// Whether this build can speak TLS.
pub const IS_BUILT_IN: bool = false;

/// No options.
#[derive(Debug, clap::Args)]
pub struct TlsOptions {}

impl TlsOptions {
    /// `None`: the server speaks plain http.
    pub fn source(self) -> Option<Source> {
        None
    }
}

/// Nothing that a certificate could come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {}

/// No certificate.
#[derive(Debug)]
pub enum Certificate {}

impl Certificate {
    /// Is never called, since there is no [`Source`].
    ///
    /// # Errors
    /// None.
    pub(crate) fn open(source: &Source, _: &ServedFolder) -> Result<Certificate, String> {
        match *source {}
    }

    /// Is never called, and so are those below.
    pub(crate) fn acceptor(&self, _: &Arc<Helpers>) -> Acceptor {
        match *self {}
    }

    /// See [`Certificate::acceptor`].
    pub(crate) fn is_from_files(&self) -> bool {
        match *self {}
    }

    /// See [`Certificate::acceptor`].
    ///
    /// # Errors
    /// None.
    pub(crate) fn reload(&self, _: &ServedFolder) -> Result<(), String> {
        match *self {}
    }
}

/// Fails.
///
/// # Errors
/// Always: that this build has no TLS.
pub fn connect(_: TcpStream, _: &str) -> io::Result<TcpStream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "https was left out of this build"))
}

//! A build without TLS.

use super::super::transport::Socket;

/// What accepts TLS on a socket. There is none.
#[derive(Debug, Clone)]
pub enum Acceptor {}

impl Acceptor {
    /// A socket on which TLS is spoken.
    pub(in crate::server) fn wrap(&self, _socket: Box<dyn Socket>) -> Box<dyn Socket> {
        match *self {}
    }
}

//! TLS in a build without it: there is nothing that could wrap a socket.

use super::super::transport::ClientSocket;

/// Wraps sockets in TLS. In this build there can be none.
#[derive(Debug, Clone)]
pub enum Acceptor {}

impl Acceptor {
    /// Never called.
    pub(in crate::server) fn wrap(&self, _socket: ClientSocket) -> ClientSocket {
        match *self {}
    }
}

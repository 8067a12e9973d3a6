//! Opening ports, and accepting connections.
//!
//! A server *binds* a socket to an address and a port (bind(2)) and *listens* on it (listen(2)). From then on the
//! kernel completes the TCP handshake with every client that connects, and keeps the connection in a queue, the
//! *backlog*, until the server *accepts* it (accept(2)).
//!
//! ```text
//! bind_all(&[127.0.0.1, ::1], 8000)    two listeners on the same port
//! bind_all(&[127.0.0.1, ::1], 0)       the same on a port that the system picks
//! ```

use super::shared::Accepted;
use super::transport::ClientSocket;
use crate::base::platform::failure::Failure;
use crate::base::platform::local::{LocalListener, PolledListener};
use crate::base::platform::socket::{let_port_be_used_again, watch_listener};
use crate::http::client::Client;
use mio::{Poll, Token};
use socket2::{Domain, Protocol, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How many connections may wait to be accepted. The kernel reduces this to its own limit (`net.core.somaxconn`, 4096
/// on Linux).
pub(super) const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// On a TCP port.
    Tcp(TcpListener),
    /// On a name in the file system: see [`super::unix_socket`].
    Unix(LocalListener),
}

impl Listener {
    /// Its address and port. A Unix socket has none.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Unix(_) => None,
        }
    }

    /// Another descriptor for the same socket, for an event loop.
    pub(super) fn share(&self) -> io::Result<WatchedListener> {
        match self {
            Listener::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Ok(WatchedListener::Tcp(mio::net::TcpListener::from_std(listener.try_clone()?)))
            }
            Listener::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Ok(WatchedListener::Unix(PolledListener::from_std(listener.try_clone()?)))
            }
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Listener {
        Listener::Tcp(listener)
    }
}

impl From<LocalListener> for Listener {
    fn from(listener: LocalListener) -> Listener {
        Listener::Unix(listener)
    }
}

/// A listener in an event loop. It is non-blocking.
#[derive(Debug)]
pub(super) enum WatchedListener {
    Tcp(mio::net::TcpListener),
    Unix(PolledListener),
}

impl WatchedListener {
    /// Registers it with a poll: an event reports that there are connections to accept.
    pub(super) fn watch(&mut self, poll: &Poll, token: Token) -> io::Result<()> {
        match self {
            WatchedListener::Tcp(listener) => watch_listener(poll, listener, token),
            WatchedListener::Unix(listener) => watch_listener(poll, listener, token),
        }
    }

    /// Accepts a connection, if one waits; `WouldBlock` if not.
    pub(super) fn accept(&self) -> io::Result<Accepted> {
        match self {
            WatchedListener::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                Ok(Accepted { socket: ClientSocket::Tcp(stream), client: address.ip().into(), by_port: true })
            }
            WatchedListener::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                let socket = ClientSocket::Other(Box::new(stream));
                Ok(Accepted { socket, client: Client::Unix, by_port: false })
            }
        }
    }
}

/// A port could not be opened.
#[derive(Debug)]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

/// Opens the same port on each address. It does not look first whether the port is free: another program could take it
/// between the look and the bind. The bind itself says so.
///
/// # Errors
/// When the port cannot be opened on one of the addresses. Then none is left open.
pub fn bind_all(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, BindError> {
    /// With port 0 the system picks one for the first address, and another program may have the same port on the
    /// second. Then it begins again.
    const ATTEMPTS: usize = 16;
    let mut attempt = 1;
    loop {
        match bind_each(addresses, port) {
            Err(failed) if port == 0 && is_taken(&failed.error) && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

/// Opens a port on both loopback addresses, so that `localhost` works, whichever of them a client tries first. On a
/// machine without IPv6, on 127.0.0.1 alone.
///
/// # Errors
/// As [`bind_all`].
pub fn bind_loopback(port: u16) -> Result<Vec<TcpListener>, BindError> {
    bind_both(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST, port)
}

/// Opens a port on all addresses of this machine. On a machine without IPv6, on its IPv4 addresses.
///
/// # Errors
/// As [`bind_all`].
pub fn bind_everywhere(port: u16) -> Result<Vec<TcpListener>, BindError> {
    bind_both(Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED, port)
}

fn bind_both(v4: Ipv4Addr, v6: Ipv6Addr, port: u16) -> Result<Vec<TcpListener>, BindError> {
    let (v4, v6) = (IpAddr::V4(v4), IpAddr::V6(v6));
    match bind_all(&[v4, v6], port) {
        Err(failed) if failed.address.ip() == v6 && is_not_there(&failed.error) => bind_all(&[v4], port),
        result => result,
    }
}

fn bind_each(addresses: &[IpAddr], mut port: u16) -> Result<Vec<TcpListener>, BindError> {
    // A socket on `::` accepts IPv4 clients, too (ipv6(7)), unless 0.0.0.0 has a socket of its own.
    let only_v6 = addresses.contains(&IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let mut bound = Vec::with_capacity(addresses.len());
    for &ip in addresses {
        let address = SocketAddr::new(ip, port);
        let socket = bind(address, only_v6).and_then(|socket| {
            port = socket.local_addr()?.as_socket().map_or(port, |address| address.port());
            Ok(socket)
        });
        bound.push((address, socket.map_err(|error| BindError { address, error })?));
    }
    // Listen only when all are bound: no client is to connect to a server that then does not start.
    let listen = |(address, socket): (SocketAddr, socket2::Socket)| match socket.listen(BACKLOG) {
        Ok(()) => Ok(socket.into()),
        Err(error) => Err(BindError { address, error }),
    };
    bound.into_iter().map(listen).collect()
}

fn bind(address: SocketAddr, only_v6: bool) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    let_port_be_used_again(&socket)?;
    // Accepted sockets inherit this: what is written leaves at once. (Nagle's algorithm would hold a small segment back
    // until the client has acknowledged the one before, which may take 40 ms.)
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Whether a port could not be opened because another socket has it (EADDRINUSE).
pub fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

/// Whether the machine does not have this address, or has no IPv6 at all.
fn is_not_there(error: &io::Error) -> bool {
    Failure::of(error) == Some(Failure::NoSuchAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    fn ports(listeners: &[TcpListener]) -> Vec<u16> {
        listeners.iter().map(|listener| listener.local_addr().expect("bound").port()).collect()
    }

    #[test]
    fn any_free_port_is_the_same_one_on_all_addresses() {
        let listeners = bind_loopback(0).expect("a free port");
        let ports = ports(&listeners);
        assert_ne!(ports[0], 0);
        assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
    }

    #[test]
    fn a_port_that_is_taken_on_one_address_fails_for_all() {
        let Ok(taken) = bind_all(&[V6], 0) else { return };
        let failed = bind_all(&[V4, V6], ports(&taken)[0]).expect_err("::1 is taken");
        assert!(is_taken(&failed.error), "{failed:?}");
        assert_eq!(failed.address.ip(), V6);
    }
}

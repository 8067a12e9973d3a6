//! Opening ports, and accepting who connects.
//!
//! A server *binds* a socket to an address and a port and *listens* on it: from then on the
//! kernel completes the TCP handshake with whoever connects and keeps the connection in a queue
//! (the backlog) until the server accepts it.
//!
//! ```text
//! bind_all(&[127.0.0.1, ::1], 8000)    two listeners on the same port
//! bind_all(&[127.0.0.1, ::1], 0)       the same on a port that the system picks
//! ```

use super::shared::Accepted;
use crate::base::platform::failure::Failure;
use crate::base::platform::local::{LocalListener, PolledListener};
use crate::base::platform::socket::watch_listener;
use crate::http::client::Client;
use mio::{Poll, Token};
use socket2::{Domain, Protocol, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How many connections the kernel may keep for us before we accept them. It cuts this down to
/// its own limit (`net.core.somaxconn`, 4096 on Linux).
pub(super) const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// On a port.
    Tcp(TcpListener),
    /// By a name in the file system: see [`super::unix_socket`].
    Unix(LocalListener),
}

impl Listener {
    /// The address and port; a Unix socket has none.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Unix(_) => None,
        }
    }

    /// Another handle for the same socket, for an event loop.
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

/// A listener in an event loop. It never waits.
#[derive(Debug)]
pub(super) enum WatchedListener {
    Tcp(mio::net::TcpListener),
    Unix(PolledListener),
}

impl WatchedListener {
    /// Lets this event loop know of connections to accept.
    pub(super) fn watch(&mut self, poll: &Poll, token: Token) -> io::Result<()> {
        match self {
            WatchedListener::Tcp(listener) => watch_listener(poll, listener, token),
            WatchedListener::Unix(listener) => watch_listener(poll, listener, token),
        }
    }

    /// Takes a connection, if there is one; `WouldBlock` if not.
    pub(super) fn accept(&self) -> io::Result<Accepted> {
        match self {
            WatchedListener::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                Ok(Accepted { socket: Box::new(stream), client: address.ip().into(), by_port: true })
            }
            WatchedListener::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                Ok(Accepted { socket: Box::new(stream), client: Client::Unix, by_port: false })
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

/// Opens the same port on each address. There is no looking first whether it is free: between the
/// look and the bind somebody else could take it. Either the bind succeeds, or that is the answer.
///
/// # Errors
/// When one of them cannot be opened; none is left open then.
pub fn bind_all(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, BindError> {
    /// With port 0 the system picks one for the first address, and somebody may have it on the
    /// second. Then all start again.
    const ATTEMPTS: usize = 16;
    let mut attempt = 1;
    loop {
        match bind_each(addresses, port) {
            Err(failed) if port == 0 && is_taken(&failed.error) && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

/// Opens a port on both loopback addresses, so that `localhost` works whichever of them a client
/// tries first. Without IPv6 on the machine, 127.0.0.1 alone.
///
/// # Errors
/// As [`bind_all`].
pub fn bind_loopback(port: u16) -> Result<Vec<TcpListener>, BindError> {
    bind_both(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST, port)
}

/// Opens a port on all addresses of this machine; without IPv6, on those of IPv4.
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
    // `::` takes IPv4 clients, too, unless 0.0.0.0 is asked for by itself.
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
    // Only when all are had does the first listen: nobody shall connect to a server that will not be.
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
    // Connections of a server that just ended stay around for a minute (TIME_WAIT). They shall not
    // keep the next one from its port. On Unix this does not allow two servers on one port.
    socket.set_reuse_address(true)?;
    // Accepted connections inherit it: what we write is to leave at once. (Nagle's algorithm would
    // hold a small segment back until the client acknowledges the one before, some 40 ms.)
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Whether a port could not be opened because somebody has it.
pub fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

/// Whether the machine does not have that address, or no IPv6 at all.
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

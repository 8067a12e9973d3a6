//! What the kernel can do with a connection beside reading and writing.

use mio::event::Source;
use mio::{Poll, Token};
use std::fs::File;
use std::io::{self, Write};

/// An open socket, whoever opened it.
#[cfg(unix)]
pub trait SocketHandle: std::os::fd::AsFd {}

#[cfg(unix)]
impl<T: std::os::fd::AsFd> SocketHandle for T {}

/// An open socket, whoever opened it.
#[cfg(windows)]
pub trait SocketHandle {}

#[cfg(windows)]
impl<T> SocketHandle for T {}

/// Lets a port be opened although connections of a server that has just ended stay in TIME_WAIT for a minute. It does
/// not allow two servers on one port.
///
/// # Errors
/// When the system does not let us.
#[cfg(unix)]
pub fn let_port_be_used_again(socket: &socket2::Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// There it would let any program take a port that another has; and it needs no leave for TIME_WAIT.
#[cfg(windows)]
#[allow(clippy::unnecessary_wraps)]
pub fn let_port_be_used_again(_socket: &socket2::Socket) -> io::Result<()> {
    Ok(())
}

/// Writes some of these bytes, of which others follow at once, so that the kernel can put both into one segment.
///
/// # Errors
/// As `write`.
#[cfg(target_os = "linux")]
pub fn write_with_more_to_come(to: &mut (impl Write + SocketHandle), bytes: &[u8]) -> io::Result<usize> {
    use rustix::net::{SendFlags, send};
    Ok(send(to, bytes, SendFlags::MORE | SendFlags::NOSIGNAL)?)
}

/// The same where the kernel is not told.
#[cfg(not(target_os = "linux"))]
pub fn write_with_more_to_come(to: &mut (impl Write + SocketHandle), bytes: &[u8]) -> io::Result<usize> {
    to.write(bytes)
}

/// Sends some of `count` bytes of a file from `offset`: the kernel moves them from its page cache to the socket, and
/// they never come here. `None` if it cannot do that with this file, which then has to be read and written.
///
/// # Errors
/// As `write`, and when the disk fails.
#[cfg(target_os = "linux")]
pub fn send_file(
    to: &mut impl SocketHandle,
    file: &File,
    offset: u64,
    count: usize,
) -> io::Result<Option<usize>> {
    use rustix::io::Errno;
    match rustix::fs::sendfile(to, file, Some(&mut { offset }), count) {
        // Some file systems cannot do that.
        Err(Errno::INVAL | Errno::NOSYS) => Ok(None),
        result => Ok(Some(result?)),
    }
}

/// It never can: other systems have a `sendfile`, too, but each its own, and nobody has asked for one of them.
#[cfg(not(target_os = "linux"))]
pub fn send_file(
    _to: &mut impl SocketHandle,
    _file: &File,
    _offset: u64,
    _count: usize,
) -> io::Result<Option<usize>> {
    Ok(None)
}

/// After a read that took all that there was: has an event report what comes next. epoll and kqueue report each arrival
/// anyway.
#[cfg(unix)]
pub fn watch_on<T>(_stream: &T) {}

/// mio asks Windows (AFD) for one event, and for the next when a call had to wait; so it is told that one had to.
#[cfg(windows)]
pub fn watch_on(stream: &impl Watched) {
    let _ = stream.had_to_wait();
}

/// A connection in an event loop.
#[cfg(windows)]
pub trait Watched {
    /// Tells the loop that a call would have had to wait.
    ///
    /// # Errors
    /// `WouldBlock`.
    fn had_to_wait(&self) -> io::Result<()>;
}

#[cfg(windows)]
impl Watched for mio::net::TcpStream {
    fn had_to_wait(&self) -> io::Result<()> {
        self.try_io(|| Err(io::ErrorKind::WouldBlock.into()))
    }
}

/// Lets an event loop know of connections to accept. All workers watch the same sockets, but one of them is enough: the
/// kernel is asked to wake a single worker, one that sleeps, for each connection.
///
/// # Errors
/// When the system watches no more sockets for this process.
#[cfg(target_os = "linux")]
pub fn watch_listener(
    poll: &Poll,
    listener: &mut (impl Source + SocketHandle),
    token: Token,
) -> io::Result<()> {
    use rustix::event::epoll::{EventData, EventFlags, add};
    // As mio would register it, but for EXCLUSIVE, which it does not know.
    let flags = EventFlags::IN | EventFlags::ET | EventFlags::EXCLUSIVE;
    Ok(add(poll.registry(), &*listener, EventData::new_u64(token.0 as u64), flags)?)
}

/// The same where all workers are woken, and all but one find nothing.
#[cfg(not(target_os = "linux"))]
pub fn watch_listener(
    poll: &Poll,
    listener: &mut (impl Source + SocketHandle),
    token: Token,
) -> io::Result<()> {
    poll.registry().register(listener, token, mio::Interest::READABLE)
}

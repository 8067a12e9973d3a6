//! The command: what it prints, how it starts and stops, and that each option does what it says.

mod help;
mod limits;
mod listen;
mod log;
mod served;
mod share;
mod start;
mod stop;
#[cfg(unix)]
mod terminal;
mod variables;

use crate::support::{Client, LARGE, Server, V4, folder};
use std::net::{SocketAddr, TcpListener};
use std::sync::OnceLock;
use tempfile::TempDir;

/// `index.html` with the content `start`, and `a.txt` with the content `aaaaa`.
fn small_site() -> TempDir {
    folder(&[("index.html", "start"), ("a.txt", "aaaaa")])
}

/// Sees to it that 127.0.0.1:8000 is taken as long as this process runs; `None` if somebody else
/// has it, who may leave at any time.
fn hold_default_port() -> Option<&'static TcpListener> {
    static HOLDER: OnceLock<Option<TcpListener>> = OnceLock::new();
    HOLDER.get_or_init(|| TcpListener::bind((V4, 8000)).ok()).as_ref()
}

/// How much of a download the client below takes. A server that gives all connections their turns
/// has then been through more than one for this one, and knows that it is busy.
const BEGINNING: u64 = LARGE / 16;

/// A connection that the server is sending to, and that takes no more than the beginning.
fn start_download(server: &Server) -> Client {
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().status, 200);
    client.bytes(usize::try_from(BEGINNING).expect("it fits"));
    client
}

fn connect(ip: std::net::IpAddr, port: u16) -> std::io::Result<Client> {
    Client::connect(SocketAddr::new(ip, port))
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
        .expect("the mode is set");
}

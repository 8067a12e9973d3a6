//! Proxies in front of the server, each with the configuration that docs/operations.md shows for it; nginx also bare.

use crate::support::{Client, PATIENCE, Process, V4, glasshttp, wait_until};
use socket2::{Domain, SockAddr, Socket, Type};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proxy {
    Nginx,
    /// nginx with a `proxy_pass` and nothing else, as most people begin.
    BareNginx,
    Haproxy,
    Caddy,
}

/// How the proxy reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Tcp,
    UnixSocket,
}

/// Both.
pub(crate) const WAYS: [Way; 2] = [Way::Tcp, Way::UnixSocket];

/// A server, and a proxy in front of it, which passes on `/files/` and nothing else.
pub(crate) struct Behind {
    /// The server.
    pub(crate) server: Process,
    _proxy: Process,
    /// Where the proxy listens.
    address: SocketAddr,
    /// What the proxy needs.
    _folder: TempDir,
}

impl Behind {
    /// Starts both and waits until clients can connect.
    pub(crate) fn start(proxy: Proxy, way: Way, site: &Path, options: &[&str]) -> Behind {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("s");
        let bind = match way {
            Way::Tcp => "127.0.0.1".to_owned(),
            Way::UnixSocket => format!("unix:{}", socket.display()),
        };
        let mut command = glasshttp();
        command.args(["--port", "0", "--base-path", "/files", "--bind", &bind]).args(options).arg(site);
        let server = Process::start(&mut command);
        let line = server.stdout.line("the start line", |line| line.starts_with("Listening on "));
        let upstream = match (way, proxy) {
            (Way::Tcp, _) => line.split('/').nth(2).expect("an address").to_owned(),
            (Way::UnixSocket, Proxy::Nginx | Proxy::BareNginx) => bind,
            (Way::UnixSocket, Proxy::Haproxy) => format!("unix@{}", socket.display()),
            (Way::UnixSocket, Proxy::Caddy) => format!("unix/{}", socket.display()),
        };
        let (proxy, address) = proxy.start(folder.path(), &upstream);
        Behind { server, _proxy: proxy, address, _folder: folder }
    }

    /// A new connection to the proxy.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address).expect("the proxy accepts connections")
    }

    /// A connection from another address of this machine.
    pub(crate) fn connect_from(&self, own: [u8; 4]) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SockAddr::from(SocketAddr::from((own, 0)))).expect("an address of this machine");
        socket.connect_timeout(&self.address.into(), PATIENCE).expect("the proxy accepts connections");
        Client::over(TcpStream::from(socket)).expect("a socket")
    }
}

impl Proxy {
    /// Starts it on a free port.
    fn start(self, folder: &Path, upstream: &str) -> (Process, SocketAddr) {
        let file = folder.join("config");
        for _ in 0..10 {
            let free = TcpListener::bind((V4, 0)).and_then(|listener| listener.local_addr());
            let free = free.expect("a free port");
            std::fs::write(&file, self.configuration(folder, upstream, free)).expect("written");
            let mut proxy = Process::start(&mut self.command(folder, &file));
            // Somebody else may have taken it in the meantime: then the proxy ends, and another is tried.
            let has_port = wait_until("the proxy", || {
                let said = proxy.stderr.so_far().join("\n").to_lowercase();
                let is_taken = said.contains("address already in use") || said.contains("cannot bind");
                (is_taken || TcpStream::connect(free).is_ok()).then_some(!is_taken)
            });
            if has_port {
                return (proxy, free);
            }
            proxy.wait();
        }
        panic!("{self:?} gets no port");
    }

    fn command(self, folder: &Path, file: &Path) -> Command {
        let mut command = Command::new(match self {
            Proxy::Nginx | Proxy::BareNginx => "nginx",
            Proxy::Haproxy => "haproxy",
            Proxy::Caddy => "caddy",
        });
        match self {
            Proxy::Nginx | Proxy::BareNginx => {
                command.arg("-p").arg(folder).arg("-c").arg(file).args(["-e", "stderr"])
            }
            Proxy::Haproxy => command.arg("-db").arg("-f").arg(file),
            Proxy::Caddy => {
                // It keeps its certificates and its last configuration in the home of its user.
                command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
                command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file)
            }
        };
        command
    }

    /// That of docs/operations.md, with these addresses, and what it takes to run it in a folder.
    fn configuration(self, folder: &Path, upstream: &str, address: SocketAddr) -> String {
        let shown = folder.display();
        if self == Proxy::BareNginx {
            let location = format!("location /files {{ proxy_pass http://{upstream}; }}");
            return nginx(&shown, &format!("server {{ listen {address}; {location} }}"));
        }
        let (language, own_address, here) = match self {
            Proxy::Nginx | Proxy::BareNginx => ("nginx", "listen 80;", format!("listen {address};")),
            Proxy::Haproxy => ("haproxy", "bind :80", format!("bind {address}")),
            Proxy::Caddy => (
                "caddyfile",
                "files.example {",
                format!("http://:{} {{\n    bind {}", address.port(), address.ip()),
            ),
        };
        let [block, other] =
            [include_str!("../../../docs/operations.md"), include_str!("../../../docs/operations.zh.md")]
                .map(|document| {
                    let starts = document.split(&format!("```{language}\n")).nth(1).expect("a block of it");
                    starts.split("```").next().expect("its end")
                });
        assert_eq!(block, other, "both languages show the same");
        assert!(block.contains(own_address) && block.contains("127.0.0.1:8000"), "{block}");
        let block = block.replace(own_address, &here).replace("127.0.0.1:8000", upstream);
        match self {
            // Below one more path it hands a request's body on as it comes.
            Proxy::Nginx | Proxy::BareNginx => nginx(
                &shown,
                &block.replace(
                    "location /files {",
                    "location /files/direct/ { proxy_pass http://glasshttp; proxy_request_buffering off; }
                    location /files {",
                ),
            ),
            Proxy::Haproxy => block,
            Proxy::Caddy => format!("{{\n    admin off\n}}\n{block}"),
        }
    }
}

/// A configuration of nginx with these servers, and what it takes to run it in a folder.
fn nginx(folder: &std::path::Display<'_>, servers: &str) -> String {
    format!(
        "daemon off; master_process off; pid {folder}/pid; error_log stderr;
        events {{ worker_connections 64; }}
        http {{
            access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
            {servers}
        }}"
    )
}

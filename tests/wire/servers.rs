//! What is served, and by whom.

use crate::play::PATIENCE;
use glasshttp::answer::{Arrival, Response};
use glasshttp::http::{Refusal, Request};
use glasshttp::server::{self, Application, Begun, Server, Stopper};
use glasshttp::site::{self, Hosts, Root, Site};
use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, UNIX_EPOCH};

/// The folder that is served. Every file in it was last changed on Sun, 06 Nov 1994 08:49:37 GMT.
///
/// Beside these there are
/// - `numbers.txt`: 1000 bytes in lines of five, each of which says where it begins: `0000`, `0005`,
///   `0010` and so on up to `0995`;
/// - `link-inside.txt`, which leads to `hello.txt`, and `link-outside.txt`, which leads to a file
///   beside the folder;
/// - `fifo`: a named pipe, into which nobody writes.
const FILES: &[(&str, &str)] = &[
    ("index.html", "<!doctype html>\n<title>Home</title>\n"),
    ("hello.txt", "Hello, world!\n"),
    ("empty.txt", ""),
    ("style.css", "p { margin: 0 }\n"),
    ("script.js", "let x = 1;\n"),
    ("data.unheard-of", "?\n"),
    ("two words.txt", "two words\n"),
    ("%41.txt", "percent\n"),
    ("100%.txt", "all of it\n"),
    ("back\\slash.txt", "a letter\n"),
    ("sub/index.html", "<!doctype html>\n<title>Sub</title>\n"),
    ("list/a.txt", "one\n"),
    ("list/b.txt", "three\n"),
    ("coded/page.js", "let page = 1;\n"),
    ("coded/page.js.br", "(br)\n"),
    ("coded/page.js.gz", "(gzip)\n"),
    (".hidden", "hidden\n"),
    (".well-known/ok.txt", "ok\n"),
];
const LAST_MODIFIED: Duration = Duration::from_secs(784_111_777);

/// How a folder is served, by the name that a transcript uses.
pub(crate) const SITES: &[(&str, fn(&mut site::Options))] = &[
    // As on the command line without options.
    ("usual", |_| {}),
    // The folder has a page `404.html` of its own: "<!doctype html>\n<title>Lost</title>\n".
    ("own-404", |_| {}),
    // --no-listing
    ("no-listing", |options| options.listing = false),
    // Reachable from other machines, and so under names that it cannot know.
    ("any-host", |options| options.hosts = Hosts::Any),
    // --precompressed
    ("precompressed", |options| options.codings.precompressed = true),
    // --compress
    #[cfg(feature = "compress")]
    ("compress", |options| options.codings.compress = true),
];

/// One server for each of [`SITES`].
pub(crate) struct Servers {
    running: Vec<Running>,
    _folders: tempfile::TempDir,
}

struct Running {
    address: SocketAddr,
    stopper: Stopper,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Servers {
    pub(crate) fn start() -> Servers {
        let folders = tempfile::tempdir().expect("there is room for a folder");
        fs::write(folders.path().join("secret.txt"), "secret\n").expect("it can be written");
        for (name, _) in SITES {
            fill(&folders.path().join(name), *name == "own-404").expect("a folder can be filled");
        }
        // Until a file is so old that another change would show, its tag is weak.
        thread::sleep(Duration::from_millis(105));
        let running = SITES.iter().map(|(name, change)| {
            let mut options = site::Options {
                index: vec!["index.html".to_owned()],
                listing: true,
                hidden: false,
                cache_control: "no-cache".into(),
                cache_size: 1_000_000,
                hosts: Hosts::LoopbackAnd(Vec::new()),
                ..glasshttp::site::Options::default()
            };
            change(&mut options);
            let root = Root::open_path(&folders.path().join(name), false).expect("the folder is there");
            Running::start(Site::new(root, options)).expect("a server starts")
        });
        Servers { running: running.collect(), _folders: folders }
    }

    pub(crate) fn address(&self, site: &str) -> SocketAddr {
        let index = SITES.iter().position(|(name, _)| *name == site).expect("it is one of them");
        self.running[index].address
    }
}

/// A site, and nothing of the server's own.
struct SiteAlone(Arc<Site>);

impl Application for SiteAlone {
    fn begin(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Begun {
        self.0.begin(request, arrival).into()
    }

    fn refuse(&self, request: Option<&Request<'_>>, refusal: &Refusal) -> Response {
        self.0.refuse_for_server(request, refusal)
    }
}

impl Running {
    fn start(site: Site) -> io::Result<Running> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let options = server::Options {
            threads: 2,
            max_connections: 100,
            head_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(60),
            stop_timeout: PATIENCE,
            ..server::Options::default()
        };
        let server = Server::new(vec![listener.into()], options)?;
        let stopper = server.stopper();
        let thread = thread::spawn(move || server.run(&SiteAlone(Arc::new(site)), &Vec::new));
        Ok(Running { address, stopper, thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        let result = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(result, Some(Ok(Ok(())))), "the server did not end well: {result:?}");
        }
    }
}

/// Makes the folder of [`FILES`].
fn fill(folder: &Path, with_page: bool) -> io::Result<()> {
    let numbers = (0..1000).step_by(5).map(|at| format!("{at:04}\n")).collect::<Vec<_>>().concat();
    let page = with_page.then_some(("404.html", "<!doctype html>\n<title>Lost</title>\n"));
    for (name, content) in FILES.iter().copied().chain([("numbers.txt", &*numbers)]).chain(page) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder"))?;
        fs::write(&path, content)?;
        File::options().write(true).open(&path)?.set_modified(UNIX_EPOCH + LAST_MODIFIED)?;
    }
    symlink("hello.txt", folder.join("link-inside.txt"))?;
    symlink("../secret.txt", folder.join("link-outside.txt"))?;
    let made = Command::new("mkfifo").arg(folder.join("fifo")).status()?;
    if made.success() { Ok(()) } else { Err(io::Error::other("mkfifo failed")) }
}

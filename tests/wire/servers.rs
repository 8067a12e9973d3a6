//! What is served, and by whom.

use crate::play::PATIENCE;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use glasshttp::answer::{Arrival, Response};
use glasshttp::command::laboratory::folder;
use glasshttp::http::{Refusal, Request};
use glasshttp::server::{self, Application, Begun, Server, Stopper};
use glasshttp::site::{self, Hosts, Root, Site};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The folder that is served: that of the course's laboratory, which [`folder`] makes.
const FOLDER: &str = "served";

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
        for (name, _) in SITES {
            let place = folders.path().join(name);
            fs::create_dir(&place).expect("it can be made");
            let beside = Dir::open_ambient_dir(&place, ambient_authority()).expect("it can be opened");
            folder::make(&beside, FOLDER.as_ref()).expect("a folder can be filled");
            if *name == "own-404" {
                let page = "<!doctype html>\n<title>Lost</title>\n";
                fs::write(place.join(FOLDER).join("404.html"), page).expect("it can be written");
            }
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
            let root =
                Root::open_path(&folders.path().join(name).join(FOLDER), false).expect("the folder is there");
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

//! The laboratory of the course: a page of the course sends bytes to an engine that was started for them, and sees what
//! comes back, when, and why.
//!
//! ```text
//! GET  /.glass/laboratory/       whether there is one, and its bounds
//! POST /.glass/laboratory/play   {"options":["--threads","1"],"clients":[{"pieces":[{"bytes":"GET / ..."}]}]}
//!                          ──▶   {"event":"engine","port":40123,...}        a line for each event, as it happens:
//!                                {"event":"received","bytes":"HTTP/1.1 ...  application/x-ndjson
//!                                {"event":"exchange","status":400,"steps":[...]}
//! ```
//!
//! The engine is another server in the same process: it listens on a port of its own, has the options that the page
//! names, and ends with the run. So it takes the blows, and the server that shows the course goes on. `order` is what a
//! page asks for, with its bounds; `run` does it; `client` is one of the clients; `observer` is told what the engine
//! decides; `event` is what the page is told, and `report` tells it.
//!
//! A page can make it send any bytes to that engine and to nothing else, and the engine serves two folders that have no
//! secrets. It is for browsers on this machine: the guard of the router ([`crate::glass`]) makes sure of that.

mod client;
mod event;
mod observer;
mod order;
mod report;
mod run;

pub use order::Folder;

use crate::answer::{Body, Receiver, Response};
use crate::base::budget::Budget;
use crate::glass::written;
use crate::http::{Refusal, Status};
use crate::server::{Observer, Stopper};
use order::Order;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

/// How many runs there may be at once.
const MAX_AT_ONCE: usize = 4;

/// How long the description of a run may be, in bytes.
pub const MAX_ORDER: usize = 256 * 1024;

/// What a thread does.
pub type Job = Box<dyn FnOnce() + Send>;

/// Makes an observer for each worker of an engine.
pub type Observe = Arc<dyn Fn() -> Box<dyn Observer> + Send + Sync>;

/// Starts engines. The program does that, which knows options.
pub trait Engines: fmt::Debug + Send + Sync {
    /// Runs this on a thread of its own that may open ports and connect to them.
    ///
    /// # Errors
    /// When no thread can be had.
    fn spawn(&self, job: Job) -> io::Result<()>;

    /// Starts an engine that serves this folder, with options as on the command line. It is called on such a thread.
    ///
    /// # Errors
    /// A sentence that says which option is not for the laboratory, or what failed.
    fn start(&self, folder: Folder, options: &[String], observe: Observe) -> Result<Engine, String>;
}

/// An engine that runs. It stops when it is dropped.
#[derive(Debug)]
pub struct Engine {
    /// Where it listens.
    pub address: SocketAddr,
    /// How many workers it has.
    pub threads: usize,
    /// What stops it.
    pub stopper: Stopper,
    /// The thread that runs it.
    pub thread: Option<JoinHandle<()>>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stopper.stop();
        // It panicked, or it ended: either way it is over.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The laboratory of a server.
#[derive(Debug)]
pub struct Laboratory {
    engines: Arc<dyn Engines>,
    /// A permit for each run.
    permits: Arc<Budget>,
}

impl Laboratory {
    /// A laboratory with these engines.
    pub fn new(engines: Arc<dyn Engines>) -> Laboratory {
        Laboratory { engines, permits: Budget::new(MAX_AT_ONCE) }
    }

    /// Receives the description of a run.
    pub(super) fn play(&self) -> Box<dyn Receiver> {
        let (engines, permits) = (Arc::clone(&self.engines), Arc::clone(&self.permits));
        Box::new(Described { engines, permits, description: Vec::new() })
    }
}

/// Whether there is one, and its bounds.
pub(super) fn about(is_there: bool) -> Response {
    let about = serde_json::json!({
        "laboratory": u8::from(is_there),
        "bounds": {
            "runs": MAX_AT_ONCE,
            "order": MAX_ORDER,
            "clients": order::MAX_CLIENTS,
            "pieces": order::MAX_PIECES,
            "bytes": order::MAX_BYTES,
            "seconds": order::MAX_SECONDS,
            "received": client::MAX_RECEIVED,
        },
    });
    Response::no_store("application/json", Body::Bytes(about.to_string().into_bytes()))
}

/// The description of a run, as far as it is received.
#[derive(Debug)]
struct Described {
    engines: Arc<dyn Engines>,
    permits: Arc<Budget>,
    description: Vec<u8>,
}

impl Described {
    /// Starts the run. The body of the response comes while it goes on.
    fn start(&self) -> Result<Response, Refusal> {
        let order = Order::parse(&self.description).map_err(|why| {
            Refusal::new(Status::BAD_REQUEST, format!("the laboratory cannot do this: {why}"))
        })?;
        let permit = self.permits.take(1).ok_or_else(|| {
            let why =
                format!("the laboratory has {MAX_AT_ONCE} runs at once at most; try again when one is over");
            Refusal::new(Status::SERVICE_UNAVAILABLE, why)
        })?;
        let (writer, written) = written::pair(true);
        let engines = Arc::clone(&self.engines);
        let run = move || {
            let _permit = permit;
            run::run(&*engines, &order, writer);
        };
        self.engines.spawn(Box::new(run)).map_err(|_| {
            Refusal::new(Status::SERVICE_UNAVAILABLE, "no thread can be had; try again in a moment")
        })?;
        Ok(Response::no_store("application/x-ndjson", Body::Stream(Box::new(written))))
    }
}

impl Receiver for Described {
    fn take(&mut self, content: &[u8]) -> Result<(), Refusal> {
        if self.description.len() + content.len() > MAX_ORDER {
            let why = format!("the laboratory takes {MAX_ORDER} bytes for the description of a run at most");
            return Err(Refusal::new(Status::CONTENT_TOO_LARGE, why));
        }
        self.description.extend_from_slice(content);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Response {
        self.start().unwrap_or_else(|refusal| refuse(&refusal))
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) -> Response {
        refuse(refusal)
    }
}

/// What a script can read: the reason, as JSON.
fn refuse(refusal: &Refusal) -> Response {
    let mut response = Response::refuse(refusal);
    let error = serde_json::json!({ "error": refusal.why }).to_string();
    response.headers.replace("Content-Type", "application/json");
    response.body = Body::Bytes(error.into_bytes());
    response
}

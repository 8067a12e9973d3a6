//! The engines of the course's laboratory: servers in this process, with options as on the command line.
//!
//! ```text
//! main ──┬── laboratory ──┬── run ──┬── client      outside of the sandbox: it opens ports and connects to them
//!        │                └── ...   └── engine      in a sandbox of its own, around the folder that it serves
//!        └── server ──▶ the page's request ──Job──▶ laboratory
//! ```
//!
//! The threads that answer requests are in a sandbox, where nothing may listen or connect. So before they start, a
//! thread is started outside, and they send it what is to be done.

pub mod folder;
mod options;

use crate::base::helpers::Helpers;
use crate::base::human;
use crate::base::platform::sandbox::Rules;
use crate::command::application::Application;
use crate::command::cli::Config;
use crate::glass::Glass;
use crate::glass::laboratory::{Engine, Engines, Folder, Job, Observe};
use crate::server::Server;
use crate::site::sandbox::Sandbox;
use crate::site::{Root, Site};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Starts engines.
#[derive(Debug)]
pub(super) struct Starter {
    jobs: Sender<Job>,
    /// Where the course is, and the laboratory's own folder.
    course: PathBuf,
    lab: PathBuf,
}

impl Starter {
    /// One for these folders. It must be made outside of the sandbox.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(super) fn new(course: &Path, lab: &Path) -> io::Result<Starter> {
        let (jobs, queue) = channel::<Job>();
        thread::Builder::new().name("laboratory".to_owned()).spawn(move || {
            for job in queue {
                // Without a thread the job is dropped, and with it what waits for its end.
                let _ = thread::Builder::new().name("run".to_owned()).spawn(job);
            }
        })?;
        Ok(Starter { jobs, course: course.to_owned(), lab: lab.to_owned() })
    }
}

impl Engines for Starter {
    fn spawn(&self, job: Job) -> io::Result<()> {
        self.jobs.send(job).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn start(&self, folder: Folder, options: &[String], observe: Observe) -> Result<Engine, String> {
        let config = options::read(options)?;
        let folder = match folder {
            Folder::Lab => &self.lab,
            Folder::Course => &self.course,
        };
        start(config, folder, observe)
            .map_err(|error| format!("no engine can be started: {}", human::reason(&error)))
    }
}

fn start(config: Config, folder: &Path, observe: Observe) -> io::Result<Engine> {
    let root = Root::open_path(folder, false)?;
    let sandbox = Sandbox::new(root.path().to_owned(), Rules { may_read_anywhere: false, may_add: false });
    let root = root.with_openers(sandbox.openers());
    let site = Arc::new(Site::new(root, config.site.clone()).with_helpers(Helpers::new()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let threads = config.server.threads;
    let server = Server::new(vec![listener.into()], config.server)?;
    let stopper = server.stopper();
    let application = Application { login: None, glass: Glass::of(&site), site };
    let run = move || {
        // If it fails, its clients see it: nothing answers them.
        let _ = sandbox.run(|_| server.run(&application, &|| vec![observe()]));
    };
    let thread = thread::Builder::new().name("engine".to_owned()).spawn(run)?;
    Ok(Engine { address, threads, stopper, thread: Some(thread) })
}

//! A sandbox for the threads that face clients: they can open the files of the folder and no others, whatever a client
//! sends and whatever mistakes this program has. The kernel enforces that: see [`crate::base::platform::sandbox`].
//!
//! ```text
//!                         may read        may write                      may connect, bind
//! (as it comes)           the folder      nothing                        nowhere
//! --upload                the folder      new files in the folder        nowhere
//! --follow-links          everything      (as above)                     nowhere
//! --no-sandbox            whatever the user of the process may
//! ```
//!
//! Files and sockets that are open stay open: the ports, the log. On a system without sandboxes there is none, and
//! [`Extent`] says so.
//!
//! # Which threads are inside
//!
//! A sandbox holds a thread and all threads that it starts: the workers, and whatever they start in turn.
//!
//! ```text
//! main ──┬── signals, watch            outside: they reopen the log, reload certificates, or watch folders
//!        └── server ──┬── worker-0     inside
//!                     └── ...
//! ```
//!
//! `main` itself waits outside, and has one more task. The rules are tied to the folder itself and not to its name. A
//! folder can be removed and made anew, as build tools do, or be a link that leads to another one tomorrow. Then no
//! thread inside may open anything in it. So `main` starts an [`Opener`]: a thread in a sandbox of its own, around the
//! new folder, which opens files for the others. Only then does a request that opens a file wait for another thread.

use crate::base::platform::sandbox::{Extent, Rules};
use crate::base::platform::status::Identity;
use crate::base::platform::{open, status};
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A sandbox without threads, as yet.
#[derive(Debug)]
pub struct Sandbox {
    rules: Rules,
    messages: Receiver<Message>,
    openers: Arc<Openers>,
}

/// What the threads inside tell `main`, which waits outside.
#[derive(Debug)]
enum Message {
    /// Start an opener.
    Start(SyncSender<Opener>),
    /// No thread is inside any more.
    End,
}

impl Sandbox {
    /// A sandbox with these rules, around the folder to which this path leads.
    pub fn new(folder: PathBuf, rules: Rules) -> Sandbox {
        let (sender, messages) = channel();
        let (first, now) = (OnceLock::new(), Mutex::default());
        Sandbox { rules, messages, openers: Arc::new(Openers { folder, first, now, messages: sender }) }
    }

    /// The openers, for the threads inside.
    pub fn openers(&self) -> Arc<Openers> {
        Arc::clone(&self.openers)
    }

    /// Runs this inside, on a thread of its own, and waits for its end. It gets a line that describes the sandbox.
    ///
    /// # Errors
    /// When the folder cannot be opened, or no thread can be started.
    pub fn run<T: Send>(self, act: impl FnOnce(String) -> T + Send) -> io::Result<T> {
        struct AtTheEnd(Sender<Message>);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                let _ = self.0.send(Message::End);
            }
        }
        let Sandbox { rules, messages, openers } = &self;
        let first = Place::open(&openers.folder)?;
        let at_the_end = AtTheEnd(openers.messages.clone());
        let inside = move || {
            let _at_the_end = at_the_end;
            let extent = rules.enforce(&first.folder);
            if !matches!(extent, Extent::None(_)) {
                let _ = openers.first.set(first);
            }
            act(describe(*rules, &extent))
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("server".to_owned()).spawn_scoped(scope, inside)?;
            wait_outside(&openers.folder, *rules, messages);
            Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    }
}

/// Starts openers, until no thread is inside.
fn wait_outside(folder: &Path, rules: Rules, messages: &Receiver<Message>) {
    for message in messages {
        let Message::Start(reply) = message else { return };
        let folder = folder.to_owned();
        // If no thread can be started, the reply is dropped, and the thread that waits for it sees that.
        let _ = std::thread::Builder::new()
            .name("opener".to_owned())
            .spawn(move || run_opener(&folder, rules, reply));
    }
}

/// Enters a sandbox around the folder to which this path leads now, and runs jobs there for as long as the [`Opener`]
/// exists.
fn run_opener(folder: &Path, rules: Rules, reply: SyncSender<Opener>) {
    let Ok(place) = Place::open(folder) else { return };
    if let Extent::None(_) = rules.enforce(&place.folder) {
        return;
    }
    let (sender, jobs) = channel::<Job>();
    let _ = reply.send(Opener { identity: place.identity, jobs: sender });
    drop(reply);
    for job in jobs {
        // As with workers, a panic costs one request.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// The threads that open files when the folder is another one than when the sandbox was made.
#[derive(Debug)]
pub struct Openers {
    folder: PathBuf,
    /// The folder of the sandbox, if there is one.
    first: OnceLock<Place>,
    /// The opener that was started last.
    now: Mutex<Option<Arc<Opener>>>,
    messages: Sender<Message>,
}

/// A thread in a sandbox around the new folder. It ends when this is dropped.
#[derive(Debug)]
pub struct Opener {
    /// The folder of its sandbox.
    identity: Identity,
    jobs: Sender<Job>,
}

/// Which thread may open files in a folder.
#[derive(Debug)]
pub enum Who {
    /// The thread that asks.
    Ourselves,
    /// Another thread.
    Opener(Arc<Opener>),
    /// No thread any more: when the opener had started, another folder was at the path, or none.
    Nobody,
}

/// What an opener runs.
type Job = Box<dyn FnOnce() + Send>;

impl Openers {
    /// Which thread may open files in the folder that was found at the path, by device and inode.
    pub fn of(&self, identity: Identity) -> Who {
        if self.first.get().is_none_or(|first| first.identity == identity) {
            return Who::Ourselves;
        }
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.as_ref().is_none_or(|opener| opener.identity != identity) {
            let (reply, answer) = sync_channel(1);
            let asked = self.messages.send(Message::Start(reply));
            *now = asked.ok().and_then(|()| answer.recv().ok()).map(Arc::new);
        }
        // It opened the folder at the path, which may be another one by now.
        match &*now {
            Some(opener) if opener.identity == identity => Who::Opener(Arc::clone(opener)),
            _ => Who::Nobody,
        }
    }
}

impl Opener {
    /// Runs this on the thread and waits for the outcome; `None` after a panic.
    pub fn run<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (done, outcome) = sync_channel(1);
        let job = Box::new(move || {
            let _ = done.send(act());
        });
        self.jobs.send(job).ok()?;
        outcome.recv().ok()
    }
}

/// A folder that is held open, so that the system does not give its inode number to another one.
#[derive(Debug)]
struct Place {
    identity: Identity,
    folder: File,
}

impl Place {
    fn open(path: &Path) -> io::Result<Place> {
        let folder = open::place(path)?;
        Ok(Place { identity: status::of_open(&folder)?.identity, folder })
    }
}

/// A line for people that says what is allowed, by these rules and as far as they are enforced.
fn describe(rules: Rules, extent: &Extent) -> String {
    let (how, read) = match extent {
        Extent::None(why) => {
            let instead = if rules.may_read_anywhere {
                "every link is followed, wherever it leads"
            } else {
                "every file is opened beneath the folder all the same"
            };
            return format!("Sandbox: none, {why}; {instead}");
        }
        Extent::Full => ("", rules.may_read_anywhere),
        Extent::Partial(how) => (how.as_str(), rules.may_read_anywhere),
    };
    let what = match (read, rules.may_add) {
        (false, false) => "of all files, those of the folder can be read and no others, and none be written",
        (false, true) => "of all files, those of the folder can be read or added and no others",
        (true, false) => "no file can be written; for --follow-links all can be read",
        (true, true) => "files can be added to the folder alone; for --follow-links all can be read",
    };
    let how = if how.is_empty() { String::new() } else { format!(", {how}") };
    format!("Sandbox: {what}{how}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_allowed() {
        let rules = |may_read_anywhere, may_add| Rules { may_read_anywhere, may_add };
        let partial = Extent::Partial("as far as this kernel can (Landlock 3)".to_owned());
        let table = [
            (rules(false, false), Extent::Full, "no others, and none be written"),
            (rules(false, true), Extent::Full, "read or added and no others"),
            (rules(true, false), Extent::Full, "no file can be written; for --follow-links all can be read"),
            (rules(true, true), Extent::Full, "added to the folder alone; for --follow-links"),
            (rules(false, false), partial, "none be written, as far as this kernel can (Landlock 3)"),
            (rules(false, false), Extent::None("why".to_owned()), "Sandbox: none, why; every file is opened"),
            (
                rules(true, false),
                Extent::None("why".to_owned()),
                "Sandbox: none, why; every link is followed",
            ),
        ];
        for (rules, extent, end) in table {
            let line = describe(rules, &extent);
            assert!(line.starts_with("Sandbox: ") && line.contains(end), "{line}");
        }
    }
}

//! A sandbox for the threads that face clients: of all files they can open those of the folder and no
//! others, whatever a client sends and whatever mistake is in this program. The kernel sees to it (Landlock,
//! Linux 5.13 and later).
//!
//! ```text
//!                         may read        may write                      may connect, bind
//! (as it comes)           the folder      nothing                        nowhere
//! --upload                the folder      new files in the folder        nowhere
//! --follow-links          everything      (as above)                     nowhere
//! --no-sandbox            everything that the user may who has started it
//! ```
//!
//! A process asks for it itself, needs no rights for that, and has no way back. What is open stays open:
//! the ports, the log. Older kernels know less of it (to connect is theirs to forbid from Linux 6.7 on), and
//! then as much is forbidden as can be; [`Extent`] says what came of it.
//!
//! # Who is inside
//!
//! The sandbox is around a thread and all that it starts: workers and whatever they start in turn.
//!
//! ```text
//! main ──┬── signals, watch            outside: they open the log or a certificate anew, or watch folders
//!        └── server ──┬── worker-0     inside
//!                     └── ...
//! ```
//!
//! `main` itself waits outside, and has one more thing to do. The rules are tied to the folder itself and
//! not to its name, and a folder can be removed and made anew, as build tools do, or be a link that leads to
//! another one tomorrow. Then nobody inside may open anything in it. So `main` starts a [`Deputy`]: a thread
//! in a sandbox of its own, around the folder as it is now, that opens files for the others. A request that
//! opens a file then waits for it, and only then.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What is allowed inside, beside reading the folder.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Everything may be read: links may lead anywhere.
    pub may_read_anywhere: bool,
    /// Files may be added to the folder.
    pub may_add: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All rules hold.
    Full,
    /// Those that this kernel knows.
    Partial(String),
    /// None, and why.
    None(String),
}

impl Rules {
    /// Puts this thread, and all that it will start, into the sandbox around this folder.
    #[cfg(target_os = "linux")]
    pub fn enforce(self, folder: impl AsFd) -> Extent {
        use landlock::{LandlockStatus, RulesetStatus};
        match self.restrict(folder) {
            Ok(status) => match (status.ruleset, status.landlock) {
                (RulesetStatus::FullyEnforced, _) => Extent::Full,
                (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
                    Extent::Partial(format!("as far as this kernel can (Landlock {effective_abi})"))
                }
                (RulesetStatus::PartiallyEnforced, _) => Extent::Partial("as far as this kernel can".into()),
                (RulesetStatus::NotEnforced, _) => Extent::None("this kernel has no Landlock".to_owned()),
            },
            Err(why) => Extent::None(format!("the kernel refuses it ({why})")),
        }
    }

    /// Does nothing, and says so.
    #[cfg(not(target_os = "linux"))]
    pub fn enforce(self, _folder: impl AsFd) -> Extent {
        let why =
            if cfg!(target_os = "linux") { "it was left out of this build" } else { "only Linux has it" };
        Extent::None(why.to_owned())
    }

    #[cfg(target_os = "linux")]
    fn restrict(self, folder: impl AsFd) -> Result<landlock::RestrictionStatus, Box<dyn std::error::Error>> {
        use landlock::{
            ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, Ruleset, RulesetAttr,
            RulesetCreatedAttr, Scope,
        };
        // The newest that this was tested with: a right that a kernel learns later might be one we need.
        const KNOWN: ABI = ABI::V7;
        let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
        let add = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
        // What is named here is forbidden but where a rule allows it.
        let mut forbidden = AccessFs::from_all(KNOWN);
        let mut allowed = if self.may_add { read | add } else { read };
        if self.may_read_anywhere {
            forbidden.remove(read);
            allowed.remove(read);
        }
        let ruleset = Ruleset::default()
            .handle_access(forbidden)?
            .handle_access(AccessNet::from_all(KNOWN))?
            .scope(Scope::from_all(KNOWN))?;
        let mut ruleset = ruleset.create()?;
        if !allowed.is_empty() {
            ruleset = ruleset.add_rule(PathBeneath::new(folder, allowed))?;
        }
        Ok(ruleset.restrict_self()?)
    }

    /// What that means, in a line for people.
    pub fn describe(self, extent: &Extent) -> String {
        let (how, read) = match extent {
            Extent::None(why) => return format!("Sandbox: none, {why}"),
            Extent::Full => ("", self.may_read_anywhere),
            Extent::Partial(how) => (how.as_str(), self.may_read_anywhere),
        };
        let what = match (read, self.may_add) {
            (false, false) => {
                "of all files, those of the folder can be read and no others, and none be written"
            }
            (false, true) => "of all files, those of the folder can be read or added and no others",
            (true, false) => "no file can be written; for --follow-links all can be read",
            (true, true) => "files can be added to the folder alone; for --follow-links all can be read",
        };
        let how = if how.is_empty() { String::new() } else { format!(", {how}") };
        format!("Sandbox: {what}{how}")
    }
}

/// A sandbox that nobody is in yet.
#[derive(Debug)]
pub struct Sandbox {
    rules: Rules,
    messages: Receiver<Message>,
    deputies: Arc<Deputies>,
}

/// What `main` is told while it waits outside.
#[derive(Debug)]
enum Message {
    /// A deputy is wanted.
    Start(SyncSender<Deputy>),
    /// Nobody is inside any more.
    End,
}

impl Sandbox {
    /// A sandbox with these rules, around the folder to which this path leads.
    pub fn new(folder: PathBuf, rules: Rules) -> Sandbox {
        let (sender, messages) = channel();
        let (first, now) = (OnceLock::new(), Mutex::default());
        Sandbox { rules, messages, deputies: Arc::new(Deputies { folder, first, now, messages: sender }) }
    }

    /// Those who can be asked from inside.
    pub fn deputies(&self) -> Arc<Deputies> {
        Arc::clone(&self.deputies)
    }

    /// Runs this inside, on a thread of its own, and waits for its end. It is told what the sandbox is.
    ///
    /// # Errors
    /// When the folder cannot be opened, or no thread be started.
    pub fn run<T: Send>(self, act: impl FnOnce(String) -> T + Send) -> io::Result<T> {
        struct AtTheEnd(Sender<Message>);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                let _ = self.0.send(Message::End);
            }
        }
        let Sandbox { rules, messages, deputies } = &self;
        let first = Place::open(&deputies.folder)?;
        let at_the_end = AtTheEnd(deputies.messages.clone());
        let inside = move || {
            let _at_the_end = at_the_end;
            let extent = rules.enforce(&first.folder);
            if !matches!(extent, Extent::None(_)) {
                let _ = deputies.first.set(first);
            }
            act(rules.describe(&extent))
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("server".to_owned()).spawn_scoped(scope, inside)?;
            wait_outside(&deputies.folder, *rules, messages);
            Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    }
}

/// Starts deputies, until nobody is inside.
fn wait_outside(folder: &Path, rules: Rules, messages: &Receiver<Message>) {
    for message in messages {
        let Message::Start(reply) = message else { return };
        let folder = folder.to_owned();
        // If there is none, whoever waits for the reply sees that it will not come.
        let _ = std::thread::Builder::new()
            .name("deputy".to_owned())
            .spawn(move || be_deputy(&folder, rules, reply));
    }
}

/// Goes into a sandbox around the folder to which this path leads now, and does there what it is told for as
/// long as there is somebody who could tell it something.
fn be_deputy(folder: &Path, rules: Rules, reply: SyncSender<Deputy>) {
    let Ok(place) = Place::open(folder) else { return };
    if let Extent::None(_) = rules.enforce(&place.folder) {
        return;
    }
    let (sender, jobs) = channel::<Job>();
    let _ = reply.send(Deputy { identity: place.identity, jobs: sender });
    drop(reply);
    for job in jobs {
        // As with workers, a panic costs the one request.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// Who can be asked to open files where the folder is another one than when the sandbox was put up.
#[derive(Debug)]
pub struct Deputies {
    folder: PathBuf,
    /// The folder that the sandbox is around, if there is one.
    first: OnceLock<Place>,
    /// The last one that was started.
    now: Mutex<Option<Arc<Deputy>>>,
    messages: Sender<Message>,
}

/// A thread in a sandbox around another folder than ours. It ends when nobody has it any more.
#[derive(Debug)]
pub struct Deputy {
    /// The folder that it is.
    identity: (u64, u64),
    jobs: Sender<Job>,
}

/// Who may open files in a folder.
#[derive(Debug)]
pub enum Opener {
    /// Whoever asks.
    Ourselves,
    /// Somebody else.
    Deputy(Arc<Deputy>),
    /// Nobody any more: by the time that there was a deputy, another folder had that place, or none.
    Nobody,
}

/// Something to be done by a thread that may do it.
type Job = Box<dyn FnOnce() + Send>;

impl Deputies {
    /// Who opens files in the folder that was this one just now, by device and inode.
    pub fn of(&self, identity: (u64, u64)) -> Opener {
        if self.first.get().is_none_or(|first| first.identity == identity) {
            return Opener::Ourselves;
        }
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.as_ref().is_none_or(|deputy| deputy.identity != identity) {
            let (reply, answer) = sync_channel(1);
            let asked = self.messages.send(Message::Start(reply));
            *now = asked.ok().and_then(|()| answer.recv().ok()).map(Arc::new);
        }
        // It went where the path leads, and that may be another folder by now.
        match &*now {
            Some(deputy) if deputy.identity == identity => Opener::Deputy(Arc::clone(deputy)),
            _ => Opener::Nobody,
        }
    }
}

impl Deputy {
    /// Has this done, and waits for that; `None` if it failed in a way that it should not.
    pub fn act<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (done, outcome) = sync_channel(1);
        let job = Box::new(move || {
            let _ = done.send(act());
        });
        self.jobs.send(job).ok()?;
        outcome.recv().ok()
    }
}

/// A folder that is held open, so that the system does not give its number to another one.
#[derive(Debug)]
struct Place {
    identity: (u64, u64),
    folder: File,
}

impl Place {
    fn open(path: &Path) -> io::Result<Place> {
        // Only as a place: nothing is read, so it need not be readable.
        let flags = rustix::fs::OFlags::PATH.bits().cast_signed();
        let folder = File::options().read(true).custom_flags(flags).open(path)?;
        let metadata = folder.metadata()?;
        Ok(Place { identity: (metadata.dev(), metadata.ino()), folder })
    }
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
            (rules(false, false), Extent::None("why".to_owned()), "Sandbox: none, why"),
        ];
        for (rules, extent, end) in table {
            let line = rules.describe(&extent);
            assert!(line.starts_with("Sandbox: ") && line.contains(end), "{line}");
        }
    }
}

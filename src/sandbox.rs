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
//! another one tomorrow. Then nobody inside may open anything in it. So `main` starts a *deputy*: a thread
//! in a sandbox of its own, around the folder as it is now, that opens files for the others. It costs each
//! request two hand-overs between threads, and only after that has happened.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

/// What is allowed inside.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What may be read.
    pub folder: PathBuf,
    /// Everything else may be, too: links may lead anywhere.
    pub may_read_anywhere: bool,
    /// Files may be added to it.
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
    /// Puts this thread, and all that it will start, into the sandbox.
    #[cfg(all(target_os = "linux", feature = "sandbox"))]
    pub fn enforce(&self) -> Extent {
        use landlock::{LandlockStatus, RulesetStatus};
        match self.restrict() {
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
    #[cfg(not(all(target_os = "linux", feature = "sandbox")))]
    pub fn enforce(&self) -> Extent {
        let why =
            if cfg!(target_os = "linux") { "it was left out of this build" } else { "only Linux has it" };
        Extent::None(why.to_owned())
    }

    #[cfg(all(target_os = "linux", feature = "sandbox"))]
    fn restrict(&self) -> Result<landlock::RestrictionStatus, Box<dyn std::error::Error>> {
        use landlock::{
            ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
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
            ruleset = ruleset.add_rule(PathBeneath::new(PathFd::new(&self.folder)?, allowed))?;
        }
        Ok(ruleset.restrict_self()?)
    }

    /// What that means, in a line for people.
    pub fn describe(&self, extent: &Extent) -> String {
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

/// Something to be done by a thread that may do it.
type Job = Box<dyn FnOnce() + Send>;

/// A sandbox that nobody is in yet.
#[derive(Debug)]
pub struct Sandbox {
    rules: Rules,
    messages: Receiver<Message>,
    deputies: Arc<Deputies>,
}

enum Message {
    Do(Job),
    /// Nobody is inside any more.
    End,
}

/// Those who do things for threads that may not, since the folder is another one than when they started.
#[derive(Debug)]
pub struct Deputies {
    folder: PathBuf,
    /// The folder that it was then.
    first: Option<Held>,
    messages: Sender<Message>,
}

impl Sandbox {
    /// A sandbox with these rules.
    pub fn new(rules: Rules) -> Sandbox {
        let (sender, messages) = channel();
        let (folder, first) = (rules.folder.clone(), Held::open(&rules.folder).ok());
        let deputies = Arc::new(Deputies { folder, first, messages: sender });
        Sandbox { rules, messages, deputies }
    }

    /// Those who can be asked from inside.
    pub fn deputies(&self) -> Arc<Deputies> {
        Arc::clone(&self.deputies)
    }

    /// Runs this inside, on a thread of its own, and waits for its end. It is told what the sandbox is.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn run<T: Send>(self, act: impl FnOnce(String) -> T + Send) -> io::Result<T> {
        struct AtTheEnd(Sender<Message>);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                let _ = self.0.send(Message::End);
            }
        }
        let Sandbox { rules, messages, deputies } = self;
        let at_the_end = AtTheEnd(deputies.messages.clone());
        let inside = || {
            let _at_the_end = at_the_end;
            act(rules.describe(&rules.enforce()))
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("server".to_owned()).spawn_scoped(scope, inside)?;
            wait_outside(&rules, &messages);
            Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    }
}

/// Has done what nobody inside may do, until nobody is inside.
fn wait_outside(rules: &Rules, messages: &Receiver<Message>) {
    let mut deputy: Option<(Held, Sender<Job>)> = None;
    for message in messages {
        let Message::Do(job) = message else { return };
        if deputy.as_ref().is_none_or(|(held, _)| !held.is_at(&rules.folder)) {
            // If the folder is not there, nothing in it can be opened.
            let start = || Ok::<_, io::Error>((Held::open(&rules.folder)?, start_deputy(rules.clone())?));
            deputy = start().ok();
        }
        if let Some((_, jobs)) = &deputy
            && jobs.send(job).is_err()
        {
            deputy = None;
        }
    }
}

/// Starts a thread in a sandbox around what the folder's path leads to now.
fn start_deputy(rules: Rules) -> io::Result<Sender<Job>> {
    let (sender, jobs) = channel::<Job>();
    std::thread::Builder::new().name("deputy".to_owned()).spawn(move || {
        if let Extent::None(_) = rules.enforce() {
            return;
        }
        for job in jobs {
            job();
        }
    })?;
    Ok(sender)
}

impl Deputies {
    /// Has this done where the folder's path leads to another folder than at the start; `None` if it does
    /// not, or nobody can.
    pub fn ask<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        if self.first.as_ref().is_none_or(|first| first.is_at(&self.folder)) {
            return None;
        }
        let (done, outcome) = sync_channel(1);
        let job = Box::new(move || {
            let _ = done.send(act());
        });
        self.messages.send(Message::Do(job)).ok()?;
        outcome.recv().ok()
    }
}

/// A folder that is held open, so that the system does not give its number to another one.
#[derive(Debug)]
struct Held {
    identity: (u64, u64),
    _folder: File,
}

impl Held {
    fn open(path: &Path) -> io::Result<Held> {
        let folder = File::open(path)?;
        Ok(Held { identity: identity(&folder.metadata()?), _folder: folder })
    }

    /// Whether the path leads to it.
    fn is_at(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|metadata| identity(&metadata) == self.identity)
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Message::Do(_) => "Do",
            Message::End => "End",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_allowed() {
        let rules = |may_read_anywhere, may_add| Rules { folder: "x".into(), may_read_anywhere, may_add };
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

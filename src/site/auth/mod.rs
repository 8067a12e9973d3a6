//! `--auth` and `--auth-file`: a request needs the name and the password of a user (HTTP Basic, RFC 7617).
//!
//! ```text
//! > GET / HTTP/1.1
//! < HTTP/1.1 401 Unauthorized
//! < WWW-Authenticate: Basic realm="glasshttp", charset="UTF-8"
//!
//! > GET / HTTP/1.1
//! > Authorization: Basic YWxpY2U6c2VjcmV0        "alice:secret" in base64
//! < HTTP/1.1 200 OK
//! ```
//!
//! A [`Login`] decides as soon as the head of a request is whole, before it looks at the folder and before a body is
//! read, for every target and method, those of the inspector and uploads included. Only two things come before it. A
//! foreign Host is refused: no browser may be made to ask for this site's password under the name of another site. And
//! a CORS preflight is answered: browsers send it without credentials, and the answer tells nothing about the folder.
//!
//! With `--auth-for upload` a password is asked for adding alone ([`For`]): safe methods (RFC 9110 section 9.2.1) need
//! none, but for what shows what others send.
//!
//! The plain case is [`Login::admit`] with a password that was right before: one keyed hash and one lookup.
//!
//! # Slow hashes in a server that must not wait
//!
//! The passwords of `--auth-file` are hashed in a way that takes tens of milliseconds to verify, so that a stolen file
//! is of little use. But a worker has other connections, and a client that sends wrong passwords could keep it busy
//! with nothing else. So no worker ever verifies one:
//!
//! - A helper does ([`crate::base::helpers`]), one attempt at a time. Guessing costs at most
//!   one core.
//! - As long as its attempt waits, a request is not decided ([`Admission::Later`]). Its connection is woken when the
//!   attempt was verified; other connections are served meanwhile. If it closes before, nothing is verified for it.
//! - The outcome of an attempt is remembered under its `Fingerprint`: a keyed hash of name and password that takes less
//!   than a microsecond. So only the first request of a user is slow. The passwords of `--auth`, which the server has
//!   in full anyway, are known as fingerprints from the start.
//! - A network with too many wrong passwords gets 429 for a while (RFC 6585 section 4), at once, and nothing is
//!   verified. If too many attempts wait, the answer is 503. Neither affects users who are logged in.
//!
//! How long an answer takes does not tell which names exist: for an unknown name, another user's hash is verified,
//! always the same one, and the outcome is dropped. Where there is a file, a wrong password of a user of `--auth` is
//! treated in the same way.
//!
//! `attempts.rs` remembers all of this, within bounds. When the file is read again ([`Auth::replace_file`]), all that
//! is known about its users is forgotten.

mod attempts;
mod credentials;
mod passwords;

pub use passwords::line_for;

use super::effort::{Effort, Takes};
use super::{Site, error_page};
use crate::answer::{Arrival, Awaited, Response};
use crate::base::helpers::{Helpers, Job, Kind, Progress};
use crate::base::trace::{self, Rfc, quote};
use crate::http::base_path::BasePath;
use crate::http::{Method, Refusal, Request, Status};
use attempts::{Attempt, Attempts, Fingerprint, Network, Standing};
use blake2::Blake2bMac;
use blake2::digest::consts::U32;
use blake2::digest::{FixedOutput, KeyInit, Update};
use credentials::{Claim, Credentials, claim};
use passwords::{Memory, Users};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// The challenge of a 401 (RFC 7617 section 2.1: the charset is the encoding in which the client sends its answer).
const CHALLENGE: &str = "Basic realm=\"glasshttp\", charset=\"UTF-8\"";

/// A user of `--auth`: the name and the password, as they were given. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain(Credentials);

impl Plain {
    /// Reads `USER:PASSWORD`.
    ///
    /// # Errors
    /// What is wrong with it. It does not repeat what was given.
    pub fn parse(text: &str) -> Result<Plain, String> {
        let credentials = Credentials::split(text.as_bytes());
        credentials
            .filter(|credentials| !credentials.user.is_empty() && !credentials.password.is_empty())
            .map(Plain)
            .ok_or_else(|| "it must be a name, a colon and a password, without control characters".to_owned())
    }
}

impl Plain {
    /// The value of the Authorization field of this user.
    pub(crate) fn authorization(&self) -> String {
        self.0.field()
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plain({}, ...)", self.0.user.escape_ascii())
    }
}

/// The users, and what is known about attempts to log in.
pub struct Auth {
    /// The key of the fingerprints. It is made at the start and never leaves this process.
    key: [u8; 32],
    /// The fingerprints of `--auth`.
    plain: Vec<Fingerprint>,
    state: Mutex<State>,
}

/// The part that changes.
struct State {
    file: Arc<FromFile>,
    attempts: Attempts<Credentials>,
    /// What wakes the connections that wait for what comes of an attempt.
    wakers: Vec<(Fingerprint, Waker)>,
    /// A helper verifies, or is about to.
    is_verifying: bool,
}

/// What is known of who sends a request.
#[derive(Debug)]
enum Checked {
    /// This user does.
    User(Vec<u8>),
    /// Nothing yet. Who waits holds this.
    Waits(Arc<()>),
}

/// A request that waits for a password to be verified: then the login is asked again.
#[derive(Debug)]
struct Waits {
    /// As long as somebody holds it, the attempt is wanted.
    _wanted: Arc<()>,
}

impl Awaited for Waits {
    fn poll(&mut self) -> Poll<Option<Response>> {
        Poll::Ready(None)
    }
}

/// What a helper does: it verifies what waits, one attempt after another, and lets others go between them.
struct Verifying {
    auth: Arc<Auth>,
    /// It is given back to the system when nothing waits any more.
    memory: Memory,
    is_done: bool,
}

impl Job for Verifying {
    fn work(&mut self) -> Progress {
        self.is_done = !self.auth.verify_next(&mut self.memory);
        if self.is_done { Progress::Done } else { Progress::More }
    }
}

impl Drop for Verifying {
    fn drop(&mut self) {
        // After its last attempt, another may be at work by now.
        if !self.is_done {
            self.auth.state().is_verifying = false;
        }
    }
}

/// The users of `--auth-file`, and their names in the order of the alphabet.
#[derive(PartialEq)]
struct FromFile {
    users: Users,
    names: Vec<Vec<u8>>,
}

impl FromFile {
    fn new(users: Users) -> FromFile {
        let mut names: Vec<_> = users.keys().cloned().collect();
        names.sort();
        FromFile { users, names }
    }
}

/// Why a request is denied.
struct Denial {
    refusal: Refusal,
    /// After how many seconds a new attempt may succeed.
    retry_after: Option<u64>,
}

impl Auth {
    /// These users, and those of a file with this content.
    ///
    /// # Errors
    /// What is wrong with the file, and in which line, counted from 1.
    ///
    /// # Panics
    /// If the system has no randomness to give.
    pub fn new(plain: &[Plain], file: Option<&[u8]>) -> Result<Auth, (usize, String)> {
        let users = file.map(passwords::parse_file).transpose()?.unwrap_or_default();
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system has randomness to give");
        let file = Arc::new(FromFile::new(users));
        let state = State { file, attempts: Attempts::default(), wakers: Vec::new(), is_verifying: false };
        let mut auth = Auth { key, plain: Vec::new(), state: Mutex::new(state) };
        auth.plain = plain.iter().map(|Plain(credentials)| auth.fingerprint(credentials)).collect();
        Ok(auth)
    }

    /// Replaces the users of the file. From now on only their passwords count, whatever was accepted before.
    ///
    /// # Errors
    /// As [`Auth::new`]; then the users before it stay.
    pub fn replace_file(&self, content: &[u8]) -> Result<(), (usize, String)> {
        let file = FromFile::new(passwords::parse_file(content)?);
        let mut state = self.state();
        if *state.file != file {
            state.file = Arc::new(file);
            state.attempts.forget();
        }
        Ok(())
    }

    /// Verifies the next attempt that waits, and says whether there was one. A helper calls this, one at a time, and
    /// lends the memory.
    fn verify_next(&self, memory: &mut Memory) -> bool {
        let mut state = self.state();
        state.drop_unwanted();
        let Some(attempt) = state.attempts.pop() else {
            state.is_verifying = false;
            return false;
        };
        let file = Arc::clone(&state.file);
        drop(state);
        let Attempt { fingerprint, network, what, .. } = attempt;
        // After a panic this attempt, and all others behind it, would wait for ever.
        let verify = AssertUnwindSafe(|| self.verify(&file, &what, memory));
        let is_right = catch_unwind(verify).unwrap_or(false);
        let mut state = self.state();
        // If the file was replaced meanwhile, the next request is verified against the new one.
        if Arc::ptr_eq(&file, &state.file) {
            state.attempts.verified(fingerprint, network, is_right, Instant::now());
        }
        let waiting = state.wakers.extract_if(.., |(attempt, _)| *attempt == fingerprint);
        let waiting: Vec<_> = waiting.map(|(_, waker)| waker).collect();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        true
    }

    /// Lets a helper verify what waits, unless one does already.
    fn verify_elsewhere(self: &Arc<Auth>, helpers: &Helpers) {
        if !std::mem::replace(&mut self.state().is_verifying, true) {
            let verifying = Verifying { auth: Arc::clone(self), memory: Memory::default(), is_done: false };
            if !helpers.give(None, Kind::Long, verifying) {
                // The next request tries again.
                self.state().is_verifying = false;
            }
        }
    }

    /// Verifies a password against the hash of its user; for a name that is not in the file, against that of another
    /// user, and in vain.
    fn verify(&self, file: &FromFile, credentials: &Credentials, memory: &mut Memory) -> bool {
        let own = file.users.get(&credentials.user);
        let hash = own.or_else(|| file.users.get(self.stand_in(file, &credentials.user)?));
        let is_right = hash.is_some_and(|hash| hash.verify(&credentials.password, memory));
        is_right && own.is_some()
    }

    /// The user whose hash is verified for a name that has none: always the same one for the same name. Which one, only
    /// the key tells.
    fn stand_in<'a>(&self, file: &'a FromFile, user: &[u8]) -> Option<&'a Vec<u8>> {
        let print = self.fingerprint(&Credentials { user: user.to_vec(), password: Vec::new() });
        let number = u64::from_be_bytes(print[..8].try_into().expect("8 bytes"));
        let count = file.names.len() as u64;
        file.names.get(usize::try_from(number.checked_rem(count)?).ok()?)
    }

    /// The user who sends a request; as long as that is not known, what to hold while waiting for it.
    fn check(&self, request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Checked, Denial> {
        let now = arrival.time;
        let credentials = match claim(&request.fields) {
            Claim::These(credentials) => credentials,
            Claim::None => {
                return Err(Denial::unauthorized("a user name and a password are needed", "nobody"));
            }
            Claim::Malformed => {
                return Err(Denial::unauthorized(
                    "the Authorization field must be \"Basic\" and user:password in base64, once",
                    "malformed",
                ));
            }
        };
        let fingerprint = self.fingerprint(&credentials);
        let network = Network::of(arrival.real_client());
        let mut state = self.state();
        state.drop_unwanted();
        let is_slow = state.is_slow();
        let attempts = &mut state.attempts;
        match attempts.standing(&fingerprint, network, now) {
            Standing::Wrong => Err(Denial::wrong()),
            Standing::Blocked(time) => Err(Denial::blocked(time)),
            Standing::Right => {
                trace::decision("auth", Rfc(7617, "2"), || {
                    format!("{} has given this password before, and it was right", quote(&credentials.user))
                });
                Ok(Checked::User(credentials.user))
            }
            _ if self.is_plain(&fingerprint) => {
                trace::decision("auth", Rfc(7617, "2"), || {
                    format!("the password of {} is right", quote(&credentials.user))
                });
                Ok(Checked::User(credentials.user))
            }
            Standing::Waiting => {
                let wanted = attempts.wanted(&fingerprint).unwrap_or_default();
                state.wakers.push((fingerprint, arrival.waker()));
                Ok(Checked::Waits(wanted))
            }
            Standing::NoRoom => Err(Denial::no_room()),
            Standing::New if !is_slow => {
                attempts.verified(fingerprint, network, false, now);
                Err(Denial::wrong())
            }
            Standing::New => {
                trace::decision("auth", Rfc(7617, "2"), || {
                    format!(
                        "the password of {} is new, and verifying it takes time",
                        quote(&credentials.user)
                    )
                });
                let wanted = Arc::new(());
                let attempt =
                    Attempt { fingerprint, network, what: credentials, wanted: Arc::downgrade(&wanted) };
                attempts.push(attempt);
                state.wakers.push((fingerprint, arrival.waker()));
                Ok(Checked::Waits(wanted))
            }
        }
    }

    /// Whether these are the name and the password of a user of `--auth`. All users are compared, and each to its
    /// end, so that the time tells nothing.
    fn is_plain(&self, fingerprint: &Fingerprint) -> bool {
        let is_one = |any, one: &Fingerprint| any | one.ct_eq(fingerprint);
        self.plain.iter().fold(subtle::Choice::from(0), is_one).into()
    }

    fn fingerprint(&self, credentials: &Credentials) -> Fingerprint {
        let mut hash = Blake2bMac::<U32>::new_from_slice(&self.key).expect("the key is not too long");
        // A name contains no colon, so this marks its end.
        hash.update(&credentials.user);
        hash.update(b":");
        hash.update(&credentials.password);
        hash.finalize_fixed().into()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_slow(&self) -> bool {
        !self.file.users.is_empty()
    }

    /// Drops the attempts for which nobody waits any more, and the wakers of those who did.
    fn drop_unwanted(&mut self) {
        if self.attempts.drop_unwanted() {
            let attempts = &self.attempts;
            self.wakers.retain(|(fingerprint, _)| attempts.is_waiting(fingerprint));
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Auth({} and {} users)", self.plain.len(), self.state().file.users.len())
    }
}

impl Denial {
    #[track_caller]
    fn unauthorized(why: &'static str, cause: &'static str) -> Denial {
        Denial { refusal: Refusal::new(Status::UNAUTHORIZED, why).because(cause), retry_after: None }
    }

    /// It does not say which of the two is wrong: that would tell which names exist.
    #[track_caller]
    fn wrong() -> Denial {
        Denial::unauthorized("the user name or the password is wrong", "wrong")
    }

    #[track_caller]
    fn blocked(time: Duration) -> Denial {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        let why = format!("too many wrong passwords came from your network; try again in {seconds} seconds");
        Denial { refusal: Refusal::new(Status::TOO_MANY_REQUESTS, why), retry_after: Some(seconds) }
    }

    #[track_caller]
    fn no_room() -> Denial {
        let why = "too many passwords wait to be verified; try again in a moment";
        // The answer with a 503 has a Retry-After already.
        Denial { refusal: Refusal::new(Status::SERVICE_UNAVAILABLE, why), retry_after: None }
    }

    fn respond(&self, request: &Request<'_>, base: &BasePath) -> Response {
        let mut response = error_page::respond(request, &self.refusal, base);
        if self.refusal.status == Status::UNAUTHORIZED {
            response.headers.push("WWW-Authenticate", CHALLENGE);
        }
        if let Some(seconds) = self.retry_after {
            response.headers.push("Retry-After", seconds.to_string());
        }
        response
    }
}

/// For what a password is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum For {
    /// For everything.
    #[default]
    Everything,
    /// For adding files. Whoever asks for one needs none.
    Upload,
}

/// The login of a site: a request is answered only if it has the name and the password of a user.
#[derive(Debug)]
pub struct Login {
    site: Arc<Site>,
    auth: Arc<Auth>,
    asked_for: For,
}

/// What a [`Login`] says to a request.
#[derive(Debug)]
pub enum Admission {
    /// The request may be answered; this is the user.
    Welcome(Vec<u8>),
    /// The request may be answered, whoever sends it.
    Unasked,
    /// It is not known yet: the connection is woken when it is, and holds this until then.
    Later(Box<dyn Awaited>),
    /// This is the answer.
    Refused(Response),
}

impl Login {
    /// The login of this site, for these users.
    pub fn new(site: Arc<Site>, auth: Auth, asked_for: For) -> Login {
        Login { site, auth: Arc::new(auth), asked_for }
    }

    /// The users.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Decides whether a request may be answered; `is_private` says whether it is for what needs a password in any case.
    /// It does not wait.
    pub fn admit(
        &self,
        request: &Request<'_>,
        arrival: &Arrival<'_>,
        is_private: impl FnOnce() -> bool,
    ) -> Admission {
        let site = &self.site;
        // For a request that is let in the site checks the host again, and records that.
        if let Err(refusal) = trace::silently(|| site.options.hosts.check(request.host)) {
            let refused = site.refuse(request, &refusal, Effort::Least).unwrap_or_else(Takes::whatever);
            return Admission::Refused(site.complete_early(request, refused));
        }
        let is_safe = || {
            matches!(request.method, Method::Get | Method::Head | Method::Options) || site.is_picked(request)
        };
        if self.asked_for == For::Upload && is_safe() && !is_private() {
            trace::decision("auth", Rfc(9110, "9.2.1"), || {
                "it changes nothing, and --auth-for upload asks for a password for adding alone".to_owned()
            });
            return Admission::Unasked;
        }
        let preflight = site.options.cors.preflight(request, site.methods());
        let refuse = |denial: Denial| denial.respond(request, &site.options.base);
        let checked = match preflight {
            Some(preflight) => Err(preflight),
            None => self.auth.check(request, arrival).map_err(refuse),
        };
        match checked {
            Ok(Checked::User(user)) => Admission::Welcome(user),
            Ok(Checked::Waits(wanted)) => {
                if let Some(helpers) = &site.helpers {
                    self.auth.verify_elsewhere(helpers);
                }
                Admission::Later(Box::new(Waits { _wanted: wanted }))
            }
            Err(response) => Admission::Refused(site.complete_early(request, response)),
        }
    }
}

#[cfg(test)]
mod tests;

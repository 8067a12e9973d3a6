//! Which passwords were tried, and with which outcome, in memory of a bounded size.
//!
//! ```text
//!                 known: right ──▶ let in
//!                 known: wrong ──▶ denied, and nothing is counted
//!   an attempt ──▶ new ──▶ waits ──verified──▶ right, or wrong: a failure of its network
//! ```
//!
//! Names and passwords are kept as [`Fingerprint`]s: nobody can read them back out of this memory.
//!
//! Written here: a library such as `governor` limits how often something is tried. Here only what fails counts, the
//! same wrong password counts once, and a right one is not verified again.

use crate::http::client::Client;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How many passwords of one network may be wrong within the window; after that it has to wait until the window is
/// over. A user who mistypes needs two or three attempts, and guessing needs thousands.
pub(super) const MAX_FAILURES: usize = 5;
const WINDOW: Duration = Duration::from_secs(30);

/// For how many networks failures are remembered.
const MAX_NETWORKS: usize = 4096;

/// How many attempts are remembered as right, and how many as wrong.
const MAX_KNOWN: usize = 1024;

/// How many attempts may wait to be verified, one after another.
const MAX_WAITING: usize = 32;

/// A name and a password, hashed with a key that only this process has.
pub(super) type Fingerprint = [u8; 32];

/// The clients whose failures count together. A home or a server has a whole /64 of IPv6 addresses (RFC 6177), and
/// could use a new one for each guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Network(Client);

impl Network {
    pub(super) fn of(client: Client) -> Network {
        Network(client.owner().map_or(Client::Unix, Client::Ip))
    }
}

/// Fingerprints, the last [`MAX_KNOWN`] that were added.
#[derive(Debug, Default)]
struct Known {
    set: HashSet<Fingerprint>,
    in_order: VecDeque<Fingerprint>,
}

impl Known {
    /// Adds one, and says whether it is new.
    fn add(&mut self, fingerprint: Fingerprint) -> bool {
        if !self.set.insert(fingerprint) {
            return false;
        }
        self.in_order.push_back(fingerprint);
        if self.in_order.len() > MAX_KNOWN
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.set.remove(&oldest);
        }
        true
    }
}

/// What is known about an attempt before it is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was verified, and it is right.
    Right,
    /// It was verified, and it is wrong.
    Wrong,
    /// It waits to be verified, or is being verified.
    Waiting,
    /// Its network had too many wrong ones, and has to wait for this time.
    Blocked(Duration),
    /// It cannot be verified now: too many attempts of its network, or of all together, are waiting.
    NoRoom,
    /// Nothing.
    New,
}

/// An attempt that waits, with all that is needed to verify it.
#[derive(Debug)]
pub(super) struct Attempt<T> {
    pub(super) fingerprint: Fingerprint,
    pub(super) network: Network,
    /// The name and the password.
    pub(super) what: T,
    /// What each request holds that waits for it. When none does, the attempt is dropped.
    pub(super) wanted: Weak<()>,
}

/// All that is remembered.
#[derive(Debug)]
pub(super) struct Attempts<T> {
    right: Known,
    wrong: Known,
    waiting: VecDeque<Attempt<T>>,
    /// The one that is being verified.
    under_way: Option<(Fingerprint, Network)>,
    /// The network whose attempt was verified last: others have their turns before it.
    last: Option<Network>,
    /// How many failures each network has, and since when.
    failures: HashMap<Network, (usize, Instant)>,
}

impl<T> Default for Attempts<T> {
    fn default() -> Attempts<T> {
        Attempts {
            right: Known::default(),
            wrong: Known::default(),
            waiting: VecDeque::new(),
            under_way: None,
            last: None,
            failures: HashMap::new(),
        }
    }
}

impl<T> Attempts<T> {
    /// What is known about an attempt.
    ///
    /// A password that is known to be wrong comes first, and is not counted again: a page that asks for twenty pictures
    /// with yesterday's password is one failure. One that is known to be right comes after the block: otherwise a
    /// blocked client could go on guessing among the passwords of users who are logged in.
    pub(super) fn standing(&self, fingerprint: &Fingerprint, network: Network, now: Instant) -> Standing {
        if self.wrong.set.contains(fingerprint) {
            return Standing::Wrong;
        }
        let failures = match self.failures.get(&network) {
            Some((count, since)) if now < *since + WINDOW => {
                if *count >= MAX_FAILURES {
                    return Standing::Blocked(*since + WINDOW - now);
                }
                *count
            }
            _ => 0,
        };
        if self.right.set.contains(fingerprint) {
            return Standing::Right;
        }
        if self.is_waiting(fingerprint) {
            return Standing::Waiting;
        }
        // As if all waiting attempts of this network were wrong: it gets no more guesses at once than one after
        // another.
        let of_network = self.all_waiting().filter(|(_, one)| *one == network).count();
        if failures + of_network >= MAX_FAILURES || self.waiting.len() >= MAX_WAITING {
            return Standing::NoRoom;
        }
        Standing::New
    }

    /// Adds a new attempt to those that wait.
    pub(super) fn push(&mut self, attempt: Attempt<T>) {
        self.waiting.push_back(attempt);
    }

    /// What to hold while waiting for an attempt that waits; `None` if it is being verified, or is dropped.
    pub(super) fn wanted(&self, fingerprint: &Fingerprint) -> Option<Arc<()>> {
        self.waiting.iter().find(|attempt| attempt.fingerprint == *fingerprint)?.wanted.upgrade()
    }

    /// Takes the next attempt, and notes that it is being verified: the first of another network than the last, if
    /// there is one.
    pub(super) fn pop(&mut self) -> Option<Attempt<T>> {
        let of_another = self.waiting.iter().position(|attempt| Some(attempt.network) != self.last);
        let next = self.waiting.remove(of_another.unwrap_or(0))?;
        self.under_way = Some((next.fingerprint, next.network));
        self.last = Some(next.network);
        Some(next)
    }

    /// Drops the attempts for which nobody waits any more: their clients have gone. Says whether there were any.
    pub(super) fn drop_unwanted(&mut self) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|attempt| attempt.wanted.strong_count() > 0);
        self.waiting.len() < before
    }

    /// Whether an attempt waits, or is being verified.
    pub(super) fn is_waiting(&self, fingerprint: &Fingerprint) -> bool {
        self.all_waiting().any(|(one, _)| one == *fingerprint)
    }

    fn all_waiting(&self) -> impl Iterator<Item = (Fingerprint, Network)> {
        let queued = self.waiting.iter().map(|attempt| (attempt.fingerprint, attempt.network));
        queued.chain(self.under_way)
    }

    /// Notes the outcome of an attempt.
    pub(super) fn verified(&mut self, fingerprint: Fingerprint, network: Network, ok: bool, now: Instant) {
        self.under_way = self.under_way.filter(|(one, _)| *one != fingerprint);
        if ok {
            self.right.add(fingerprint);
        } else if self.wrong.add(fingerprint) {
            self.count_failure(network, now);
        }
    }

    /// Forgets which were right and which were wrong: other passwords count from now on. Waiting attempts go on
    /// waiting, and the one that is being verified has to be verified again. A blocked network stays blocked.
    pub(super) fn forget(&mut self) {
        (self.right, self.wrong, self.under_way) = (Known::default(), Known::default(), None);
    }

    fn count_failure(&mut self, network: Network, now: Instant) {
        if self.failures.len() >= MAX_NETWORKS && !self.failures.contains_key(&network) {
            self.failures.retain(|_, (_, since)| now < *since + WINDOW);
            // Still full: the one that would be unblocked first is unblocked now.
            let oldest =
                self.failures.iter().min_by_key(|(_, (_, since))| *since).map(|(network, _)| *network);
            if let Some(oldest) = oldest.filter(|_| self.failures.len() >= MAX_NETWORKS) {
                self.failures.remove(&oldest);
            }
        }
        let (count, since) = self.failures.entry(network).or_insert((0, now));
        if now >= *since + WINDOW {
            (*count, *since) = (0, now);
        }
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    const HERE: [u8; 4] = [192, 0, 2, 1];

    fn network(address: [u8; 4]) -> Network {
        Network::of(IpAddr::from(address).into())
    }

    fn fingerprint(number: usize) -> Fingerprint {
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&number.to_be_bytes());
        fingerprint
    }

    /// An attempt for which somebody waits as long as the test runs.
    fn attempt(fingerprint: Fingerprint, network: Network) -> Attempt<()> {
        let waits = Box::leak(Box::new(Arc::new(())));
        Attempt { fingerprint, network, what: (), wanted: Arc::downgrade(waits) }
    }

    fn fail(attempts: &mut Attempts<()>, numbers: std::ops::Range<usize>, network: Network, now: Instant) {
        for number in numbers {
            attempts.verified(fingerprint(number), network, false, now);
        }
    }

    #[test]
    fn after_some_failures_a_network_has_to_wait_and_others_do_not() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        attempts.verified(fingerprint(100), network(HERE), true, start);
        fail(&mut attempts, 0..MAX_FAILURES - 1, network(HERE), start);
        assert_eq!(attempts.standing(&fingerprint(99), network(HERE), start), Standing::New);
        fail(&mut attempts, 10..11, network(HERE), start + WINDOW / 2);
        let now = start + WINDOW / 2;
        let blocked = Standing::Blocked(WINDOW / 2);
        let elsewhere = network([192, 0, 2, 2]);
        assert_eq!(attempts.standing(&fingerprint(99), network(HERE), now), blocked);
        assert_eq!(attempts.standing(&fingerprint(99), elsewhere, now), Standing::New);
        assert_eq!(attempts.standing(&fingerprint(100), network(HERE), now), blocked, "even if it is right");
        assert_eq!(attempts.standing(&fingerprint(100), elsewhere, now), Standing::Right);
        assert_eq!(attempts.standing(&fingerprint(0), network(HERE), now), Standing::Wrong);
        assert_eq!(attempts.standing(&fingerprint(100), network(HERE), start + WINDOW), Standing::Right);
        fail(&mut attempts, 20..21, network(HERE), start + WINDOW);
        let later = start + WINDOW + WINDOW / 2;
        assert_eq!(attempts.standing(&fingerprint(99), network(HERE), later), Standing::New);
    }

    #[test]
    fn the_same_wrong_password_again_is_not_counted() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..2 * MAX_FAILURES {
            fail(&mut attempts, 0..1, network(HERE), now);
        }
        assert_eq!(attempts.standing(&fingerprint(0), network(HERE), now), Standing::Wrong);
        assert_eq!(attempts.standing(&fingerprint(1), network(HERE), now), Standing::New);
    }

    #[test]
    fn a_network_has_no_more_guesses_at_once_than_one_after_another() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        fail(&mut attempts, 0..2, network(HERE), now);
        for number in 10..10 + MAX_FAILURES - 2 {
            let (fingerprint, network) = (fingerprint(number), network(HERE));
            assert_eq!(attempts.standing(&fingerprint, network, now), Standing::New);
            attempts.push(attempt(fingerprint, network));
            assert_eq!(attempts.standing(&fingerprint, network, now), Standing::Waiting);
        }
        let next = attempts.pop().expect("several wait");
        assert_eq!(attempts.standing(&next.fingerprint, network(HERE), now), Standing::Waiting);
        assert_eq!(attempts.standing(&fingerprint(99), network(HERE), now), Standing::NoRoom);
        attempts.verified(next.fingerprint, next.network, true, now);
        assert_eq!(attempts.standing(&next.fingerprint, network(HERE), now), Standing::Right);
        assert_eq!(attempts.standing(&fingerprint(99), network(HERE), now), Standing::New);
    }

    #[test]
    fn what_waits_and_what_is_remembered_is_bounded() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let address = |number: usize| IpAddr::from(u32::try_from(number).expect("small").to_be_bytes());
        for number in 0..MAX_NETWORKS + 10 {
            let moment = now + Duration::from_micros(number as u64);
            fail(&mut attempts, number..number + 1, Network::of(address(number).into()), moment);
            attempts.verified(fingerprint(1_000_000 + number), network(HERE), true, now);
        }
        assert_eq!(attempts.failures.len(), MAX_NETWORKS);
        assert!(!attempts.failures.contains_key(&Network::of(address(0).into())), "the oldest goes first");
        assert!(attempts.failures.contains_key(&Network::of(address(10).into())));
        for known in [&attempts.right, &attempts.wrong] {
            assert_eq!((known.set.len(), known.in_order.len()), (MAX_KNOWN, MAX_KNOWN));
        }
        let mut attempts = Attempts::default();
        for number in 0..MAX_WAITING {
            let network = Network::of(address(number).into());
            assert_eq!(attempts.standing(&fingerprint(number), network, now), Standing::New);
            attempts.push(attempt(fingerprint(number), network));
        }
        assert_eq!(attempts.standing(&fingerprint(99), network(HERE), now), Standing::NoRoom);
    }

    #[test]
    fn a_network_with_one_attempt_waits_for_one_of_a_network_with_several() {
        let mut attempts = Attempts::default();
        let other = network([192, 0, 2, 2]);
        for (number, network) in [(0, network(HERE)), (1, network(HERE)), (2, network(HERE)), (3, other)] {
            attempts.push(attempt(fingerprint(number), network));
        }
        let order: Vec<_> =
            std::iter::from_fn(|| attempts.pop()).map(|attempt| attempt.fingerprint[7]).collect();
        assert_eq!(order, [0, 3, 1, 2]);
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_verified() {
        let (mut attempts, waits) = (Attempts::default(), Arc::new(()));
        let first = Attempt { wanted: Arc::downgrade(&waits), ..attempt(fingerprint(0), network(HERE)) };
        attempts.push(first);
        attempts.push(attempt(fingerprint(1), network(HERE)));
        assert!(attempts.wanted(&fingerprint(0)).is_some());
        drop(waits);
        assert!(attempts.drop_unwanted() && !attempts.drop_unwanted());
        assert!(attempts.wanted(&fingerprint(0)).is_none());
        assert_eq!(attempts.pop().map(|attempt| attempt.fingerprint), Some(fingerprint(1)));
    }

    #[test]
    fn a_network_is_an_address_or_a_whole_64_of_version_6() {
        let table = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("2001:db8::1", "2001:db8::ffff:0:0:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ];
        for (one, other, same) in table {
            let network = |text: &str| Network::of(text.parse::<IpAddr>().expect("an address").into());
            assert_eq!(network(one) == network(other), same, "{one} {other}");
        }
    }
}

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Poll, Wake};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Wakes a test.
struct Bell(Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

fn bell() -> (Waker, Receiver<()>) {
    let (sender, rung) = channel();
    (Arc::new(Bell(sender)).into(), rung)
}

/// What comes of it, once it is there.
fn outcome<T>(outcome: &Outcome<T>, rung: &Receiver<()>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Poll::Ready(made) = outcome.poll() {
            return made;
        }
        rung.recv_timeout(until.saturating_duration_since(Instant::now())).expect("it is made");
    }
}

/// Keeps a helper busy until the sender is dropped.
fn occupy(helpers: &Helpers, kind: Kind) -> (Sender<()>, Outcome<()>) {
    let (sender, until) = channel::<()>();
    let (begun, has_begun) = channel();
    let held = helpers.ask(None, kind, Waker::noop().clone(), move || {
        let _ = begun.send(());
        let _ = until.recv_timeout(PATIENCE);
    });
    has_begun.recv_timeout(PATIENCE).expect("a helper takes it");
    (sender, held.ok().expect("there is room"))
}

#[test]
fn what_a_helper_has_made_is_there_when_the_waker_is_called() {
    let (helpers, (waker, rung)) = (Helpers::new(), bell());
    let made = helpers.ask(None, Kind::Long, waker, || 6 * 7).ok().expect("there is room");
    assert_eq!(outcome(&made, &rung), 42);
    assert_eq!(made.poll(), Poll::Pending, "it is given out once");
}

#[test]
fn a_panic_is_that_of_who_asked_and_the_helper_goes_on() {
    let (helpers, (waker, rung)) = (Helpers::so_many(1), bell());
    let panics = helpers.ask(None, Kind::Short, waker.clone(), || -> u8 {
        panic!("this is the panic that the test provokes")
    });
    let panics = panics.ok().expect("there is room");
    let caught = catch_unwind(AssertUnwindSafe(|| outcome(&panics, &rung)));
    let with = caught.expect_err("it panics");
    assert_eq!(with.downcast_ref(), Some(&"this is the panic that the test provokes"));
    let next = helpers.ask(None, Kind::Short, waker, || 1).ok().expect("there is room");
    assert_eq!(outcome(&next, &rung), 1);
}

#[test]
fn what_is_long_leaves_a_helper_for_what_is_short() {
    let (helpers, (waker, rung)) = (Helpers::so_many(2), bell());
    let (held, _held) = occupy(&helpers, Kind::Long);
    let long = helpers.ask(None, Kind::Long, waker.clone(), || 1).ok().expect("there is room");
    let short = helpers.ask(None, Kind::Short, waker, || 2).ok().expect("there is room");
    assert_eq!((outcome(&short, &rung), long.poll()), (2, Poll::Pending));
    drop(held);
    assert_eq!(outcome(&long, &rung), 1);
}

#[test]
fn what_nobody_waits_for_any_more_is_not_done() {
    let (helpers, (waker, rung)) = (Helpers::so_many(1), bell());
    let (held, _held) = occupy(&helpers, Kind::Short);
    let calls = Arc::new(AtomicUsize::new(0));
    let ask = || {
        let calls = Arc::clone(&calls);
        helpers.ask(None, Kind::Short, waker.clone(), move || calls.fetch_add(1, Ordering::Relaxed))
    };
    drop(ask());
    let last = ask().ok().expect("there is room");
    drop(held);
    assert_eq!(outcome(&last, &rung), 0, "the first was not called");
}

/// Works in so many steps, and notes each.
struct Steps(usize, Sender<usize>);

impl Job for Steps {
    fn work(&mut self) -> Progress {
        self.0 -= 1;
        let _ = self.1.send(self.0);
        if self.0 == 0 { Progress::Done } else { Progress::More }
    }
}

#[test]
fn a_job_in_steps_lets_others_go_between_them() {
    let helpers = Helpers::so_many(1);
    let (held, _held) = occupy(&helpers, Kind::Short);
    let (sender, steps) = channel();
    for count in [3, 1] {
        assert!(helpers.give(None, Kind::Short, Steps(count, sender.clone())));
    }
    drop((held, sender));
    let order: Vec<_> = (0..4).map(|_| steps.recv_timeout(PATIENCE).expect("a step")).collect();
    assert_eq!(order, [2, 0, 1, 0]);
}

#[test]
fn at_the_end_what_waits_is_dropped_and_who_waits_for_it_is_told() {
    let (helpers, (waker, rung)) = (Helpers::so_many(1), bell());
    let (held, _held) = occupy(&helpers, Kind::Short);
    let waits = helpers.ask(None, Kind::Short, waker, || 1).ok().expect("there is room");
    drop(helpers);
    let told = catch_unwind(AssertUnwindSafe(|| outcome(&waits, &rung)));
    assert!(told.is_err());
    drop(held);
}

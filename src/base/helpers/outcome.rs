//! What a helper makes of a function, and how who waits for it learns of that.

use super::{Job, Progress};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Poll, Waker};

/// What comes of a function that a helper calls. When this is dropped, nobody wants to know, and the function is not
/// called if it was not yet.
pub struct Outcome<T>(Arc<Mutex<Made<T>>>);

enum Made<T> {
    NotYet,
    This(T),
    /// The function has panicked, with this.
    Panic(Box<dyn Any + Send>),
    /// It was given out.
    Taken,
}

impl<T> Outcome<T> {
    /// What the function has returned. It can be taken once.
    ///
    /// # Panics
    /// If the function has panicked, or was never called: with what it panicked with.
    pub fn poll(&self) -> Poll<T> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *made, Made::Taken) {
            Made::This(outcome) => Poll::Ready(outcome),
            Made::NotYet => {
                *made = Made::NotYet;
                Poll::Pending
            }
            Made::Panic(with) => {
                drop(made);
                resume_unwind(with)
            }
            Made::Taken => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outcome")
    }
}

/// The call of a function.
pub(super) struct Call<F, T> {
    function: Option<F>,
    made: Weak<Mutex<Made<T>>>,
    waker: Waker,
}

impl<F, T> Call<F, T> {
    pub(super) fn new(function: Option<F>, waker: Waker) -> (Call<F, T>, Outcome<T>) {
        let made = Arc::new(Mutex::new(Made::NotYet));
        (Call { function, made: Arc::downgrade(&made), waker }, Outcome(made))
    }

    fn note(&self, outcome: Made<T>) {
        if let Some(made) = self.made.upgrade() {
            *made.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
            self.waker.wake_by_ref();
        }
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Job for Call<F, T> {
    fn work(&mut self) -> Progress {
        if let Some(function) = self.function.take() {
            self.note(catch_unwind(AssertUnwindSafe(function)).map_or_else(Made::Panic, Made::This));
        }
        Progress::Done
    }

    fn is_wanted(&self) -> bool {
        self.made.strong_count() > 0
    }
}

impl<F, T> Drop for Call<F, T> {
    fn drop(&mut self) {
        if self.function.take().is_some() {
            self.note(Made::Panic(Box::new("the helpers have ended")));
        }
    }
}

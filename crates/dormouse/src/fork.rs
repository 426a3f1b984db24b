//! Children of `fork`.
//!
//! A child has a copy of its parent's memory, and a single thread: a copy of the one that called `fork`. So the reactor
//! thread does not exist there, and a lock may be held by a thread that does not exist. The fds are shared: if the
//! child sets a timerfd, or removes an fd from an epoll instance, it does so for the parent too. So a child creates new
//! values for statics that hold locks or fds ([`PerProcess`]), and does not use or drop what it inherits. The statics
//! of the poller role are reset instead.
//!
//! A `pthread_atfork` handler counts forks, so a check costs one load. A child that is created by the raw system
//! call is not detected.

use forkguard::atfork::Guard;
use std::sync::OnceLock;

/// Identifies the process in which it was created. None if no handler could be installed: then no fork is detected.
#[derive(Debug)]
pub(crate) struct Process(Option<Guard>);

impl Process {
    pub(crate) fn current() -> Process {
        Process(Guard::try_new().ok())
    }

    /// Whether the calling code runs in a child of that process.
    #[inline]
    pub(crate) fn forked(&self) -> bool {
        // A clone, because the call resets the guard.
        self.0.as_ref().is_some_and(|guard| guard.clone().detected_fork())
    }
}

/// A static with a separate value in each process: a linked list from the oldest ancestor to this process.
#[derive(Debug)]
pub(crate) struct PerProcess<T: 'static> {
    /// The process that uses `value`. Set by its first use.
    process: OnceLock<Process>,
    value: T,
    /// Set in a child of `process` only.
    child: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new(value: T) -> PerProcess<T> {
        PerProcess { process: OnceLock::new(), value, child: OnceLock::new() }
    }

    /// The value of this process. In a child, the first call creates it with `make`, which gets the parent's value.
    #[inline]
    pub(crate) fn get(&'static self, make: fn(&'static T) -> T) -> &'static T {
        let mut current = self;
        while current.process.get_or_init(Process::current).forked() {
            current = current.in_child(make);
        }
        &current.value
    }

    #[cold]
    fn in_child(&'static self, make: fn(&'static T) -> T) -> &'static PerProcess<T> {
        self.child.get_or_init(|| Box::new(PerProcess::new(make(&self.value))))
    }

    /// The values of all ancestors of this process that have used the static, oldest first.
    #[cfg(feature = "tokio")]
    pub(crate) fn inherited(&'static self) -> impl Iterator<Item = &'static T> {
        let forked = |at: &&'static PerProcess<T>| at.process.get().is_some_and(Process::forked);
        let next = |at: &&'static PerProcess<T>| at.child.get().map(|child| &**child);
        std::iter::successors(Some(self), next).filter(forked).map(|at| &at.value)
    }
}

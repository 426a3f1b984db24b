//! Children of `fork`.
//!
//! A child has the memory of its parent, and one of its threads. A reactor's thread is not there; a lock may be held
//! by a thread that is not there; and fds are shared, so that a timerfd that the child sets, or an fd that it takes
//! out of an epoll instance, is the parent's too. So a child begins anew, with nothing of its parent's, and leaves
//! that as it is.
//!
//! It is noticed by a handler of `pthread_atfork`, which counts; looking costs a load. A process that is made
//! by the system call alone is not noticed.

use forkguard::atfork::Guard;
use std::sync::OnceLock;

/// The process in which it was made.
#[derive(Debug)]
pub(crate) struct Process(Option<Guard>);

impl Process {
    pub(crate) fn current() -> Process {
        Process(Guard::try_new().ok())
    }

    /// Whether the calling code runs in a child of that process.
    #[inline]
    pub(crate) fn forked(&self) -> bool {
        self.0.as_ref().is_some_and(|guard| guard.clone().detected_fork())
    }
}

/// A static of which each process has its own.
#[derive(Debug)]
pub(crate) struct PerProcess<T: 'static> {
    process: OnceLock<Process>,
    value: T,
    child: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new(value: T) -> PerProcess<T> {
        PerProcess { process: OnceLock::new(), value, child: OnceLock::new() }
    }

    /// This process's. If it is a child that has none, `make` makes it, and is given the parent's.
    #[inline]
    pub(crate) fn get(&'static self, make: fn(&'static T) -> T) -> &'static T {
        let mut at = self;
        while at.process.get_or_init(Process::current).forked() {
            at = at.in_child(make);
        }
        &at.value
    }

    #[cold]
    fn in_child(&'static self, make: fn(&'static T) -> T) -> &'static PerProcess<T> {
        self.child.get_or_init(|| Box::new(PerProcess::new(make(&self.value))))
    }

    /// The parent's, and that of its parent, and so on.
    #[cfg(feature = "tokio")]
    pub(crate) fn inherited(&'static self) -> impl Iterator<Item = &'static T> {
        let forked = |at: &&'static PerProcess<T>| at.process.get().is_some_and(Process::forked);
        let next = |at: &&'static PerProcess<T>| at.child.get().map(|child| &**child);
        std::iter::successors(Some(self), next).filter(forked).map(|at| &at.value)
    }
}

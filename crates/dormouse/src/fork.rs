//! Children of `fork`.
//!
//! A child has its parent's memory and one of its threads. The reactor's thread does not exist there; a lock may be
//! held by a thread that does not exist; and fds are shared, so a timerfd that the child sets, or an fd that it removes
//! from an epoll instance, is the parent's too. So a child starts with statics of its own, and leaves
//! everything that it inherits unchanged.
//!
//! A handler of `pthread_atfork` counts forks, so a check costs one load. A process that is created by the raw system
//! call is not noticed.

use forkguard::atfork::Guard;
use std::sync::OnceLock;

/// The process in which it was created.
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

/// A static of which each process has its own value.
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

    /// The value of this process. A child creates its value with `make`, which gets the parent's value.
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

    /// The values of the parent, its parent, and so on.
    #[cfg(all(feature = "tokio", not(all(loom, test))))]
    pub(crate) fn inherited(&'static self) -> impl Iterator<Item = &'static T> {
        let forked = |at: &&'static PerProcess<T>| at.process.get().is_some_and(Process::forked);
        let next = |at: &&'static PerProcess<T>| at.child.get().map(|child| &**child);
        std::iter::successors(Some(self), next).filter(forked).map(|at| &at.value)
    }
}

//! Children of `fork`.
//!
//! A child has a copy of its parent's memory, and a single thread: a copy of the one that called `fork`. So the reactor
//! thread does not exist there, and a lock may be held by a thread that does not exist. The fds are shared: if the
//! child sets a timerfd, or removes an fd from an epoll instance, it does so for the parent too. So each process has
//! its own values of the statics that hold locks, fds or counts of threads ([`PerProcess`]). A child does not use what
//! it inherits: it only closes its copies of the fds ([`fds`]).
//!
//! A `pthread_atfork` handler counts forks, so a check costs one load. A child that is created by the raw system
//! call is not detected.
//!
//! # Invariants
//! - A child waits for no lock and no initialization that a thread of its parent has begun: [`once`].
//! - [`PerProcess::get`] takes as long in the thousandth generation as in the first.

#[allow(dead_code, reason = "loom tests and systems without epoll use a part of it")]
pub(crate) mod fds;
mod once;

pub(crate) use once::Once;

use forkguard::atfork::Guard;
use once::process_id;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Identifies the process in which it was created.
#[derive(Debug)]
pub(crate) enum Process {
    Atfork(Guard),
    /// Its id, if no handler could be installed. To compare it takes a system call.
    Id(u32),
}

impl Process {
    pub(crate) fn current() -> Process {
        /// Whether the handler has been installed, by this process or an ancestor.
        static INSTALLED: Once<bool> = Once::new();
        // Only the first call of `Guard::try_new` installs the handler, and may block.
        let installed = INSTALLED.get_or_init(|| Guard::try_new().is_ok()) == Some(&true);
        let guard = if installed { Guard::try_new().ok() } else { None };
        guard.map_or_else(|| Process::Id(process_id()), Process::Atfork)
    }

    /// Whether the calling code runs in a child of that process.
    #[inline]
    pub(crate) fn forked(&self) -> bool {
        match self {
            // A clone, because the call resets the guard.
            Process::Atfork(guard) => guard.clone().detected_fork(),
            Process::Id(id) => process_id() != *id,
        }
    }
}

/// A static with a separate value in each process.
#[derive(Debug)]
pub(crate) struct PerProcess<T: 'static> {
    /// The value of the first process that has used the static, and that process.
    value: T,
    process: Once<Process>,
    /// The values of its descendants, each of which is a child of the one before. Allocated in chunks of 1, 2, 4 and so
    /// on values, so that finding one takes as long for each.
    descendants: [Once<Box<[Slot<T>]>>; CHUNKS],
    /// The number of the newest descendant that has used the static. 0 is the first process.
    newest: AtomicUsize,
}

/// 2^32 generations.
const CHUNKS: usize = 32;

type Slot<T> = Once<Box<Node<T>>>;

#[derive(Debug)]
struct Node<T> {
    process: Process,
    value: T,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new(value: T) -> PerProcess<T> {
        PerProcess {
            value,
            process: Once::new(),
            descendants: [const { Once::new() }; CHUNKS],
            newest: AtomicUsize::new(0),
        }
    }

    /// The value of this process. In a child, the first call creates it with `make`, which gets the value of the last
    /// ancestor that has used the static. `make` must not call `get`.
    #[inline]
    pub(crate) fn get(&'static self, make: fn(&'static T) -> T) -> &'static T {
        self.get_then(make, |_| {})
    }

    /// Like [`get`](Self::get). The call that creates the value also calls `then`, which gets the same value as `make`,
    /// and may call any code.
    #[inline]
    pub(crate) fn get_then(
        &'static self,
        make: fn(&'static T) -> T,
        then: fn(&'static T),
    ) -> &'static T {
        match self.process.get() {
            Some(process) if !process.forked() => &self.value,
            _ => self.find(make, then),
        }
    }

    #[inline(never)]
    fn find(&'static self, make: fn(&'static T) -> T, then: fn(&'static T)) -> &'static T {
        let newest = self.newest.load(Ordering::Acquire);
        match self.descendant(newest) {
            Some(node) if !node.process.forked() => &node.value,
            _ => self.create(newest, make, then),
        }
    }

    #[cold]
    fn create(
        &'static self,
        newest: usize,
        make: fn(&'static T) -> T,
        then: fn(&'static T),
    ) -> &'static T {
        if newest == 0 {
            match self.process.get_or_init(Process::current) {
                Some(process) if process.forked() => {}
                // `None`: a thread of the parent was about to use the static for the first time.
                Some(_) => return &self.value,
                None => {}
            }
        }
        let parent = self.descendant(newest).map_or(&self.value, |node| &node.value);
        let mut number = newest + 1;
        loop {
            let mut is_new = false;
            let node = self.slot(number).and_then(|slot| {
                slot.get_or_init(|| {
                    is_new = true;
                    Box::new(Node { process: Process::current(), value: make(parent) })
                })
            });
            match node {
                Some(node) if !node.process.forked() => {
                    self.newest.fetch_max(number, Ordering::Release);
                    if is_new {
                        then(parent);
                    }
                    return &node.value;
                }
                // A thread of the parent was creating its value, or has created it and not counted it yet.
                _ => number += 1,
            }
        }
    }

    /// The values of the ancestors of this process that have used the static, oldest first.
    pub(crate) fn inherited(&'static self) -> impl Iterator<Item = &'static T> {
        let first = self.process.get().filter(|process| process.forked());
        let newest = self.newest.load(Ordering::Acquire);
        let descendants = (1..=newest).filter_map(|number| self.descendant(number));
        let descendants = descendants.filter(|node| node.process.forked());
        first.map(|_| &self.value).into_iter().chain(descendants.map(|node| &node.value))
    }

    fn descendant(&self, number: usize) -> Option<&Node<T>> {
        let (chunk, index) = position(number)?;
        self.descendants[chunk].get()?[index].get().map(|node| &**node)
    }

    /// `None` if a thread of the parent was allocating its chunk.
    fn slot(&self, number: usize) -> Option<&Slot<T>> {
        let (chunk, index) = position(number)?;
        let chunk = self.descendants[chunk]
            .get_or_init(|| (0..1 << chunk).map(|_| Once::new()).collect())?;
        Some(&chunk[index])
    }
}

/// The chunk of a descendant, and its index there. `None` for the first process.
fn position(number: usize) -> Option<(usize, usize)> {
    let chunk = number.checked_ilog2()? as usize;
    Some((chunk, number - (1 << chunk)))
}

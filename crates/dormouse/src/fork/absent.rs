//! In place of `fork.rs` on systems without `fork`: there is one process.

use std::sync::OnceLock;

/// There is no child that inherits anything.
pub(crate) mod fds {
    pub(crate) fn close_duplicate<D, O>(_: D, _: O) {}
}

#[derive(Debug)]
pub(crate) struct Process;

impl Process {
    #[inline]
    pub(crate) fn current() -> Process {
        Process
    }

    #[inline]
    pub(crate) fn forked(&self) -> bool {
        false
    }
}

/// A static.
#[derive(Debug)]
pub(crate) struct PerProcess<T: 'static>(T);

impl<T> PerProcess<T> {
    pub(crate) const fn new(value: T) -> PerProcess<T> {
        PerProcess(value)
    }

    #[inline]
    pub(crate) fn get(&'static self, _: fn(&'static T) -> T) -> &'static T {
        &self.0
    }

    #[inline]
    pub(crate) fn get_then(&'static self, _: fn(&'static T) -> T, _: fn(&'static T)) -> &'static T {
        &self.0
    }

    pub(crate) fn inherited(&'static self) -> impl Iterator<Item = &'static T> {
        std::iter::empty()
    }
}

/// A value that is initialized once.
#[derive(Debug)]
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Once<T> {
        Once(OnceLock::new())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        false
    }

    pub(crate) fn get_or_init(&self, create: impl FnOnce() -> T) -> Option<&T> {
        Some(self.0.get_or_init(create))
    }
}

//! In place of `fork.rs` on systems without `fork`: there is one process.

#[derive(Debug)]
pub(crate) struct Process;

impl Process {
    #[inline]
    pub(crate) fn current() -> Process {
        Process
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
    #[cfg_attr(not(feature = "stats"), expect(dead_code, reason = "only stats calls it"))]
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

//! In place of `timer/timerfd.rs` in JavaScript hosts: `wake_source/web.rs` has another wake source.

pub(crate) const EXISTS: bool = false;

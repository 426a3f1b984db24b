//! In place of `source.rs` in JavaScript hosts, where nothing is watched.

pub(crate) type RawSource = i32;

//! What the stress programs share. Each has a script in the folder `scripts`.

pub mod executors;
pub mod verdict;

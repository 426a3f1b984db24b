//! What the programs of the lab share. Each has a script of its own in the folder `lab`.

pub mod executors;
pub mod verdict;

//! Shared by the programs `soak` and `suspend`. The scripts of the same names in `scripts/` run them; `scripts/faults`
//! runs `faults`.

pub mod checks;
pub mod executors;

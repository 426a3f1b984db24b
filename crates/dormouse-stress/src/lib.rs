//! Shared by the programs `soak` and `suspend`. The scripts of the same names in `scripts/` run them; `scripts/faults`
//! runs `faults`, and `scripts/panic-abort` runs `panic_abort`.

pub mod checks;
pub mod executors;

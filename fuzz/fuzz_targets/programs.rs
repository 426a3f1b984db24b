//! Random programs in virtual time against an oracle: see `crates/dormouse/tests/virtual_time/programs/mod.rs`.
#![no_main]

#[path = "../../crates/dormouse/tests/virtual_time/programs/mod.rs"]
mod programs;

libfuzzer_sys::fuzz_target!(|program: &[u8]| programs::check(program));

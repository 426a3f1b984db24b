//! The wheel against its oracle: see `crates/dormouse/src/wheel/oracle.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|program: &[u8]| dormouse::fuzzing::wheel(program));

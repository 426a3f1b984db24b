//! The wheel against its model: see `crates/dormouse/src/wheel/model.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|program: &[u8]| dormouse::fuzzing::wheel(program));

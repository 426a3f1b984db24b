//! The programs of docs/COMPARE.md for the crates that the library itself does not depend on, not even for its tests.
#![cfg(unix)]

#[path = "compare/agnostic.rs"]
mod agnostic;
#[path = "compare/futures_timer.rs"]
mod futures_timer;
#[path = "compare/zruntime.rs"]
mod zruntime;

const PAGE: &str = include_str!("../../../docs/COMPARE.md");
const SOURCES: [&str; 3] = [
    include_str!("compare/agnostic.rs"),
    include_str!("compare/futures_timer.rs"),
    include_str!("compare/zruntime.rs"),
];

#[test]
fn each_program_that_is_no_doc_test_is_compiled_here() {
    let programs: Vec<_> = PAGE
        .split("```rust,ignore\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("the end of the block").0)
        .collect();
    assert!(programs.len() >= 8, "{} programs", programs.len());
    for program in programs {
        assert!(SOURCES.iter().any(|source| source.contains(program)), "not compiled: {program}");
    }
}

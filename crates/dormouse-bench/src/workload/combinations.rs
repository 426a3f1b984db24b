//! W9: a round trip over TCP between two tasks, for each executor: with each set of features of dormouse that selects
//! reactors, and with each panic mode.
//!
//! Features and the panic mode hold for a whole build. `dormouse-combination` is the program that is built for each
//! of them, and contains the code that is measured.

use crate::case::{Case, Size};

pub(super) fn cases(size: Size) -> Vec<Case> {
    let case = |(variant, label): (&str, &str)| Case {
        workload: "w9".into(),
        label: label.into(),
        variant: variant.into(),
        ms: size.pick(2, 20, 50),
        rounds: size.pick(1, 2, 10),
        ..Case::default()
    };
    [
        ("tokio-ct", "tokio, current_thread"),
        ("tokio-mt", "tokio, multi_thread"),
        ("smol", "smol, one thread"),
        ("block_on", "dormouse::block_on"),
        ("futures", "another executor: futures' block_on"),
    ]
    .map(case)
    .into()
}

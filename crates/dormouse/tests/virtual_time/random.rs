//! Random programs against the oracle: see [`programs`].

use super::programs;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[test]
#[cfg_attr(windows, ignore = "a `SystemTime` counts 100 ns there, and the programs single ns")]
fn random_programs_fire_as_the_oracle_says() {
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    // A fixed seed: the fuzzer searches for new programs.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let program = prop::collection::vec(any::<u8>(), 1..400);
    TestRunner::new_with_rng(config, rng)
        .run(&program, |program| {
            programs::check(&program);
            Ok(())
        })
        .unwrap();
}

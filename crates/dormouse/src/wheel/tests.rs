//! The wheel: random programs against the oracle, and single promises.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[test]
fn the_wheel_matches_the_oracle() {
    let config = Config { cases: 5000, failure_persistence: None, ..Config::default() };
    // A fixed seed: the fuzzer searches for new programs.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let program = prop::collection::vec(any::<u8>(), 1..1000);
    TestRunner::new_with_rng(config, rng)
        .run(&program, |program| {
            oracle::check(&program);
            Ok(())
        })
        .unwrap();
}

#[test]
fn equal_deadlines_expire_in_the_order_of_insertion() {
    let hour = 3_600_000_000_000;
    let mut wheel = Wheel::new();
    let mut out = Vec::new();
    for name in 0..10 {
        // Each timer is inserted nearer to the deadline, and so in a lower level than the one before.
        wheel.insert(hour, 0, name);
        wheel.turn(hour - hour / (1 << (3 * (name + 1))), usize::MAX, &mut out);
        assert!(out.is_empty());
    }
    wheel.turn(hour, usize::MAX, &mut out);
    assert_eq!(out, (0..10).map(|name| (hour, name)).collect::<Vec<_>>());
}

#[test]
fn a_single_timer_needs_one_turn_whatever_its_deadline() {
    for deadline in [1, 4097, 1_000_000, 3_600_000_000_000, 1 << 62, u64::MAX] {
        let mut wheel = Wheel::new();
        wheel.insert(deadline, 0, ());
        assert_eq!(wheel.next_deadline(), Some(deadline));
        let mut out = Vec::new();
        wheel.turn(deadline, usize::MAX, &mut out);
        assert_eq!(out.len(), 1);
    }
}

#[test]
fn a_key_is_not_valid_again_after_the_generations_of_its_entry_are_used_up() {
    let mut wheel = Wheel::new();
    let first = wheel.insert(1, 0, 'a');
    wheel.remove(first);
    wheel.entries.get_mut(first.index).generation = u32::MAX;
    let last = wheel.insert(1, 0, 'b');
    assert_eq!(last, Key { index: first.index, generation: u32::MAX });
    assert_eq!(wheel.remove(last), Some('b'));
    let next = wheel.insert(1, 0, 'c');
    assert_eq!(wheel.remove(first), None);
    assert_eq!(wheel.value_mut(next), Some(&mut 'c'));
}

#[test]
fn a_key_is_stale_once_its_timer_is_removed() {
    let mut wheel = Wheel::new();
    let old = wheel.insert(1, 0, 'a');
    assert_eq!(wheel.remove(old), Some('a'));
    let new = wheel.insert(1, 0, 'b');
    assert_eq!(wheel.remove(old), None);
    assert!(!wheel.reset(old, 2));
    assert_eq!(wheel.value_mut(old), None);
    assert_eq!(wheel.value_mut(new), Some(&mut 'b'));
}

#[test]
fn a_turn_can_be_split_by_a_limit() {
    let mut wheel = Wheel::new();
    for deadline in (0..1000u64).rev() {
        wheel.insert(deadline * 10_000, 0, ());
    }
    let mut out = Vec::new();
    let mut parts = 0;
    while !wheel.turn(u64::MAX - 1, 100, &mut out) {
        parts += 1;
    }
    assert!(parts >= 2, "{parts}");
    assert_eq!(out.len(), 1000);
    assert!(out.is_sorted());
}

#[test]
fn clear_returns_all_timers_in_order() {
    let mut wheel = Wheel::new();
    let key = wheel.insert(7, 0, 7);
    wheel.insert(u64::MAX, 0, 9);
    wheel.insert(3, 0, 3);
    assert_eq!(wheel.clear(), [(3, 3), (7, 7), (u64::MAX, 9)]);
    assert_eq!(wheel.next_deadline(), None);
    assert_eq!(wheel.remove(key), None);
    wheel.insert(5, 0, 5);
    assert_eq!(wheel.next_deadline(), Some(5));
}

#[test]
fn an_entry_takes_at_most_32_bytes() {
    // The memory of a pending timer: see BYTES in the benchmarks.
    assert!(size_of::<Entry<std::task::Waker>>() <= 32);
}

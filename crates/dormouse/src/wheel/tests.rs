//! The wheel against a model: a list of deadlines.

use super::*;
use proptest::prelude::*;

/// What the wheel promises, in the most obvious way.
#[derive(Default)]
struct Model {
    /// Deadline, order of insertion or reset, name.
    timers: Vec<(u64, usize)>,
}

impl Model {
    fn due(&mut self, now: u64) -> Vec<(u64, usize)> {
        let (mut due, left): (Vec<_>, Vec<_>) =
            self.timers.iter().partition(|&&(deadline, _)| deadline <= now);
        self.timers = left;
        due.sort_unstable();
        due
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u64),
    Remove(usize),
    Reset(usize, u64),
    Turn(u64),
}

/// Times at every scale: near zero, near the last one, around powers of two, anywhere.
fn time() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..100_000u64,
        0..10_000_000_000u64,
        (0..64u32, -2..3i64).prop_map(|(bit, off)| (1u64 << bit).wrapping_add_signed(off)),
        any::<u64>(),
        (0..10u64).prop_map(|off| u64::MAX - off),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => time().prop_map(Step::Insert),
        1 => any::<usize>().prop_map(Step::Remove),
        2 => (any::<usize>(), time()).prop_map(|(which, at)| Step::Reset(which, at)),
        2 => time().prop_map(Step::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_wheel_does_what_the_model_does(steps in prop::collection::vec(step(), 1..200)) {
        let mut wheel = Wheel::new();
        let mut model = Model::default();
        let mut keys = Vec::new();
        let mut now = 0;
        let mut removed = false;
        for step in steps {
            match step {
                Step::Insert(deadline) => {
                    let name = keys.len();
                    keys.push(wheel.insert(deadline, now, name));
                    model.timers.push((deadline, name));
                }
                Step::Remove(which) if !keys.is_empty() => {
                    let name = which % keys.len();
                    let position = model.timers.iter().position(|timer| timer.1 == name);
                    prop_assert_eq!(wheel.remove(keys[name]), position.map(|_| name));
                    if let Some(position) = position {
                        model.timers.remove(position);
                        removed = true;
                    }
                }
                Step::Reset(which, deadline) if !keys.is_empty() => {
                    let name = which % keys.len();
                    let timer = model.timers.iter_mut().find(|timer| timer.1 == name);
                    prop_assert_eq!(wheel.reset(keys[name], deadline), timer.is_some());
                    if let Some(timer) = timer {
                        timer.0 = deadline;
                        removed = true;
                    }
                }
                Step::Remove(_) | Step::Reset(..) => {}
                Step::Turn(to) => {
                    now = now.max(to);
                    let mut out = Vec::new();
                    prop_assert!(wheel.turn(now, usize::MAX, &mut out));
                    prop_assert!(out.is_sorted_by_key(|timer| timer.0));
                    out.sort_unstable();
                    prop_assert_eq!(out, model.due(now));
                    removed &= !model.timers.is_empty();
                }
            }
            // Never too late; and exact as long as nothing was removed.
            let earliest = model.timers.iter().map(|timer| timer.0).min();
            match (wheel.next_deadline(), earliest) {
                (None, None) => {}
                (Some(next), Some(earliest)) => {
                    prop_assert!(next <= earliest);
                    prop_assert!(removed || next == earliest);
                }
                (next, earliest) => prop_assert_eq!(next, earliest),
            }
            prop_assert_eq!(wheel.len, model.timers.len());
        }
    }
}

#[test]
fn equal_deadlines_go_out_in_the_order_they_came_in() {
    let hour = 3_600_000_000_000;
    let mut wheel = Wheel::new();
    let mut out = Vec::new();
    for name in 0..10 {
        // Each is inserted nearer to the deadline, and so in a lower level than the last.
        wheel.insert(hour, 0, name);
        wheel.turn(hour - hour / (1 << (3 * (name + 1))), usize::MAX, &mut out);
        assert!(out.is_empty());
    }
    wheel.turn(hour, usize::MAX, &mut out);
    assert_eq!(out, (0..10).map(|name| (hour, name)).collect::<Vec<_>>());
}

#[test]
fn one_long_sleep_needs_one_turn_however_long() {
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
fn a_key_names_nothing_once_its_timer_is_gone() {
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
fn a_turn_can_be_taken_in_parts() {
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
fn clear_takes_out_everything_in_order() {
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
fn an_entry_is_no_larger_than_it_has_to_be() {
    // The memory of a pending timer: see BYTES in the benchmarks.
    assert_eq!(size_of::<Entry<std::task::Waker>>(), 32);
}

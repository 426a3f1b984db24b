//! The oracle for the wheel, a list of deadlines, and programs that compare the two. Programs are decoded from bytes.
//!
//! The bytes are random in the test beside this file; the fuzzer (`fuzz/`) searches for bytes that reach new code of
//! the wheel.

use super::{Key, Wheel};

/// What the wheel promises, in the most obvious implementation.
#[derive(Default)]
struct Oracle {
    /// Deadline, rank in the order in which deadlines were set, name: the number of the timer.
    timers: Vec<(u64, usize, usize)>,
    /// How many deadlines were set.
    set: usize,
    /// Deadlines of timers that have been removed since: `next_deadline` may still return them.
    removed: Vec<u64>,
}

impl Oracle {
    fn set(&mut self, deadline: u64, name: usize) {
        self.set += 1;
        self.timers.push((deadline, self.set, name));
    }

    fn remove(&mut self, name: usize) -> bool {
        let position = self.timers.iter().position(|timer| timer.2 == name);
        self.removed.extend(position.map(|position| self.timers.remove(position).0));
        position.is_some()
    }

    /// Removes the first `limit` timers that are due, in order.
    fn take_expired(&mut self, now: u64, limit: usize) -> Vec<(u64, usize)> {
        self.timers.sort_unstable();
        let due = self.timers.iter().take_while(|timer| timer.0 <= now).count();
        self.timers.drain(..due.min(limit)).map(|(deadline, _, name)| (deadline, name)).collect()
    }
}

/// Runs a program, up to the first step that is incomplete.
///
/// # Panics
/// If the wheel and the oracle differ.
pub(crate) fn check(program: &[u8]) {
    let mut bytes = program.iter().copied();
    let mut run =
        Run { wheel: Wheel::new(), oracle: Oracle::default(), keys: Vec::new(), now: 0, last: 0 };
    while run.step(&mut bytes).is_some() {
        run.compare();
    }
}

struct Run {
    wheel: Wheel<usize>,
    oracle: Oracle,
    /// By name.
    keys: Vec<Key>,
    now: u64,
    /// The last time in the program.
    last: u64,
}

impl Run {
    fn step(&mut self, bytes: &mut impl Iterator<Item = u8>) -> Option<()> {
        match bytes.next()? % 16 {
            0..=6 => self.insert(bytes)?,
            7..=9 => {
                let name = self.name(bytes)?;
                let deadline = self.time(bytes)?;
                let found = self.oracle.remove(name);
                assert_eq!(self.wheel.reset(self.keys[name], deadline), found, "reset {name}");
                if found {
                    self.oracle.set(deadline, name);
                }
            }
            10..=11 => {
                let name = self.name(bytes)?;
                let found = self.oracle.remove(name).then_some(name);
                assert_eq!(self.wheel.remove(self.keys[name]), found);
            }
            // The clock is moved back.
            12 if bytes.next()? % 4 == 0 => {
                self.now = self.time(bytes)?;
                self.turn(self.now, usize::MAX);
            }
            12 => {
                let limit = usize::from(bytes.next()?);
                let to = self.time(bytes)?;
                self.turn(to, limit);
            }
            13 => {
                // Many at once, so that blocks fill up.
                for _ in 0..bytes.next()? {
                    self.insert(bytes)?;
                }
            }
            14 if bytes.next()? == 0 => {
                let all = self.oracle.take_expired(u64::MAX, usize::MAX);
                assert_eq!(self.wheel.clear(), all);
                self.oracle.removed.clear();
            }
            _ => {
                let to = self.time(bytes)?;
                self.turn(to, usize::MAX);
            }
        }
        Some(())
    }

    fn insert(&mut self, bytes: &mut impl Iterator<Item = u8>) -> Option<()> {
        let deadline = self.time(bytes)?;
        let name = self.keys.len();
        self.keys.push(self.wheel.insert(deadline, self.now, name));
        self.oracle.set(deadline, name);
        Some(())
    }

    /// Turns the wheel, until `limit` timers have expired.
    fn turn(&mut self, to: u64, limit: usize) {
        self.now = self.now.max(to);
        let mut out = Vec::new();
        let done = self.wheel.turn(self.now, limit, &mut out);
        assert!(done || out.len() >= limit, "stopped after {} of {limit}", out.len());
        let expired = self.oracle.take_expired(self.now, if done { usize::MAX } else { out.len() });
        assert_eq!(
            out, expired,
            "in the order of deadlines, equal ones in the order in which they were set"
        );
        if done {
            let now = self.now;
            self.oracle.removed.retain(|&deadline| deadline > now);
        }
    }

    fn compare(&mut self) {
        assert_eq!(self.wheel.len, self.oracle.timers.len());
        let earliest = self.oracle.timers.iter().map(|timer| timer.0).min();
        let next = self.wheel.next_deadline();
        assert_eq!(next.is_some(), earliest.is_some());
        assert!(next <= earliest, "{next:?} is too late for {earliest:?}");
        let early = next.is_some_and(|next| self.oracle.removed.contains(&next));
        assert!(early || next == earliest, "{next:?} is too early for {earliest:?}");
    }

    /// The name of any timer of this run, pending or not.
    fn name(&self, bytes: &mut impl Iterator<Item = u8>) -> Option<usize> {
        usize::from(bytes.next()?).checked_rem(self.keys.len())
    }

    /// A time of any magnitude, or near a boundary.
    fn time(&mut self, bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
        let scale = bytes.next()?;
        let mut number = |count: usize| -> Option<u64> {
            (0..count).try_fold(0, |number, _| Some(number << 8 | u64::from(bytes.next()?)))
        };
        self.last = match scale % 8 {
            0 => self.last,
            1 => self.now.saturating_add(number(1)?),
            // Some slots of level 0, and of level 1.
            2 => self.now.saturating_add(number(3)?),
            3 => self.now.saturating_add(number(4)?),
            4 => (1_u64 << (number(1)? % 64)).saturating_add_signed(i64::from(scale / 8) - 16),
            5 => u64::MAX - number(1)?,
            6 => number(2)? << (scale / 8 * 2),
            _ => number(8)?,
        };
        Some(self.last)
    }
}

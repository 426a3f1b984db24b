//! W5: resident memory of a pending timer, including the future itself.
//!
//! Thirty futures share one allocation (a `JoinAll`), so that the allocator's rounding adds little to each, as in
//! a task that holds a sleep among other state. Kernel memory is not included: a timerfd takes several hundred
//! bytes of it.

use super::support::{FAR, park_once};
use crate::case::{Case, Outcome, Size, abbreviate};
use crate::peer::Peer;
use futures_util::future::join_all;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// The maximum for which `JoinAll` keeps all futures in one allocation.
const CHUNK: u64 = 30;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let n = size.pick(3_000, 1_000_000, 1_000_000);
    vec![Case {
        workload: "w5".into(),
        label: format!("{} pending", abbreviate(n)),
        n,
        // Rounds hardly differ.
        rounds: size.pick(1, 1, 2),
        ..Case::default()
    }]
}

pub(super) fn measure<P: Peer>(peer: &P, case: &Case) -> Outcome {
    park_once(peer);
    let chunks = case.n / CHUNK;
    let mut outcome = Outcome::default();
    peer.block_on(poll_fn(|cx| {
        let mut all = Vec::with_capacity(chunks as usize);
        let before = resident();
        for chunk in 0..chunks {
            let duration = |i| FAR + Duration::from_micros((chunk * CHUNK + i) * 7919 % 1_000_000);
            let mut joined = join_all((0..CHUNK).map(|i| P::sleep(duration(i))));
            assert!(Pin::new(&mut joined).poll(cx).is_pending());
            all.push(joined);
        }
        let bytes = resident().saturating_sub(before) as f64 / (chunks * CHUNK) as f64;
        outcome.put("bytes", bytes);
        std::mem::forget(all);
        Poll::Ready(())
    }));
    outcome.put("future bytes", size_of::<P::Sleep>() as f64);
    outcome
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc/self/statm");
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("resident pages") * rustix::param::page_size()
}

//! W8: the cost of a timeout that does not fire, around a future that is ready and around a receive that waits.

use super::support::{WARM_UP, cpu_ns};
use crate::case::{Case, Outcome, Size};
use crate::peer::Peer;
use futures_channel::mpsc;
use futures_util::{SinkExt, StreamExt};
use std::future::ready;
use std::hint::black_box;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(5);
const BATCH: u64 = 1000;

pub(super) fn cases(size: Size) -> Vec<Case> {
    [("ready", "timeout(5 s, ready)"), ("receive", "timeout(5 s, receive), sender included")]
        .map(|(variant, label)| Case {
            workload: "w8".into(),
            label: label.into(),
            variant: variant.into(),
            ms: size.pick(2, 40, 100),
            rounds: size.pick(1, 3, 6),
            ..Case::default()
        })
        .into()
}

pub(super) async fn task<P: Peer>(case: Case) -> Outcome {
    let mut outcome = Outcome::default();
    let warm_up = Instant::now();
    while warm_up.elapsed() < WARM_UP {
        batch::<P>(&case.variant).await;
    }
    let (before, start, mut count) = (cpu_ns(), Instant::now(), 0);
    while count == 0 || start.elapsed() < Duration::from_millis(case.ms) {
        let start = Instant::now();
        batch::<P>(&case.variant).await;
        outcome.put("wall ns", start.elapsed().as_nanos() as f64 / BATCH as f64);
        count += BATCH;
    }
    outcome.put("cpu ns", (cpu_ns() - before) / count as f64);
    outcome
}

async fn batch<P: Peer>(variant: &str) {
    if variant == "ready" {
        for i in 0..BATCH {
            assert!(P::timeout(LIMIT, black_box(ready(i))).await);
        }
        return;
    }
    // The receiver waits before each message is sent, so each timeout is registered.
    let (mut sender, mut receiver) = mpsc::channel(0);
    let receive = async {
        for _ in 0..BATCH {
            assert!(P::timeout(LIMIT, receiver.next()).await);
        }
    };
    let send = async {
        for i in 0..BATCH {
            sender.send(i).await.expect("the receiver lives");
        }
    };
    futures_util::future::join(receive, send).await;
}

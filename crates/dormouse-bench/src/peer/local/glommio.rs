//! glommio: a map by deadline and another by id, on io_uring alone.

use super::{Made, current, made};
use crate::peer::Peer;
use crate::workload::{self, Case, Outcome};
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

thread_local! {
    static EXECUTOR: Made<LocalExecutor> =
        made(LocalExecutorBuilder::new(Placement::Unbound).make());
}

/// As many sleeps as a task can hold, with some to spare: it counts its wakers in an `i16`.
const IN_A_TASK: u64 = 32_000;

pub(super) fn measure(case: &Case) -> Result<Outcome, String> {
    let in_a_task = workload::at_once(case) / case.threads.max(1) as u64;
    // Where each sleep has a waker of its own, as in these two, there is no limit.
    let own_wakers = case.workload == "w3" || case.variant == "timeouts";
    if in_a_task > IN_A_TASK && !own_wakers {
        return Err(
            "holds at most 32767 sleeps in a task, which counts its wakers in 16 bits".into()
        );
    }
    workload::measure::<Glommio>(case)
}

struct Glommio;

/// A `glommio::timer::Timer` that returns nothing.
struct Timer(glommio::timer::Timer);

impl Peer for Glommio {
    type Sleep = Timer;

    fn start() -> Result<Self, String> {
        EXECUTOR.with(Clone::clone).map(|_| Glommio)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        current(&EXECUTOR).run(future)
    }

    fn sleep(duration: Duration) -> Timer {
        Timer(glommio::timer::Timer::new(duration))
    }

    fn reset(mut sleep: Pin<&mut Timer>, duration: Duration) -> bool {
        sleep.0.reset(duration);
        true
    }

    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        let timeout = glommio::timer::timeout(duration, async {
            future.await;
            Ok(())
        });
        async { timeout.await.is_ok() }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

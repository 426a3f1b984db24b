//! What [`dormouse::stats`](crate::stats()) reports of the queues.

use super::queue::{ReactorKind, TimerQueue};
use super::{async_io, builtin, runtime};
use crate::clock::ClockId;
use crate::stats::{QueueTotals, ReactorStats, TimerStats, fds};

/// async-io watches fds, also on systems where it has no timers.
const IS_ASYNC_IO_ENABLED: bool = cfg!(all(feature = "smol", not(target_family = "wasm")));

/// Of each reactor, what it watches.
pub(crate) fn reactors() -> Vec<ReactorStats> {
    let async_io = IS_ASYNC_IO_ENABLED.then(async_io);
    let builtin = Some((ReactorKind::Builtin, builtin().iter().collect()));
    let async_io = async_io.map(|queues| (ReactorKind::AsyncIo, queues.iter().collect()));
    let tokio = runtime::all().map(|queues| (ReactorKind::Tokio, queues));
    [builtin, async_io, tokio]
        .into_iter()
        .flatten()
        .map(|(kind, queues)| of(kind, queues))
        .collect()
}

fn of(kind: ReactorKind, queues: Vec<&'static TimerQueue>) -> ReactorStats {
    let name = kind.name();
    let timers = ClockId::ALL.map(|clock| sum(clock, &queues)).into();
    ReactorStats { name, fds: fds(name), timers }
}

fn sum(clock: ClockId, queues: &[&TimerQueue]) -> TimerStats {
    let mut totals = QueueTotals::default();
    queues
        .iter()
        .filter(|queue| queue.clock() == clock)
        .for_each(|queue| queue.add_to(&mut totals));
    totals.into_stats(clock.name())
}

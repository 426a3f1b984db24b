//! A snapshot as a table.

use super::{Lateness, ReactorStats, Stats, TimerStats};
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// A row for each clock that has been used on a reactor, and a line about the reactors.
impl Display for Stats {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let numbers = ["pending", "fired", "cancelled", "wake-ups", "median", "p99", "max"];
        row(f, "reactor", "clock", numbers)?;
        for reactor in &self.reactors {
            for timers in reactor.timers.iter().filter(|timers| is_used(timers)) {
                row(f, reactor.name, timers.clock, cells(timers))?;
            }
        }
        write_reactors(f, &self.reactors)?;
        let verb = if self.reactor_thread_runs { "runs" } else { "does not run" };
        write!(f, "; the reactor thread {verb}")
    }
}

fn is_used(timers: &TimerStats) -> bool {
    *timers != TimerStats { clock: timers.clock, ..TimerStats::default() }
}

fn cells(timers: &TimerStats) -> [String; 7] {
    let TimerStats { pending, fired, cancelled, wakeups, lateness, .. } = timers;
    let is_known = *lateness != Lateness::default();
    let late = |late: Duration| if is_known { format!("{late:.0?}") } else { "-".to_owned() };
    [
        pending.to_string(),
        fired.to_string(),
        cancelled.to_string(),
        wakeups.to_string(),
        late(lateness.median),
        late(lateness.p99),
        late(lateness.max),
    ]
}

fn row(
    f: &mut Formatter<'_>,
    reactor: &str,
    clock: &str,
    numbers: [impl Display; 7],
) -> fmt::Result {
    write!(f, "{reactor:<9} {clock:<9}")?;
    numbers.iter().try_for_each(|number| write!(f, " {number:>9}"))?;
    writeln!(f)
}

fn write_reactors(f: &mut Formatter<'_>, reactors: &[ReactorStats]) -> fmt::Result {
    let counts: Vec<_> =
        reactors.iter().map(|reactor| format!("{} by {}", reactor.fds, reactor.name)).collect();
    write!(f, "fds watched: {}", counts.join(", "))
}

//! The rows that matter most: dormouse on each reactor, beside the reference and the best of the other peers.
//!
//! The page begins with those [`on_page`](Row::on_page), and BENCHMARKS.md with all of them.

mod pictures;

pub(crate) use pictures::{PICTURES, Panel, Picture};

use crate::case::{Case, abbreviate};
use crate::registry::reference;
use crate::summary::{CaseReport, Report};

/// What a row shows, and the case that it is from. Cases differ in size between complete and quick runs.
struct Spec {
    /// `{n}` stands for the number of timers, and `{label}` for the label of the case.
    title: &'static str,
    workload: &'static str,
    /// Empty if the workload has one form.
    variant: &'static str,
    threads: usize,
    /// The duration of the sleep, in microseconds.
    us: u64,
    /// The row is from the case with most timers, but no more than this.
    max_n: u64,
    metric: &'static str,
    on_page: bool,
}

const fn spec(workload: &'static str, metric: &'static str, title: &'static str) -> Spec {
    let (variant, threads, us, max_n, on_page) = ("", 0, 0, u64::MAX, false);
    Spec { title, workload, variant, threads, us, max_n, metric, on_page }
}

impl Spec {
    const fn variant(self, variant: &'static str) -> Spec {
        Spec { variant, ..self }
    }

    const fn threads(self, threads: usize) -> Spec {
        Spec { threads, ..self }
    }

    const fn us(self, us: u64) -> Spec {
        Spec { us, ..self }
    }

    const fn at_most(self, max_n: u64) -> Spec {
        Spec { max_n, ..self }
    }

    const fn on_page(self) -> Spec {
        Spec { on_page: true, ..self }
    }

    fn selects(&self, case: &Case) -> bool {
        let is_form = self.variant.is_empty() || case.variant == self.variant;
        let is_size = case.threads == self.threads && case.us == self.us && case.n <= self.max_n;
        case.workload == self.workload && is_form && is_size
    }

    fn case<'a>(&self, report: &'a Report) -> Option<&'a CaseReport> {
        let cases = report.cases.iter().filter(|case| self.selects(&case.case));
        cases.max_by_key(|case| case.case.n)
    }
}

// Rows of the pictures too.
const CREATE: Spec =
    spec("w1", "wall ns", "create, poll and drop a sleep; {n} pending").threads(1).at_most(100_000);
const FIRE_CPU: Spec =
    spec("w3", "cpu ns", "{n} sleeps fire in one second: CPU time of each").at_most(100_000);
const FIRE_LATE: Spec =
    spec("w3", "late us", "{n} sleeps fire in one second: median lateness").at_most(100_000);
const LATENESS: Spec =
    spec("w4", "late us", "a sleep of 1 ms: median lateness").variant("idle").us(1_000);
const MEMORY: Spec = spec("w5", "bytes", "memory of a pending sleep");
const CONNECT: Spec =
    spec("w11", "wall ns", "TCP: connect, accept, one exchange, close").variant("connect");
const TCP: Spec = spec("w11", "wall ns", "TCP round trip").variant("tcp").at_most(1);
const UDP: Spec = spec("w11", "wall ns", "UDP round trip").variant("udp").at_most(1);

/// Of each metric, the lower value is the better one.
const ROWS: &[Spec] = &[
    spec("w1", "wall ns", "create, poll and drop a sleep; {n} pending").threads(1).at_most(0),
    CREATE.on_page(),
    spec("w1", "wall ns", "create, poll and drop a sleep; {n} pending").threads(1),
    spec("w1", "wall ns", "create, poll and drop a sleep; {n} pending, two threads")
        .threads(2)
        .at_most(100_000),
    spec("w2", "wall ns", "reset one sleep repeatedly").variant("hot"),
    spec("w2", "wall ns", "reset a random one of {n} sleeps").variant("random").on_page(),
    FIRE_CPU.on_page(),
    FIRE_LATE.on_page(),
    spec("w3", "cpu ns", "{n} sleeps fire in one second: CPU time of each"),
    spec("w3", "overrun ms", "{n} sleeps fire in one second: overrun of the last"),
    LATENESS.on_page(),
    MEMORY.on_page(),
    spec("w6", "wake-ups", "{label}: wake-ups").variant("one"),
    spec("w7", "wall ns", "one-byte ping-pong on an fd wrapper").variant("one"),
    spec("w7", "cpu ns", "HTTP request on {n} connections: CPU time").variant("http"),
    spec("w8", "wall ns", "timeout around a ready future").variant("ready"),
    spec("w8", "wall ns", "timeout around a receive").variant("receive").on_page(),
    spec("w10", "wall ns", "spawn {n} tasks, then await them: each").variant("spawn").on_page(),
    spec("w10", "wall ns", "spawn {n} pieces of blocking work, then await them: each")
        .variant("blocking"),
    CONNECT.on_page(),
    TCP.on_page(),
    UDP,
];

/// dormouse on tokio, on async-io, and on the builtin reactor. Each row has one of the names of a column.
const DORMOUSE: [&[&str]; 3] = [
    &["dormouse-tokio", "dormouse-spawn-tokio"],
    &["dormouse-async-io"],
    &["dormouse-builtin", "dormouse-spawn"],
];

/// Peers whose futures may move between threads. Those that serve as a bound are not listed (a timerfd or a thread for
/// each sleep), nor those with a build of their own.
const GENERAL: &[&str] = &[
    "tokio-ct",
    "tokio-mt",
    "tokio-net",
    "tokio-net-mt",
    "tokio-spawn",
    "async-io",
    "smol-mt",
    "async-executor",
    "futures-timer",
];

/// Peers that run on one thread each.
const ONE_THREAD: &[&str] = &["monoio", "glommio", "compio", "zruntime"];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) peer: &'static str,
    pub(crate) median: f64,
    /// To the reference, which may be 0.
    pub(crate) ratio: Option<f64>,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) metric: &'static str,
    pub(crate) on_page: bool,
    pub(crate) reference: Cell,
    /// On tokio, on async-io, and on the builtin reactor.
    pub(crate) dormouse: [Option<Cell>; 3],
    /// The best of the others whose futures may move between threads.
    pub(crate) best: Option<Cell>,
    pub(crate) best_of_one_thread: Option<Cell>,
}

/// The rows that were measured.
pub(crate) fn rows(report: &Report) -> Vec<Row> {
    let mut cases = Vec::new();
    let mut rows = Vec::new();
    for spec in ROWS {
        let Some(case) = spec.case(report) else { continue };
        // In a small run, the cases of two rows may be the same.
        let source = (std::ptr::from_ref(case), spec.metric);
        if !cases.contains(&source) {
            cases.push(source);
            rows.extend(row(spec, case));
        }
    }
    rows
}

fn row(spec: &Spec, case: &CaseReport) -> Option<Row> {
    let reference = reference(spec.workload);
    let n = if case.case.n == 0 { "none".into() } else { abbreviate(case.case.n) };
    let best_of = |names: &[&str]| {
        let others = names.iter().filter(|name| **name != reference);
        let measured = others.filter_map(|name| cell(case, name, spec.metric));
        measured.min_by(|a, b| a.median.total_cmp(&b.median))
    };
    Some(Row {
        title: spec.title.replace("{n}", &n).replace("{label}", &case.case.label),
        metric: spec.metric,
        on_page: spec.on_page,
        reference: cell(case, reference, spec.metric)?,
        dormouse: DORMOUSE.map(|names| names.iter().find_map(|name| cell(case, name, spec.metric))),
        best: best_of(GENERAL),
        best_of_one_thread: best_of(ONE_THREAD),
    })
}

fn cell(case: &CaseReport, peer: &str, metric: &str) -> Option<Cell> {
    let found = case.peers.iter().find(|found| found.peer == peer)?;
    let value = found.metrics.get(metric)?;
    Some(Cell { peer: found.peer, median: value.median, ratio: value.ratio })
}

/// The headings of the columns of a [`Row`] after its reference.
pub(crate) const COLUMNS: [&str; 5] = [
    "dormouse on tokio",
    "on async-io",
    "builtin reactor",
    "best other peer",
    "best peer of one thread",
];

/// What the columns mean.
pub(crate) fn explanation() -> String {
    let list = |names: &[&str]| names.join(", ");
    format!(
        "Ratios are to the column tokio ({} for timers and fds, {} for tasks, {} for sockets). Lower is better. \
         Other peers: {}. Peers of one thread: {}.",
        reference("w1"),
        reference("w10"),
        reference("w11"),
        list(&GENERAL.iter().copied().filter(|name| *name != reference("w1")).collect::<Vec<_>>()),
        list(ONE_THREAD),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Size;
    use crate::registry::ALL;
    use crate::workload;

    #[test]
    fn every_row_and_panel_is_from_a_case_of_a_complete_run() {
        let cases = workload::cases(Size::Full);
        let panels = PICTURES.iter().flat_map(|picture| picture.panels).map(|(_, spec)| spec);
        for spec in ROWS.iter().chain(panels) {
            assert!(
                cases.iter().any(|case| spec.selects(case)),
                "{} {}",
                spec.workload,
                spec.title
            );
        }
    }

    #[test]
    fn the_page_begins_with_ten_rows() {
        assert_eq!(ROWS.iter().filter(|spec| spec.on_page).count(), 10);
    }

    #[test]
    fn every_name_is_that_of_a_peer() {
        let bars = pictures::BARS.iter().flat_map(|(_, peers)| *peers);
        let dormouse = DORMOUSE.into_iter().flatten();
        for name in GENERAL.iter().chain(ONE_THREAD).chain(bars).chain(dormouse) {
            assert!(ALL.iter().any(|entry| entry.name == *name), "{name}");
        }
    }
}

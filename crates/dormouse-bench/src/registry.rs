//! The list of all peers. It is the only module that names both peers and workloads: it instantiates the code of
//! the workloads with the types of each peer.

use crate::case::{Case, Outcome};
use crate::fd_peer::executor::{
    AsyncIoBlockOn, DormouseBlockOn, FuturesBlockOn, LocalTasks, OnTokio, OneThread, TwoThreads,
};
use crate::fd_peer::{AsyncIo, Dormouse, DormouseNet, TokioFd, TokioNet};
use crate::net_peer;
use crate::peer::async_io::AsyncIo as AsyncIoTimer;
use crate::peer::futures_timer::FuturesTimer;
use crate::peer::local::{Compio, Glommio, Monoio, Zruntime};
use crate::peer::runtime::{AltTimer, CurrentThread, MultiThread};
use crate::peer::thread::Threads;
use crate::peer::tokio::Tokio;
use crate::peer::{Peer, Spawn, bare, dormouse, timerfd};
use crate::workload::{self, fds, sockets, tasks};

/// The denominator of all ratios of a workload.
pub(crate) fn reference(workload: &str) -> &'static str {
    match workload {
        "w9" => "tokio-tcp",
        "w10" => "tokio-spawn",
        "w11" => "tokio-net",
        _ => "tokio-ct",
    }
}

type Measure = fn(&Case) -> Result<Outcome, String>;

/// A peer: a row of the tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) build: Build,
    /// The workload of timers or fds that it runs, if it does not run all of w1 to w8.
    only: Option<&'static str>,
    timers: Measure,
    fds: Measure,
    /// W11.
    sockets: Option<Measure>,
}

impl Entry {
    const fn new(name: &'static str, about: &'static str, timers: Measure) -> Entry {
        let fds = |_: &Case| Err("is measured with timers only".into());
        Entry { name, about, build: Build::Any, only: None, timers, fds, sockets: None }
    }

    const fn fds(self, fds: Measure) -> Entry {
        Entry { fds, ..self }
    }

    const fn sockets(self, sockets: Measure) -> Entry {
        Entry { sockets: Some(sockets), ..self }
    }

    const fn build(self, build: Build) -> Entry {
        Entry { build, ..self }
    }

    const fn only(self, workload: &'static str) -> Entry {
        Entry { only: Some(workload), ..self }
    }

    pub(crate) fn runs(&self, workload: &str) -> bool {
        match (workload, self.only) {
            ("w11", _) => self.sockets.is_some(),
            (_, Some(only)) => only == workload,
            (_, None) => workload != "w9" && workload != "w10",
        }
    }

    /// Whether it is measured with every selection of peers.
    pub(crate) fn is_reference(&self) -> bool {
        workload::NAMES.iter().any(|(workload, _)| reference(workload) == self.name)
    }

    pub(crate) fn measure(&self, case: &Case) -> Result<Outcome, String> {
        let measure = match (case.workload.as_str(), self.sockets) {
            ("w7", _) => self.fds,
            ("w11", Some(sockets)) => sockets,
            _ => return (self.timers)(case),
        };
        if !self.build.is_this() {
            return Err("this build of dormouse has another reactor".into());
        }
        measure(case)
    }
}

/// Which build of this program a peer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    Any,
    /// dormouse with its feature `smol`.
    Smol,
    /// dormouse without its feature `smol`.
    Builtin,
    /// `--cfg tokio_unstable`.
    TokioUnstable,
    /// Not this program, but `dormouse-combination`.
    Combination(Combination),
}

/// How cargo builds `dormouse-combination`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Combination {
    /// Those of dormouse, separated by commas.
    pub(crate) features: &'static str,
    /// `panic = "abort"`.
    pub(crate) abort: bool,
}

impl Build {
    /// Whether this program can measure the peer.
    pub(crate) fn is_this(self) -> bool {
        match self {
            Build::Any => true,
            Build::Smol => dormouse::has_async_io_reactor(),
            Build::Builtin => !dormouse::has_async_io_reactor(),
            Build::TokioUnstable => cfg!(tokio_unstable),
            Build::Combination(_) => false,
        }
    }
}

/// Workloads of timers, with their tasks under `block_on`.
fn on_block_on<P: Peer>(case: &Case) -> Result<Outcome, String> {
    workload::measure::<P>(case, |peer, case| peer.block_on(workload::task::<P>(case)))
}

/// Workloads of timers, with their tasks spawned. A macro, because only the concrete type of a peer proves that
/// the future is `Send`.
macro_rules! spawned {
    ($peer:ty) => {
        |case| {
            workload::measure::<$peer>(case, |peer, case| peer.spawn(workload::task::<$peer>(case)))
        }
    };
}

const fn fds_only(name: &'static str, about: &'static str, fds: Measure) -> Entry {
    Entry::new(name, about, |_| Err("has no timer".into())).only("w7").fds(fds)
}

/// A row of W10.
const fn tasks(name: &'static str, about: &'static str, measure: Measure) -> Entry {
    Entry::new(name, about, measure).only("w10")
}

/// A row of W9.
const fn combination(
    name: &'static str,
    about: &'static str,
    features: &'static str,
    abort: bool,
) -> Entry {
    Entry::new(name, about, |_| Err("is measured by another program".into()))
        .only("w9")
        .build(Build::Combination(Combination { features, abort }))
}

/// In the order of the tables.
pub(crate) const ALL: &[Entry] = &[
    Entry::new("tokio-ct", "tokio::time on current_thread", spawned!(Tokio<CurrentThread>))
        .fds(fds::measure::<OnTokio<CurrentThread>, TokioFd>),
    Entry::new("tokio-mt", "tokio::time on multi_thread, 2 workers", spawned!(Tokio<MultiThread>))
        .fds(fds::measure::<OnTokio<MultiThread>, TokioFd>),
    Entry::new(
        "tokio-alt",
        "tokio's unstable timer on multi_thread (w1, w2 and w5 from outside its workers)",
        spawned!(Tokio<AltTimer>),
    )
    .build(Build::TokioUnstable),
    Entry::new("async-io", "async_io::Timer on async_io::block_on", on_block_on::<AsyncIoTimer>)
        .fds(fds::measure::<OneThread<AsyncIoBlockOn>, AsyncIo>)
        .sockets(sockets::measure::<OneThread<AsyncIoBlockOn>, net_peer::AsyncIo>),
    Entry::new(
        "futures-timer",
        "futures_timer::Delay on futures' block_on",
        on_block_on::<FuturesTimer>,
    ),
    Entry::new("monoio", "monoio::time (io_uring, else epoll)", on_block_on::<Monoio>)
        .sockets(sockets::measure::<LocalTasks<Monoio>, net_peer::Monoio>),
    Entry::new("glommio", "glommio::timer::Timer (io_uring)", on_block_on::<Glommio>),
    Entry::new("compio", "compio::time (io_uring, else epoll)", on_block_on::<Compio>)
        .sockets(sockets::measure::<LocalTasks<Compio>, net_peer::Compio>),
    Entry::new("zruntime", "zruntime's timers and sockets (epoll)", on_block_on::<Zruntime>)
        .sockets(sockets::measure::<LocalTasks<Zruntime>, net_peer::Zruntime>),
    Entry::new(
        "timerfd-tokio",
        "one timerfd per sleep in tokio's AsyncFd",
        spawned!(timerfd::OnTokio),
    ),
    Entry::new(
        "timerfd-smol",
        "one timerfd per sleep in async_io::Async",
        on_block_on::<timerfd::OnAsyncIo>,
    ),
    Entry::new("thread", "one thread per sleep, futures' block_on", on_block_on::<Threads>),
    Entry::new(
        "dormouse-tokio",
        "dormouse on current_thread",
        spawned!(dormouse::OnTokio<CurrentThread>),
    )
    .fds(fds::measure::<OnTokio<CurrentThread>, Dormouse>)
    .sockets(sockets::measure::<OnTokio<CurrentThread>, net_peer::Dormouse>),
    Entry::new(
        "dormouse-tokio-mt",
        "dormouse on multi_thread",
        spawned!(dormouse::OnTokio<MultiThread>),
    )
    .fds(fds::measure::<OnTokio<MultiThread>, Dormouse>)
    .sockets(sockets::measure::<OnTokio<MultiThread>, net_peer::Dormouse>),
    Entry::new(
        "dormouse-async-io",
        "dormouse with the feature smol on async_io::block_on",
        on_block_on::<dormouse::OnAsyncIo>,
    )
    .build(Build::Smol)
    .fds(fds::measure::<OneThread<AsyncIoBlockOn>, Dormouse>)
    .sockets(sockets::measure::<OneThread<AsyncIoBlockOn>, net_peer::Dormouse>),
    Entry::new(
        "dormouse-builtin",
        "dormouse's builtin reactor on its own block_on",
        on_block_on::<dormouse::Builtin>,
    )
    .fds(fds::measure::<OneThread<DormouseBlockOn>, Dormouse>)
    .sockets(sockets::measure::<OneThread<DormouseBlockOn>, net_peer::Dormouse>),
    Entry::new("bare-timerfd", "a blocking read of a timerfd (w4 only)", |case| {
        workload::measure_blocking(case, bare::timerfd()?)
    })
    .only("w4"),
    Entry::new("nanosleep", "clock_nanosleep (w4 only)", |case| {
        workload::measure_blocking(case, bare::nanosleep)
    })
    .only("w4"),
    Entry::new("no-timeout", "the same without a timeout (w8 only)", on_block_on::<bare::NoTimer>)
        .only("w8"),
    fds_only(
        "tokio-net",
        "tokio::net on current_thread (w7 and w11)",
        fds::measure::<OnTokio<CurrentThread>, TokioNet>,
    )
    .sockets(sockets::measure::<OnTokio<CurrentThread>, net_peer::Tokio>),
    fds_only(
        "tokio-net-mt",
        "tokio::net on multi_thread (w7 and w11)",
        fds::measure::<OnTokio<MultiThread>, TokioNet>,
    )
    .sockets(sockets::measure::<OnTokio<MultiThread>, net_peer::Tokio>),
    fds_only(
        "dormouse-net",
        "dormouse::net on current_thread (w7 only)",
        fds::measure::<OnTokio<CurrentThread>, DormouseNet>,
    ),
    fds_only(
        "dormouse-net-builtin",
        "dormouse::net on dormouse's builtin reactor and its block_on (w7 only)",
        fds::measure::<OneThread<DormouseBlockOn>, DormouseNet>,
    ),
    fds_only(
        "smol-mt",
        "async_io::Async on async-executor, 2 threads (w7 and w11)",
        fds::measure::<TwoThreads<AsyncIoBlockOn>, AsyncIo>,
    )
    .sockets(sockets::measure::<TwoThreads<AsyncIoBlockOn>, net_peer::AsyncIo>),
    fds_only(
        "dormouse-smol-mt",
        "dormouse on async-executor, 2 threads (w7 and w11)",
        fds::measure::<TwoThreads<AsyncIoBlockOn>, Dormouse>,
    )
    .build(Build::Smol)
    .sockets(sockets::measure::<TwoThreads<AsyncIoBlockOn>, net_peer::Dormouse>),
    fds_only(
        "dormouse-builtin-mt",
        "dormouse's builtin reactor beside async-executor, 2 threads (w7 and w11)",
        fds::measure::<TwoThreads<FuturesBlockOn>, Dormouse>,
    )
    .build(Build::Builtin)
    .sockets(sockets::measure::<TwoThreads<FuturesBlockOn>, net_peer::Dormouse>),
    combination(
        "tokio-tcp",
        "tokio::net::TcpStream; current_thread in place of another executor (w9 only)",
        "",
        false,
    ),
    combination("async-io-tcp", "async_io::Async<TcpStream> (w9 only)", "", false),
    combination("dormouse:none", "dormouse without features (w9 only)", "", false),
    combination("dormouse:tokio", "dormouse with the feature tokio (w9 only)", "tokio", false),
    combination("dormouse:smol", "dormouse with the feature smol (w9 only)", "smol", false),
    combination("dormouse:tokio+smol", "dormouse with both (w9 only)", "tokio,smol", false),
    combination("dormouse:none/abort", "without features, panic = \"abort\" (w9 only)", "", true),
    combination("dormouse:tokio/abort", "tokio, panic = \"abort\" (w9 only)", "tokio", true),
    combination("dormouse:smol/abort", "smol, panic = \"abort\" (w9 only)", "smol", true),
    combination(
        "dormouse:tokio+smol/abort",
        "both, panic = \"abort\" (w9 only)",
        "tokio,smol",
        true,
    ),
    tasks("tokio-spawn", "tokio::spawn, 2 workers (w10 only)", tasks::measure::<tasks::Tokio>),
    tasks(
        "dormouse-spawn-tokio",
        "dormouse::spawn there (w10 only)",
        tasks::measure::<tasks::DormouseOnTokio>,
    ),
    tasks(
        "async-executor",
        "async-executor, a thread for each processor, and blocking (w10 only)",
        tasks::measure::<tasks::Smol>,
    ),
    tasks(
        "dormouse-spawn",
        "dormouse::spawn without an executor (w10 only)",
        tasks::measure::<tasks::Dormouse>,
    ),
];

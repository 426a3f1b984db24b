//! Each ordered pair of waits on one fd, for kernel objects in each reachable combination of poll flags, in four orders of
//! events, on every reactor.
//!
//! The model is `poll(2)`: a wait ends if a flag of its interest is reported when it is polled or later, whatever the
//! other wait does. It may end without a flag, but not again and again. [`Pair`] has the exceptions that are documented.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod objects;
mod pair;
mod waits;

use common::sockets::poll_flags;
use common::{MS, TEST_TIMEOUT};
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use objects::{Case, cases};
use pair::{Order, Pair, kind_pairs};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::fd::OwnedFd;
use std::time::Instant;

given_each_reactor! {
    no_wait_takes_a_condition_from_another
    no_pending_wait_takes_an_event_from_another
}

/// How long waits are observed that have nothing to report, and how often each may end or be woken meanwhile. A task that
/// spins does so in each turn.
const QUIET_TURNS: usize = 10;
const QUIET_LIMIT: usize = 6;

#[test]
fn each_object_has_the_poll_flags_of_its_case() {
    for case in cases() {
        case.last_step(&mut case.build());
    }
}

async fn no_wait_takes_a_condition_from_another(reactor: Reactor) {
    // The same flags after another last step are the same to a wait that is polled later.
    let cases = cases().into_iter().filter(|case| !case.is_repeated);
    run_all(&reactor, cases, [Order::Present, Order::Cleared]).await;
}

async fn no_pending_wait_takes_an_event_from_another(reactor: Reactor) {
    run_all(&reactor, cases(), [Order::BothPending, Order::FirstPending]).await;
}

async fn run_all(reactor: &Reactor, cases: impl IntoIterator<Item = Case>, orders: [Order; 2]) {
    // Each pair has an fd, with async-io two, and several tests run at the same time.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    for (number, case) in cases.into_iter().enumerate() {
        for order in orders {
            // Every other fd on the builtin reactor is registered for all interests at first.
            let all = reactor.name() == "builtin" && number % 2 == 0;
            let failures = loop {
                if let Some(failures) = run(&case, order, reactor, all).await {
                    break failures;
                }
            };
            assert!(failures.is_empty(), "{order:?}, {case:?}\n{}", failures.join("\n"));
        }
    }
}

/// Runs all pairs of waits at the same time on one object. Each pair has its own `AsyncFd`, around a duplicate of the fd.
/// Returns the failures, or `None` if the object had other flags for a moment: a full buffer may drain while data is
/// under way to the peer.
async fn run(case: &Case, order: Order, reactor: &Reactor, all: bool) -> Option<Vec<String>> {
    let mut object = case.build();
    if order.is_present() {
        case.last_step(&mut object);
    }
    let mut interest = Interest::READABLE | Interest::WRITABLE;
    if all {
        interest |= Interest::ERROR;
        #[cfg(not(dormouse_portable))]
        {
            interest |= Interest::PRIORITY;
        }
    }
    let pairs = kind_pairs().into_iter().map(|kinds| {
        let fd = object.ours.try_clone().unwrap();
        (kinds, AsyncFd::new_on(reactor, fd, interest).unwrap())
    });
    let fds: Vec<(_, AsyncFd<OwnedFd>)> = pairs.collect();
    let mut pairs: Vec<Pair<'_>> =
        fds.iter().map(|(kinds, fd)| Pair::new(case, order, *kinds, fd)).collect();
    if !order.is_present() {
        for_each(&mut pairs, Pair::prepare).await;
        // The reactor reports what is there already. That is cleared too.
        sleep(2 * MS).await;
        for_each(&mut pairs, Pair::prepare).await;
        pairs.iter_mut().for_each(Pair::start);
        if poll_flags(&object.ours) != case.before {
            return None;
        }
        case.last_step(&mut object);
    }
    let start = Instant::now();
    while !for_each(&mut pairs, Pair::run).await && start.elapsed() < TEST_TIMEOUT / 3 {
        sleep(MS / 4).await;
    }
    let mut failures: Vec<String> = pairs.iter().filter_map(Pair::unfinished).collect();
    if matches!(order, Order::Present | Order::BothPending) {
        return Some(failures); // the rest is as in the other two orders
    }
    pairs.iter_mut().for_each(Pair::start_quiet);
    for _ in 0..QUIET_TURNS {
        sleep(MS).await;
        for_each(&mut pairs, Pair::poll_quiet).await;
    }
    failures.extend(pairs.iter().filter_map(|pair| pair.busy(QUIET_LIMIT)));
    Some(failures)
}

/// Calls `poll` for each pair. Returns whether all calls returned true. Yields in between, so that the coop budget of a
/// poll is not spent.
async fn for_each<'a>(pairs: &mut [Pair<'a>], poll: impl Fn(&mut Pair<'a>) -> bool) -> bool {
    let mut all = true;
    for some in pairs.chunks_mut(8) {
        for pair in some {
            all &= poll(pair);
        }
        smol::future::yield_now().await;
    }
    all
}

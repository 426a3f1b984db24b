//! Futures that break the contract, each in one way. The checker must report exactly that defect.

#![allow(missing_docs)]

mod corpus;

#[path = "broken/blocking.rs"]
mod blocking;
#[path = "broken/busy.rs"]
mod busy;
#[path = "broken/combinators.rs"]
mod combinators;
#[path = "broken/completion.rs"]
mod completion;
#[path = "broken/dropped.rs"]
mod dropped;
#[path = "broken/duplex.rs"]
mod duplex;
#[path = "broken/environment.rs"]
mod environment;
#[path = "broken/flag.rs"]
mod flag;
#[path = "broken/grows.rs"]
mod grows;
#[path = "broken/locks.rs"]
mod locks;
#[path = "broken/lost.rs"]
mod lost;
#[path = "broken/pipe.rs"]
mod pipe;
#[path = "broken/races.rs"]
mod races;
#[path = "broken/readers.rs"]
mod readers;
#[path = "broken/schedules.rs"]
mod schedules;
#[path = "broken/several.rs"]
mod several;
#[path = "broken/spurious.rs"]
mod spurious;
#[path = "broken/stale.rs"]
mod stale;
#[path = "broken/waiters.rs"]
mod waiters;
#[path = "broken/wrappers.rs"]
mod wrappers;
#[path = "broken/writers.rs"]
mod writers;

#[test]
#[ignore = "takes several minutes; see `corpus::soak`"]
fn soak() {
    corpus::soak(&[
        blocking::CASES,
        busy::CASES,
        combinators::CASES,
        completion::CASES,
        dropped::CASES,
        duplex::CASES,
        environment::CASES,
        grows::CASES,
        locks::CASES,
        lost::CASES,
        races::CASES,
        readers::CASES,
        schedules::CASES,
        several::CASES,
        spurious::CASES,
        stale::CASES,
        wrappers::CASES,
        writers::CASES,
        waiters::CASES,
    ]);
}

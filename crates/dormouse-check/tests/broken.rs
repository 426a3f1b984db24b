//! Futures that break the contract, each in one way: exactly that has to be found in it.

#![allow(missing_docs)]

mod corpus;

#[path = "broken/blocking.rs"]
mod blocking;
#[path = "broken/busy.rs"]
mod busy;
#[path = "broken/dropped.rs"]
mod dropped;
#[path = "broken/elsewhere.rs"]
mod elsewhere;
#[path = "broken/ends.rs"]
mod ends;
#[path = "broken/flag.rs"]
mod flag;
#[path = "broken/grows.rs"]
mod grows;
#[path = "broken/locks.rs"]
mod locks;
#[path = "broken/lost.rs"]
mod lost;
#[path = "broken/races.rs"]
mod races;
#[path = "broken/spurious.rs"]
mod spurious;
#[path = "broken/stale.rs"]
mod stale;

#[test]
#[ignore = "takes long; see `corpus::soak`"]
fn soak() {
    corpus::soak(&[
        blocking::CASES,
        busy::CASES,
        dropped::CASES,
        elsewhere::CASES,
        ends::CASES,
        grows::CASES,
        locks::CASES,
        lost::CASES,
        races::CASES,
        spurious::CASES,
        stale::CASES,
    ]);
}

//! Futures that keep the contract. The checker must report no failure.

#![allow(missing_docs)]

mod corpus;

#[path = "good/channels.rs"]
mod channels;
#[path = "good/combinators.rs"]
mod combinators;
#[path = "good/fds.rs"]
mod fds;
#[path = "good/handwritten.rs"]
mod handwritten;
#[path = "good/io.rs"]
mod io;
#[path = "good/keeps_open.rs"]
mod keeps_open;
#[path = "good/mixed.rs"]
mod mixed;
#[path = "good/several.rs"]
mod several;
#[path = "good/sleeps.rs"]
mod sleeps;
#[path = "good/waiters.rs"]
mod waiters;

#[test]
#[ignore = "takes several minutes; see `corpus::soak`"]
fn soak() {
    corpus::soak(&[
        sleeps::CASES,
        channels::CASES,
        combinators::CASES,
        fds::CASES,
        io::CASES,
        mixed::CASES,
        handwritten::CASES,
        several::CASES,
        waiters::CASES,
    ]);
}

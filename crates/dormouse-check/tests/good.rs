//! Futures that keep the contract: nothing may be found in them.

#![allow(missing_docs)]

mod corpus;

#[path = "good/channels.rs"]
mod channels;
#[path = "good/fds.rs"]
mod fds;
#[path = "good/mixed.rs"]
mod mixed;
#[path = "good/own.rs"]
mod own;
#[path = "good/sleeps.rs"]
mod sleeps;

#[test]
#[ignore = "takes long; see `corpus::soak`"]
fn soak() {
    corpus::soak(&[sleeps::CASES, channels::CASES, fds::CASES, mixed::CASES, own::CASES]);
}

//! tokio's alternative timer, which is unstable: a wheel for each worker of a multi_thread runtime.
//!
//! It is made for tasks, which W3, W4, W6 and W8 are. In W1, W2 and W5 the calling thread is no worker, so
//! that each sleep goes through a queue that is shared by all workers, and wakes one that is parked.

use crate::peer::{Build, Entry};

pub(in crate::peer) const ENTRY: Entry = Entry {
    name: "tokio-alt",
    about: "tokio's unstable timer on multi_thread (w1, w2 and w5 from outside its workers)",
    build: Build::TokioUnstable,
    #[cfg(tokio_unstable)]
    measure: crate::workload::measure::<super::Tokio<Alternative>>,
    #[cfg(not(tokio_unstable))]
    measure: |_| Err("this build has no alternative timer".into()),
    only: None,
};

#[cfg(tokio_unstable)]
pub(in crate::peer) struct Alternative;

#[cfg(tokio_unstable)]
impl super::Flavor for Alternative {
    const SPREADS: bool = true;

    fn runtime() -> Result<super::Runtime, String> {
        let mut builder = super::Builder::new_multi_thread();
        let builder = builder.worker_threads(2).enable_all().enable_alt_timer();
        builder.build().map_err(|err| err.to_string())
    }
}

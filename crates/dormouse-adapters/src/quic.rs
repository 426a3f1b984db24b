//! What the adapters of quinn and of its fork noq have in common.

use crate::std_clock::StdClock;
use dormouse::clock::Monotonic;
use dormouse::sleep_until;
use dormouse::time::Sleep;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// The clock of the runtime is [`Monotonic`]. In a test with virtual time, make the runtime inside: then the timers of its
/// endpoints are virtual too.
#[derive(Debug)]
#[doc(alias = "TokioRuntime")]
pub struct DormouseRuntime {
    pub(crate) clock: StdClock,
}

impl DormouseRuntime {
    /// The runtime for any number of endpoints.
    ///
    /// ```
    /// # #[cfg(feature = "noq_1")]
    /// # use {dormouse_adapters::noq_1::DormouseRuntime, noq::Runtime};
    /// # #[cfg(not(feature = "noq_1"))]
    /// # use {dormouse_adapters::quinn_0_11::DormouseRuntime, quinn::Runtime};
    /// let runtime = DormouseRuntime::new();
    /// assert!(runtime.now() <= std::time::Instant::now());
    /// ```
    pub fn new() -> DormouseRuntime {
        DormouseRuntime { clock: StdClock::new() }
    }

    pub(crate) fn timer(&self, deadline: Instant) -> Timer {
        Timer { sleep: sleep_until(self.clock.deadline(deadline)), clock: self.clock }
    }
}

impl Default for DormouseRuntime {
    fn default() -> DormouseRuntime {
        DormouseRuntime::new()
    }
}

#[derive(Debug)]
pub(crate) struct Timer {
    sleep: Sleep<Monotonic>,
    clock: StdClock,
}

impl Timer {
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.sleep.reset(self.clock.deadline(deadline));
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.sleep).poll(cx)
    }
}

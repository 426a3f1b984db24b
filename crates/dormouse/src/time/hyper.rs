//! `HyperTimer`: the timer trait of hyper on the sleeps of this crate.

use super::{Instant, Sleep};
use crate::clock::{Clock, Monotonic};
use hyper::rt::Timer;
use std::pin::Pin;
use std::time::Duration;

/// A timer for hyper's connections that works on any executor.
///
/// It takes the place of `TokioTimer` of hyper-util, which panics outside a tokio runtime.
///
/// hyper's deadlines are instants of `std`, so the sleeps use [`Monotonic`], which is the same clock.
///
/// ```
/// use dormouse::time::HyperTimer;
/// use hyper::server::conn::http1;
/// use std::time::Duration;
///
/// let mut server = http1::Builder::new();
/// server.timer(HyperTimer).header_read_timeout(Duration::from_secs(10));
/// ```
///
/// # Accuracy
/// Never early. See [the module](crate::time#accuracy) for how late.
#[doc(alias = "TokioTimer")]
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub struct HyperTimer;

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Monotonic::sleep(duration))
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(super::sleep_until(from_std(deadline)))
    }

    /// hyper calls it at each request of a connection. It does not allocate, and in most cases takes no lock.
    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, new_deadline: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep<Monotonic>>() {
            Some(sleep) => sleep.get_mut().reset(from_std(new_deadline)),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
impl<C: Clock> hyper::rt::Sleep for Sleep<C> {}

/// Keeps the distance from now, because std does not expose the value of an instant. Reads the clock of std first: the
/// time that passes between the two reads makes the deadline later, not earlier.
fn from_std(deadline: std::time::Instant) -> Instant<Monotonic> {
    let left = deadline.saturating_duration_since(std::time::Instant::now());
    Monotonic::now() + left
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::time::Instant as StdInstant;

    fn downcast(sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>) -> &mut Sleep<Monotonic> {
        sleep
            .as_mut()
            .downcast_mut_pin::<Sleep<Monotonic>>()
            .expect("a sleep of this crate")
            .get_mut()
    }

    #[test]
    fn a_std_instant_converts_to_the_same_moment() {
        for ahead in [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(3600)] {
            let (before, std) = (Monotonic::now(), StdInstant::now());
            let deadline = from_std(std + ahead);
            let taken = before.elapsed();
            assert!(deadline >= before + ahead);
            assert!(deadline <= before + ahead + taken);
        }
    }

    #[test]
    fn a_std_deadline_that_has_passed_completes() {
        let past = StdInstant::now();
        let mut sleep = HyperTimer.sleep_until(past);
        assert!(downcast(&mut sleep).is_elapsed());
    }

    #[test]
    fn a_sleep_until_a_std_instant_is_never_early() {
        let deadline = StdInstant::now() + Duration::from_millis(5);
        crate::block_on(HyperTimer.sleep_until(deadline));
        assert!(StdInstant::now() >= deadline);
    }

    #[test]
    fn reset_reuses_the_sleep() {
        let mut sleep = HyperTimer.sleep(Duration::from_secs(3600));
        let before: *const Sleep<Monotonic> = downcast(&mut sleep);
        let deadline = StdInstant::now() + Duration::from_millis(5);
        HyperTimer.reset(&mut sleep, deadline);
        assert!(std::ptr::eq(before, downcast(&mut sleep)), "reset allocated a new sleep");
        crate::block_on(&mut sleep);
        assert!(StdInstant::now() >= deadline);
    }

    #[test]
    fn reset_replaces_a_foreign_sleep() {
        struct Foreign;
        impl std::future::Future for Foreign {
            type Output = ();
            fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
                std::task::Poll::Pending
            }
        }
        impl hyper::rt::Sleep for Foreign {}

        let mut sleep: Pin<Box<dyn hyper::rt::Sleep>> = Box::pin(Foreign);
        HyperTimer.reset(&mut sleep, StdInstant::now());
        crate::block_on(sleep);
    }
}

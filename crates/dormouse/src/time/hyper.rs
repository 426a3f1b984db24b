//! hyper's timer.

use super::{Instant, Sleep};
use crate::clock::{Clock, Monotonic};
use hyper::rt::Timer;
use std::pin::Pin;
use std::time::Duration;

/// The timer of a hyper connection, by dormouse: on any executor, as it is.
///
/// hyper's deadlines are those of std's `Instant`; so its sleeps are by [`Monotonic`], which is the clock
/// of that.
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
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub struct HyperTimer;

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Monotonic::sleep(duration))
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(super::sleep_until(of_std(deadline)))
    }

    /// hyper does so at each request of a connection: it takes no new memory, and most often no lock.
    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, new_deadline: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep<Monotonic>>() {
            Some(sleep) => sleep.get_mut().reset(of_std(new_deadline)),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
impl<C: Clock> hyper::rt::Sleep for Sleep<C> {}

/// std does not tell what time its instants are, only how far apart. It is asked first, so that what goes by
/// in between makes the deadline later, not earlier.
fn of_std(deadline: std::time::Instant) -> Instant<Monotonic> {
    let left = deadline.saturating_duration_since(std::time::Instant::now());
    Monotonic::now() + left
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::time::Instant as StdInstant;

    fn ours(sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>) -> &mut Sleep<Monotonic> {
        sleep.as_mut().downcast_mut_pin::<Sleep<Monotonic>>().expect("a sleep of ours").get_mut()
    }

    #[test]
    fn an_instant_of_std_is_the_same_moment_on_our_clock() {
        for ahead in [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(3600)] {
            let (before, std) = (Monotonic::now(), StdInstant::now());
            let deadline = of_std(std + ahead);
            let taken = before.elapsed();
            assert!(deadline >= before + ahead);
            assert!(deadline <= before + ahead + taken);
        }
    }

    #[test]
    fn a_deadline_of_std_that_has_passed_is_over() {
        let past = StdInstant::now();
        let mut sleep = HyperTimer.sleep_until(past);
        assert!(ours(&mut sleep).is_elapsed());
    }

    #[test]
    fn a_sleep_until_an_instant_of_std_is_never_early() {
        let deadline = StdInstant::now() + Duration::from_millis(5);
        crate::block_on(HyperTimer.sleep_until(deadline));
        assert!(StdInstant::now() >= deadline);
    }

    #[test]
    fn a_reset_moves_the_same_sleep() {
        let mut sleep = HyperTimer.sleep(Duration::from_secs(3600));
        let before: *const Sleep<Monotonic> = ours(&mut sleep);
        let deadline = StdInstant::now() + Duration::from_millis(5);
        HyperTimer.reset(&mut sleep, deadline);
        assert!(std::ptr::eq(before, ours(&mut sleep)), "it was allocated anew");
        crate::block_on(&mut sleep);
        assert!(StdInstant::now() >= deadline);
    }

    #[test]
    fn a_sleep_of_another_maker_is_replaced() {
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

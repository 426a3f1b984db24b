//! Instants of `std::time` in virtual time: conversions, and hyper's timer, whose API takes them.

use super::{DAY, HOUR, morning};
use dormouse::VirtualTime;
use dormouse::clock::{Boottime, Clock, Monotonic};
use dormouse::time::Instant;
use std::time::Duration;

#[test]
fn std_instants_convert_relative_to_the_virtual_present() {
    fn check<C: Clock>()
    where
        Instant<C>: From<std::time::Instant> + Into<std::time::Instant>,
    {
        let std = std::time::Instant::now();
        for ahead in [Duration::ZERO, HOUR] {
            let converted = Instant::<C>::from(std + ahead);
            let back: std::time::Instant = (C::now() + ahead).into();
            // The clock of std has advanced since.
            let late = std.elapsed();
            assert!((C::now() - late..=C::now()).contains(&(converted - ahead)));
            assert!((std..=std + late).contains(&(back - ahead)));
        }
    }
    let time = VirtualTime::new();
    let _entered = time.enter();
    time.advance_now(DAY);
    time.suspend(DAY);
    time.set_wall_clock(morning());
    check::<Boottime>();
    check::<Monotonic>();
}

#[cfg(feature = "hyper")]
#[test]
fn the_hyper_timer_uses_virtual_time() {
    use dormouse::time::HyperTimer;
    use hyper::rt::Timer;

    let time = VirtualTime::new();
    time.block_on(async {
        let start = Monotonic::now();
        HyperTimer.sleep(HOUR).await;
        assert_eq!(start.elapsed(), HOUR);
        let before = std::time::Instant::now();
        let mut sleep = HyperTimer.sleep_until(before + HOUR);
        sleep.as_mut().await;
        let late = before.elapsed();
        assert!((2 * HOUR - late..=2 * HOUR).contains(&start.elapsed()));
        HyperTimer.reset(&mut sleep, before + 2 * HOUR);
        sleep.await;
        assert!((4 * HOUR - 2 * before.elapsed()..=4 * HOUR).contains(&start.elapsed()));
    });
}

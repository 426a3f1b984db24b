//! Sets the wall clock under pending sleeps.

use crate::machine::set_wall_clock;
use dormouse::clock::{self, Clock, Monotonic, Realtime, Step};
use dormouse::time::{AlignedInterval, MissedTickBehavior};
use dormouse::{sleep, timeout};
use dormouse_stress::executors::{Body, EXECUTORS};
use dormouse_stress::verdict::check;
use std::time::{Duration, SystemTime};

const HOUR: Duration = Duration::from_secs(3600);
/// Long enough for what is to happen at once, on an emulated machine.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Forward by an hour, and back by two, on each executor.
pub(crate) fn forward_and_back() {
    for executor in EXECUTORS {
        println!("the wall clock is set, on {}", executor.name);
        let body: Body = Box::pin(forward(executor.name));
        (executor.run)(body);
        let body: Body = Box::pin(back(executor.name));
        (executor.run)(body);
        let body: Body = Box::pin(aligned(executor.name));
        (executor.run)(body);
    }
}

fn step(by: Step) {
    let now = SystemTime::now();
    set_wall_clock(match by {
        Step::Forward(by) => now + by,
        Step::Back(by) => now - by,
    });
}

async fn told(who: &str, changes: &mut clock::Changes, expected: Step) {
    let told = timeout(AT_ONCE, changes.change()).await;
    // Between reading the clock and setting it, some time has passed.
    let close =
        |by: Duration, told: Duration| by.max(told) - by.min(told) < Duration::from_millis(20);
    let right = match (&told, expected) {
        (Ok(Step::Forward(told)), Step::Forward(by)) | (Ok(Step::Back(told)), Step::Back(by)) => {
            close(by, *told)
        }
        _ => false,
    };
    check(right, format!("{who}: set {expected:?}, was told {told:?}"));
}

async fn forward(who: &str) {
    let mut changes = clock::changes();
    let noon = Realtime::sleep_until(SystemTime::now() + HOUR / 2);
    let never = Realtime::sleep_until(SystemTime::now() + 2 * HOUR);
    let boottime = sleep(HOUR / 2);
    let started = Monotonic::now();
    let (noon, never, boottime, ()) = futures::join!(
        timeout(2 * AT_ONCE, noon),
        timeout(2 * AT_ONCE, never),
        timeout(2 * AT_ONCE, boottime),
        async {
            sleep(AT_ONCE / 10).await;
            step(Step::Forward(HOUR));
            told(who, &mut changes, Step::Forward(HOUR)).await;
        },
    );
    check(noon.is_ok(), format!("{who}: what was due in the hour left out is over at once"));
    check(never.is_err(), format!("{who}: what is due later is not"));
    check(boottime.is_err(), format!("{who}: boot time goes on as it was"));
    check(started.elapsed() < 4 * AT_ONCE, format!("{who}: it took {:?}", started.elapsed()));
}

async fn back(who: &str) {
    let mut changes = clock::changes();
    let mut soon = Realtime::sleep_until(SystemTime::now() + AT_ONCE);
    let (early, ()) = futures::join!(timeout(3 * AT_ONCE, &mut soon), async {
        sleep(AT_ONCE / 10).await;
        step(Step::Back(HOUR));
        told(who, &mut changes, Step::Back(HOUR)).await;
    });
    check(early.is_err(), format!("{who}: what was due soon is due an hour later"));
    let other = timeout(2 * AT_ONCE, Realtime::sleep(AT_ONCE / 10)).await;
    check(other.is_ok(), format!("{who}: a sleep that begins after that is on time"));
    step(Step::Forward(HOUR));
    let over = timeout(2 * AT_ONCE, soon).await;
    check(over.is_ok(), format!("{who}: and over when the clock is set to what it was"));
}

async fn aligned(who: &str) {
    let minute = Duration::from_secs(60);
    let full =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() % 60 == 0;
    for (behavior, again) in [(MissedTickBehavior::Skip, false), (MissedTickBehavior::Delay, true)]
    {
        // To ten seconds before a full minute, from where it is three minutes to the third one.
        let now = SystemTime::now();
        let past = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() % 60;
        set_wall_clock(now + Duration::from_secs(60 - past + 50));
        let mut ticks = Realtime::interval_aligned(minute);
        ticks.set_missed_tick_behavior(behavior);
        let first = tick_after(&mut ticks, Step::Forward(3 * minute)).await;
        check(
            first.is_some_and(|tick| full(tick) && tick > SystemTime::now() - minute),
            format!("{who}: {behavior:?}: one tick, for the last full minute of three: {first:?}"),
        );
        let second = tick_after(&mut ticks, Step::Forward(Duration::ZERO)).await;
        check(second.is_none(), format!("{who}: {behavior:?}: and no second one"));
        // Minutes that have ticked come again: to just before the last one.
        let repeated = tick_after(&mut ticks, Step::Back(minute)).await;
        check(repeated.is_none(), format!("{who}: {behavior:?}: nor at once when it is set back"));
        let repeated = tick_after(&mut ticks, Step::Forward(Duration::from_secs(20))).await;
        check(
            repeated.is_some() == again && repeated.is_none_or(|tick| Some(tick) == first),
            format!(
                "{who}: {behavior:?}: a minute that comes again ticks again ({again}): {repeated:?}"
            ),
        );
    }
}

async fn tick_after(ticks: &mut AlignedInterval, by: Step) -> Option<SystemTime> {
    let (tick, ()) = futures::join!(timeout(AT_ONCE, ticks.tick()), async {
        sleep(AT_ONCE / 10).await;
        step(by);
    });
    tick.ok()
}

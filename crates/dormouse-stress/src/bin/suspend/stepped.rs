//! Sets the wall clock while sleeps are pending.

use crate::machine::set_wall_clock;
use dormouse::clock::{Monotonic, Realtime};
use dormouse::time::{
    AlignedInterval, Instant, MissedTickBehavior, WallClockChange, WallClockChanges,
};
use dormouse::{sleep, sleep_until, timeout};
use dormouse_stress::checks::check;
use dormouse_stress::executors::{Body, EXECUTORS};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HOUR: Duration = Duration::from_secs(3600);
/// Whatever must happen at once happens within this time, even on an emulated machine.
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

fn step(by: WallClockChange) {
    let now = SystemTime::now();
    set_wall_clock(match by {
        WallClockChange::Forward(by) => now + by,
        WallClockChange::Back(by) => now - by,
    });
}

/// Checks the step that `changes` reports.
async fn check_reported(executor: &str, changes: &mut WallClockChanges, expected: WallClockChange) {
    let reported = timeout(AT_ONCE, changes.next()).await;
    // Some time passes between reading the clock and setting it.
    let close = |a: Duration, b: Duration| a.abs_diff(b) < Duration::from_millis(20);
    let right = match (&reported, expected) {
        (Ok(WallClockChange::Forward(reported)), WallClockChange::Forward(by))
        | (Ok(WallClockChange::Back(reported)), WallClockChange::Back(by)) => close(by, *reported),
        _ => false,
    };
    check(right, format!("{executor}: set {expected:?}, reported {reported:?}"));
}

async fn forward(executor: &str) {
    let mut changes = WallClockChanges::new();
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
            step(WallClockChange::Forward(HOUR));
            check_reported(executor, &mut changes, WallClockChange::Forward(HOUR)).await;
        },
    );
    check(
        noon.is_ok(),
        format!("{executor}: a sleep that was due in the skipped hour completes at once"),
    );
    check(never.is_err(), format!("{executor}: a sleep that is due later does not"));
    check(boottime.is_err(), format!("{executor}: a boot time sleep is not affected"));
    check(started.elapsed() < 4 * AT_ONCE, format!("{executor}: it took {:?}", started.elapsed()));
}

async fn back(executor: &str) {
    let mut changes = WallClockChanges::new();
    let mut soon = Realtime::sleep_until(SystemTime::now() + AT_ONCE);
    let (early, ()) = futures::join!(timeout(3 * AT_ONCE, &mut soon), async {
        sleep(AT_ONCE / 10).await;
        step(WallClockChange::Back(HOUR));
        check_reported(executor, &mut changes, WallClockChange::Back(HOUR)).await;
    });
    check(early.is_err(), format!("{executor}: a sleep that was due soon is due an hour later"));
    let other = timeout(2 * AT_ONCE, sleep_until(Realtime::now() + AT_ONCE / 10)).await;
    check(other.is_ok(), format!("{executor}: a sleep that is created afterwards is on time"));
    step(WallClockChange::Forward(HOUR));
    let over = timeout(2 * AT_ONCE, soon).await;
    check(
        over.is_ok(),
        format!("{executor}: the first sleep completes when the clock is set forward again"),
    );
}

async fn aligned(executor: &str) {
    let minute = Duration::from_secs(60);
    let past_a_minute =
        |time: Instant<Realtime>| time.duration_since(UNIX_EPOCH.into()).as_secs() % 60;
    for (behavior, again) in [(MissedTickBehavior::Skip, false), (MissedTickBehavior::Delay, true)]
    {
        // To ten seconds before a full minute. A step of three minutes then skips three full minutes.
        let now = Realtime::now();
        let to = now + Duration::from_secs(60 - past_a_minute(now) + 50);
        set_wall_clock(to.into());
        let mut ticks = Realtime::interval_aligned(minute);
        ticks.set_missed_tick_behavior(behavior);
        let first = tick_after(&mut ticks, WallClockChange::Forward(3 * minute)).await;
        check(
            first.is_some_and(|tick| past_a_minute(tick) == 0 && tick > Realtime::now() - minute),
            format!(
                "{executor}: {behavior:?}: one tick, for the last of three full minutes: {first:?}"
            ),
        );
        let second = tick_after(&mut ticks, WallClockChange::Forward(Duration::ZERO)).await;
        check(second.is_none(), format!("{executor}: {behavior:?}: no second tick"));
        // Back to just before the last full minute, which has ticked already.
        let repeated = tick_after(&mut ticks, WallClockChange::Back(minute)).await;
        check(
            repeated.is_none(),
            format!("{executor}: {behavior:?}: no tick at once when the clock is set back"),
        );
        let repeated =
            tick_after(&mut ticks, WallClockChange::Forward(Duration::from_secs(20))).await;
        check(
            repeated.is_some() == again && repeated.is_none_or(|tick| Some(tick) == first),
            format!(
                "{executor}: {behavior:?}: a repeated minute ticks again ({again}): {repeated:?}"
            ),
        );
    }
}

async fn tick_after(ticks: &mut AlignedInterval, by: WallClockChange) -> Option<Instant<Realtime>> {
    let (tick, ()) = futures::join!(timeout(AT_ONCE, ticks.tick()), async {
        sleep(AT_ONCE / 10).await;
        step(by);
    });
    tick.ok()
}

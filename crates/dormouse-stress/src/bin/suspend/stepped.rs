//! Sets the wall clock while sleeps are pending.

use crate::machine::set_wall_clock;
use dormouse::clock::{self, Clock, Monotonic, Realtime, Step};
use dormouse::time::{AlignedInterval, MissedTickBehavior};
use dormouse::{sleep, timeout};
use dormouse_stress::checks::check;
use dormouse_stress::executors::{Body, EXECUTORS};
use std::time::{Duration, SystemTime};

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

fn step(by: Step) {
    let now = SystemTime::now();
    set_wall_clock(match by {
        Step::Forward(by) => now + by,
        Step::Back(by) => now - by,
    });
}

/// Checks the step that `changes` reports.
async fn check_reported(executor: &str, changes: &mut clock::Changes, expected: Step) {
    let reported = timeout(AT_ONCE, changes.change()).await;
    // Some time passes between reading the clock and setting it.
    let close = |a: Duration, b: Duration| a.abs_diff(b) < Duration::from_millis(20);
    let right = match (&reported, expected) {
        (Ok(Step::Forward(reported)), Step::Forward(by))
        | (Ok(Step::Back(reported)), Step::Back(by)) => close(by, *reported),
        _ => false,
    };
    check(right, format!("{executor}: set {expected:?}, reported {reported:?}"));
}

async fn forward(executor: &str) {
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
            check_reported(executor, &mut changes, Step::Forward(HOUR)).await;
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
    let mut changes = clock::changes();
    let mut soon = Realtime::sleep_until(SystemTime::now() + AT_ONCE);
    let (early, ()) = futures::join!(timeout(3 * AT_ONCE, &mut soon), async {
        sleep(AT_ONCE / 10).await;
        step(Step::Back(HOUR));
        check_reported(executor, &mut changes, Step::Back(HOUR)).await;
    });
    check(early.is_err(), format!("{executor}: a sleep that was due soon is due an hour later"));
    let other = timeout(2 * AT_ONCE, Realtime::sleep(AT_ONCE / 10)).await;
    check(other.is_ok(), format!("{executor}: a sleep that is created afterwards is on time"));
    step(Step::Forward(HOUR));
    let over = timeout(2 * AT_ONCE, soon).await;
    check(
        over.is_ok(),
        format!("{executor}: the first sleep completes when the clock is set forward again"),
    );
}

async fn aligned(executor: &str) {
    let minute = Duration::from_secs(60);
    let full =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() % 60 == 0;
    for (behavior, again) in [(MissedTickBehavior::Skip, false), (MissedTickBehavior::Delay, true)]
    {
        // To ten seconds before a full minute. A step of three minutes then skips three full minutes.
        let now = SystemTime::now();
        let past = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() % 60;
        set_wall_clock(now + Duration::from_secs(60 - past + 50));
        let mut ticks = Realtime::interval_aligned(minute);
        ticks.set_missed_tick_behavior(behavior);
        let first = tick_after(&mut ticks, Step::Forward(3 * minute)).await;
        check(
            first.is_some_and(|tick| full(tick) && tick > SystemTime::now() - minute),
            format!(
                "{executor}: {behavior:?}: one tick, for the last of three full minutes: {first:?}"
            ),
        );
        let second = tick_after(&mut ticks, Step::Forward(Duration::ZERO)).await;
        check(second.is_none(), format!("{executor}: {behavior:?}: no second tick"));
        // Back to just before the last full minute, which has ticked already.
        let repeated = tick_after(&mut ticks, Step::Back(minute)).await;
        check(
            repeated.is_none(),
            format!("{executor}: {behavior:?}: no tick at once when the clock is set back"),
        );
        let repeated = tick_after(&mut ticks, Step::Forward(Duration::from_secs(20))).await;
        check(
            repeated.is_some() == again && repeated.is_none_or(|tick| Some(tick) == first),
            format!(
                "{executor}: {behavior:?}: a repeated minute ticks again ({again}): {repeated:?}"
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
